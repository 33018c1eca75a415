"""Creating, listing, changing and revoking API keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.models import IdempotencyRecord
from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
from tests.org import Org

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_org")]


def in_(days: int) -> str:
    """Return a time in so many days, as a client sends it."""
    return (timezone.now() + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def test_a_key_is_shown_once_and_only_its_digest_is_stored(org: Org) -> None:
    expires = in_(30)
    answer = org.api.post(
        org.keys_path,
        {"name": " Robot ", "permissions": ["tags.read", "contacts.read", "tags.read"], "expires_at": expires},
    )
    made = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    assert answer["Location"] == f"http://testserver/api/v1{org.keys_path}{made['id']}/"
    assert re.fullmatch(r"ok_[A-Za-z0-9_-]{43}", made["key"])
    assert made == {
        "id": made["id"],
        "name": "Robot",
        "prefix": made["key"][:11],
        "permissions": ["contacts.read", "tags.read"],
        "created_by": org.owner.slug,
        "created_at": made["created_at"],
        "expires_at": expires,
        "last_used_at": None,
        "key": made["key"],
    }
    shown = org.api.get(f"{org.keys_path}{made['id']}/")
    assert shown.json() == {**made, "key": None}
    assert shown["ETag"] == answer["ETag"]
    assert org.api.get(org.keys_path).json()["items"] == [{**made, "key": None}]
    row = ApiKey.objects.get()
    assert row.digest == sha256(made["key"].encode()).hexdigest()
    assert made["key"] not in str(ApiKey.objects.values().get())


def test_a_repeated_request_makes_one_key_and_stores_no_secret(org: Org) -> None:
    body = {"name": "Robot", "permissions": ["org.read"]}
    first, second = (org.api.post(org.keys_path, body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert second["Idempotency-Replayed"] == "true"
    assert second["Cache-Control"] == "no-store"
    assert second.json() == {**first.json(), "key": None}
    assert second["ETag"] == first["ETag"]
    assert second["Location"] == first["Location"]
    assert ApiKey.objects.count() == 1
    assert first.json()["key"] not in bytes(IdempotencyRecord.objects.get().body).decode()


@pytest.mark.parametrize(
    ("change", "code", "loc"),
    [
        ({"permissions": []}, "too_short", ["body", "permissions"]),
        ({"permissions": ["contacts.fly"]}, "unknown_permission", ["body", "permissions", 0]),
        ({"permissions": ["org.read", "keys.manage"]}, "not_for_api_keys", ["body", "permissions", 1]),
        ({"permissions": "org.read"}, "list_type", ["body", "permissions"]),
        ({"permissions": None}, "list_type", ["body", "permissions"]),
        ({"name": ""}, "string_too_short", ["body", "name"]),
        ({"name": "\u200b"}, "string_too_short", ["body", "name"]),
        ({"name": "n" * 101}, "string_too_long", ["body", "name"]),
        ({"name": "a\x00b"}, "control_characters", ["body", "name"]),
        ({"expires_at": in_(-1)}, "in_the_past", ["body", "expires_at"]),
        ({"expires_at": "2030-01-01"}, "datetime", ["body", "expires_at"]),
        ({"expires_at": "20300101T000000Z"}, "datetime", ["body", "expires_at"]),
        ({"expires_at": "2030-01-01T00:00:00"}, "datetime", ["body", "expires_at"]),
        ({"expires_at": 1893456000}, "datetime", ["body", "expires_at"]),
        ({"expires_at": "9999-12-31T23:59:59-23:00"}, "datetime_range", ["body", "expires_at"]),
        ({"role": "owner"}, "extra_forbidden", ["body", "role"]),
    ],
)
def test_bad_values_are_refused_and_change_nothing(org: Org, change: dict[str, Any], code: str, loc: list[Any]) -> None:
    made = org.add_key("tags.read")
    new = org.api.post(org.keys_path, {"name": "Robot", "permissions": ["org.read"], **change})
    changed = org.api.patch(f"{org.keys_path}{made['id']}/", change)
    for answer in (new, changed):
        assert answer.status_code == 422, answer.content
        assert [(error["type"], error["loc"]) for error in answer.json()["errors"]] == [(code, loc)]
    assert [row["permissions"] for row in org.api.get(org.keys_path).json()["items"]] == [["tags.read"]]


@pytest.mark.parametrize("missing", ["name", "permissions"])
def test_name_and_permissions_are_required(org: Org, missing: str) -> None:
    body = {"name": "Robot", "permissions": ["org.read"]}
    del body[missing]
    assert org.api.post(org.keys_path, body).status_code == 422


def test_nobody_gives_a_key_what_they_do_not_hold(org: Org) -> None:
    admin = org.as_("admin")
    refused = admin.post(org.keys_path, {"name": "Robot", "permissions": ["org.read", "org.delete"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert not ApiKey.objects.exists()
    org.add_key("export.create", role="admin")


def test_whoever_changes_a_key_holds_all_of_it_before_and_after(org: Org) -> None:
    strong, weak = org.add_key("org.delete"), org.add_key("org.read")
    admin = org.as_("admin")
    strong_path, weak_path = f"{org.keys_path}{strong['id']}/", f"{org.keys_path}{weak['id']}/"
    assert admin.patch(strong_path, {"name": "Mine"}).status_code == 403
    assert admin.patch(strong_path, {"permissions": ["org.read"]}).status_code == 403
    assert admin.patch(weak_path, {"permissions": ["org.delete"]}).status_code == 403
    assert admin.patch(weak_path, {"permissions": ["org.update"]}).status_code == 200
    assert admin.get(strong_path).json() == {**strong, "key": None}
    # Deleting needs no more than to manage keys.
    assert admin.delete(strong_path).status_code == 204
    assert Api(strong["key"]).get(org.path).status_code == 401


def test_a_change_takes_what_is_given(org: Org) -> None:
    made = org.add_key("tags.read", expires_at=in_(1))
    path = f"{org.keys_path}{made['id']}/"
    renamed = org.api.patch(path, {"name": "Zoe"})
    assert renamed.json() == {**made, "name": "Zoe", "key": None}
    for_ever = org.api.patch(path, {"expires_at": None, "permissions": ["tags.write", "tags.read"]})
    assert for_ever.json() == {**renamed.json(), "expires_at": None, "permissions": ["tags.read", "tags.write"]}
    assert org.api.patch(path, {}).json() == org.api.get(path).json() == for_ever.json()
    assert ApiKey.objects.get().sort_key == "zoe"
    assert org.api.patch(path, {"name": None}).status_code == 422


def test_a_stale_copy_changes_nothing(org: Org) -> None:
    made = org.add_key("tags.read")
    path = f"{org.keys_path}{made['id']}/"
    stale = {"If-Match": org.api.get(path)["ETag"]}
    org.api.patch(path, {"name": "New"})
    assert org.api.patch(path, {"name": "Newer"}, headers=stale).status_code == 412
    assert org.api.delete(path, headers=stale).status_code == 412
    fresh = {"If-Match": org.api.get(path)["ETag"]}
    assert org.api.patch(path, {"name": "Newer"}, headers=fresh).status_code == 200
    assert org.api.delete(path, headers=fresh).status_code == 412
    assert org.api.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert org.api.get(path).status_code == org.api.delete(path).status_code == 404


def test_using_a_key_leaves_its_etag_as_it_is(org: Org) -> None:
    made = org.add_key("org.read")
    path = f"{org.keys_path}{made['id']}/"
    before = org.api.get(path)
    assert Api(made["key"]).get(org.path).status_code == 200
    after = org.api.get(path)
    assert before.json()["last_used_at"] is None
    used = datetime.fromisoformat(after.json()["last_used_at"])
    assert (used.second, used.microsecond) == (0, 0)
    assert timedelta() <= datetime.now(UTC) - used < timedelta(minutes=2)
    assert after["ETag"] == before["ETag"]
    assert org.api.get(path, headers={"If-None-Match": before["ETag"]}).status_code == 304
    assert org.api.patch(path, {"name": "New"}, headers={"If-Match": before["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("ordering", "names"),
    [("", ["b", "C", "a"]), ("created_at", ["a", "C", "b"]), ("name", ["a", "b", "C"]), ("-name", ["C", "b", "a"])],
)
def test_keys_are_listed_in_pages(org: Org, other_org: Org, ordering: str, names: list[str]) -> None:
    other_org.add_key("org.read")
    for name in ("a", "C", "b"):
        org.add_key("org.read", name=name)
    query = {"ordering": ordering} if ordering else {}
    assert [item["name"] for item in org.api.walk(org.keys_path, limit=1, **query)] == names
    assert org.api.get(org.keys_path, ordering="prefix").status_code == 422


def test_keys_of_others_are_not_found(org: Org, other_org: Org) -> None:
    made = org.add_key("org.read")
    for path in (f"{other_org.keys_path}{made['id']}/", f"{other_org.keys_path}no-uuid/"):
        for method in ("get", "delete"):
            assert getattr(other_org.api, method)(path).status_code == 404
        assert other_org.api.patch(path, {"name": "Mine"}).status_code == 404
    assert org.stranger.api.get(org.keys_path).status_code == 404
    for role, status in {"viewer": 403, "member": 403, "admin": 200, "owner": 200}.items():
        assert org.as_(role).get(org.keys_path).status_code == status


def test_the_creator_gets_a_notice(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    org.add_key("org.read", name="Newsletter")
    run_outbox()
    (mail,) = mailbox
    assert (mail.to, mail.subject) == ([org.owner.email], "You have created an API key")
    assert "“Newsletter” of the organization “Acme”" in mail.body


def test_no_notice_is_sent_where_notices_of_keys_are_off(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "NOTICES": {"api_key": False}}
    org.add_key("org.read")
    run_outbox()
    assert mailbox == []
