"""Acting by an API key: who it is, what it may do, and when it ends."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.organizations.models import Membership, Organization
from tests.client import Api, statements_in, told
from tests.conftest import CountQueries
from tests.org import Org, account_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_org")]

UNKNOWN = f"ok_{'A' * 43}"


def test_a_key_comes_as_a_bearer_token_or_in_a_header_of_its_own(org: Org) -> None:
    text = org.add_key("org.read")["key"]
    for headers in (
        {"Authorization": f"Bearer {text}"},
        {"Authorization": f"bearer  {text} "},
        {"X-API-Key": text},
        {"Authorization": "", "X-API-Key": text},
    ):
        assert Api().get(org.path, headers=headers).json()["role"] == "owner", headers


def test_an_authorization_wins_over_the_header_of_keys(org: Org) -> None:
    text = org.add_key("org.read")["key"]
    member = org.as_("member")
    answer = member.get(org.path, headers={"X-API-Key": text})
    assert answer.json()["role"] == "member"
    for other in ("Basic b2xnYTpwYXNz", "Bearer nonsense", "Bearer"):
        assert Api().get(org.path, headers={"Authorization": other, "X-API-Key": text}).status_code == 401


def test_a_key_may_what_both_the_key_and_the_role_of_its_creator_allow_now(org: Org, settings: Settings) -> None:
    admin = org.add_member("admin")
    made = admin.api.post(org.keys_path, {"name": "R", "permissions": ["org.read", "contacts.write", "export.create"]})
    robot = Api(made.json()["key"])
    assert robot.get(org.path).json()["permissions"] == ["contacts.write", "export.create", "org.read"]
    (listed,) = robot.get("/orgs/").json()["items"]
    assert (listed["slug"], listed["permissions"]) == (org.slug, ["contacts.write", "export.create", "org.read"])
    Membership.objects.filter(account=account_of(admin)).filter(organization=org.row).update(role="viewer")
    assert robot.get(org.path).json()["permissions"] == ["org.read"]
    assert robot.post("/contacts/", {"organization": org.slug, "first_name": "Ada"}).status_code == 403
    roles = {"viewer": ["org.read", "contacts.write"]}
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": roles}
    assert robot.get(org.path).json()["permissions"] == ["contacts.write", "org.read"]
    assert robot.post("/contacts/", {"organization": org.slug, "first_name": "Ada"}).status_code == 201


def test_a_key_lists_one_organization_and_finds_no_other(org: Org, other_org: Org) -> None:
    other_org.join(org.owner, "owner")
    contact = other_org.add_contact("Bob")
    robot = org.as_key("org.read", "contacts.read", "contacts.write")
    assert [item["slug"] for item in robot.get("/orgs/").json()["items"]] == [org.slug]
    foreign, unknown = robot.get(other_org.path), robot.get("/orgs/nowhere/")
    assert told(foreign) == told(unknown)
    assert robot.get(f"/contacts/{contact['slug']}/").status_code == 404
    assert robot.patch(f"/contacts/{contact['slug']}/", {"notes": "mine"}).status_code == 404
    assert robot.get("/contacts/", organization=other_org.slug).status_code == 404
    assert robot.get("/contacts/").json()["items"] == []
    assert robot.post("/contacts/", {"organization": other_org.slug, "first_name": "Ada"}).status_code == 404
    assert robot.get(f"/orgs/{org.owner.org}/").status_code == 404


def test_what_a_key_makes_is_its_creators(org: Org, run_outbox: Any) -> None:
    robot = org.as_key("contacts.write", "images.write", "export.create", role="admin")
    contact = robot.post("/contacts/", {"organization": org.slug, "first_name": "Ada"}).json()
    assert contact["creator"] == Account.objects.get(memberships__role="admin").slug
    assert org.add_image(api=robot)["creator"] == contact["creator"]
    robot.post(org.exports_path)
    assert ExportJob.objects.get().requested_by == Account.objects.get(slug=contact["creator"])


def test_a_key_grants_no_role_that_holds_what_it_does_not(org: Org) -> None:
    viewer = org.add_member("viewer")
    path = f"{org.path}members/{viewer.slug}/"
    weak = org.as_key("members.manage", "owners.manage")
    assert weak.patch(path, {"role": "owner"}).status_code == 403
    assert weak.delete(path).status_code == 403
    reading = ("org.read", "members.read", "contacts.read", "tags.read", "images.read")
    strong = org.as_key("members.manage", "contacts.write", "tags.write", "images.write", *reading)
    assert strong.patch(path, {"role": "member"}).status_code == 200
    assert strong.patch(path, {"role": "admin"}).status_code == 403
    assert (
        org.as_key("invitations.manage")
        .post(f"{org.path}invitations/", {"email": "x@example.com", "role": "viewer"})
        .status_code
        == 403
    )
    invites = org.as_key("invitations.manage", *reading)
    made = invites.post(f"{org.path}invitations/", {"email": "x@example.com", "role": "viewer"})
    assert (made.status_code, made.json()["status"]) == (201, "pending")


def test_a_key_does_not_leave_for_its_creator(org: Org) -> None:
    path = f"{org.path}members/{org.owner.slug}/"
    assert org.as_key("org.read").delete(path).status_code == 403
    admin = org.add_member("admin")
    made = admin.api.post(org.keys_path, {"name": "R", "permissions": ["org.read"]}).json()
    assert Api(made["key"]).delete(f"{org.path}members/{admin.slug}/").status_code == 403
    assert Membership.objects.filter(organization=org.row).count() == 2


def _remove(org: Org, member: Any) -> None:
    assert org.api.delete(f"{org.path}members/{member.slug}/").status_code == 204


def _leave(org: Org, member: Any) -> None:
    assert member.api.delete(f"{org.path}members/{member.slug}/").status_code == 204


def _delete_account(org: Org, member: Any) -> None:
    assert member.api.delete("/auth/delete").status_code == 204


def _delete_user(org: Org, member: Any) -> None:
    User.objects.get(email=member.email).delete()


def _delete_rows(org: Org, member: Any) -> None:
    Membership.objects.filter(account__slug=member.slug, organization=org.row).delete()


def _delete_in_admin(org: Org, member: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))
    pk = Membership.objects.get(account__slug=member.slug, organization=org.row).pk
    path = f"/admin/orgkit_organizations/membership/{pk}/delete/"
    assert client.post(path, {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("end", [_remove, _leave, _delete_account, _delete_user, _delete_rows, _delete_in_admin])
def test_a_key_is_deleted_with_the_membership_of_its_creator(org: Org, end: Any) -> None:
    member = org.add_member("admin")
    text = member.api.post(org.keys_path, {"name": "R", "permissions": ["org.read"]}).json()["key"]
    stays = org.as_key("org.read")
    end(org, member)
    assert Api(text).get(org.path).status_code == 401
    assert [item["created_by"] for item in org.api.get(org.keys_path).json()["items"]] == [org.owner.slug]
    assert stays.get(org.path).status_code == 200


def test_a_key_is_suspended_while_its_creator_is_inactive(org: Org) -> None:
    robot = org.as_key("org.read")
    User.objects.filter(email=org.owner.email).update(is_active=False)
    assert robot.get(org.path).json()["code"] == "invalid_api_key"
    User.objects.filter(email=org.owner.email).update(is_active=True)
    assert robot.get(org.path).status_code == 200


def test_a_key_ends_with_its_organization(org: Org, run_outbox: Any) -> None:
    robot = org.as_key("org.read")
    assert org.api.delete(f"{org.path}?confirm={org.slug}").status_code == 204
    assert robot.get(org.path).status_code == 401
    run_outbox()
    assert not Organization.objects.filter(slug=org.slug).exists()
    assert not ApiKey.objects.exists()


def test_a_password_change_and_signing_out_leave_keys_alone(org: Org) -> None:
    robot = org.as_key("org.read")
    change = {"old_password": org.owner.password, "new_password": "another horse battery"}
    tokens = org.api.post("/auth/change-password", change).json()
    assert Api(tokens["access"]).post("/auth/logout-all").status_code == 204
    assert robot.get(org.path).status_code == 200


def _refusals(org: Org) -> dict[str, str]:
    revoked, expired = org.add_key("org.read"), org.add_key("org.read")
    org.api.delete(f"{org.keys_path}{revoked['id']}/")
    ApiKey.objects.filter(pk=expired["id"]).update(expires_at=timezone.now())
    return {
        "unknown": UNKNOWN,
        "revoked": revoked["key"],
        "expired": expired["key"],
        "short": UNKNOWN[:-1],
        "long": f"{UNKNOWN}A",
        "strange": f"ok_{'ä' * 43}",
        "bare": "ok_",
    }


def test_keys_that_do_not_work_are_refused_alike(org: Org) -> None:
    answers = set()
    for text in _refusals(org).values():
        for headers in ({"Authorization": f"Bearer {text}"}, {"X-API-Key": text}):
            answer = Api().get(org.path, headers=headers)
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
            answers.add(told(answer))
    assert len(answers) == 1


def test_all_but_expired_keys_count_as_failed_checks(org: Org, settings: Settings) -> None:
    refused = _refusals(org)
    rates = {"bearer.address": "1/h"}
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": True, "THROTTLES": rates}
    for _ in range(3):
        assert Api(refused["expired"]).get(org.path).status_code == 401
    assert Api(refused["unknown"]).get(org.path).status_code == 401
    for name, text in refused.items():
        answer = Api(text).get(org.path)
        assert answer.status_code == (401 if name == "expired" else 429), name
    assert org.as_key("org.read").get(org.path).status_code == 200


def test_an_expired_key_works_again_when_it_gets_more_time(org: Org) -> None:
    made = org.add_key("org.read")
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert Api(made["key"]).get(org.path).status_code == 401
    assert org.api.patch(f"{org.keys_path}{made['id']}/", {"expires_at": None}).status_code == 200
    assert Api(made["key"]).get(org.path).status_code == 200


def test_logging_out_by_a_key_ends_nothing(org: Org) -> None:
    robot = org.as_key("org.read")
    client = Client()
    client.force_login(User.objects.get(email=org.owner.email))
    answer = client.post(
        "/api/v1/auth/logout", content_type="application/json", headers={"Authorization": f"Bearer {robot.token}"}
    )
    assert answer.status_code == 200
    assert "_auth_user_id" in client.session
    assert org.api.get(org.path).status_code == robot.get(org.path).status_code == 200


def test_repetitions_cursors_and_throttles_are_the_keys_own(org: Org, settings: Settings) -> None:
    one, two = (org.as_key("contacts.write", "contacts.read", "images.write") for _ in range(2))
    body = {"organization": org.slug, "first_name": "Ada"}
    header = {"Idempotency-Key": "k1"}
    slugs = {api.post("/contacts/", body, headers=header).json()["slug"] for api in (one, two, org.api, one, two)}
    assert len(slugs) == 3
    cursor = one.get("/contacts/", limit=1).json()["next"]
    assert one.get(cursor).status_code == 200
    for other in (two, org.api):
        assert other.get(cursor).json()["code"] == "invalid_cursor"
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": True, "THROTTLES": {"upload.user": "1/h"}}
    for api in (one, two, org.api):
        assert org.add_image(api=api)
        assert api.upload(org.images_path).status_code in (422, 429)
        assert api.upload(org.images_path).status_code in (422, 429)


PATHS = ["/orgs/acme/", "/orgs/acme/tags/", "/contacts/?organization=acme", "/contacts/", "/orgs/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_key_takes_as_many_statements_as_a_session(org: Org, count_queries: CountQueries, path: str) -> None:
    robot = org.as_key("org.read", "contacts.read", "tags.read")
    assert org.api.get(path).status_code == 200  # fills the caches that each process has
    with count_queries() as first:
        assert robot.get(path).status_code == 200
    counts = []
    for api in (robot, org.api):
        with count_queries() as queries:
            assert api.get(path).status_code == 200
        counts.append(len(statements_in(queries)))
    assert counts[0] <= counts[1]
    # The first use in a minute is noted.
    assert [sql[:6] for sql in statements_in(first)].count("UPDATE") == 1
    assert len(statements_in(first)) == counts[0] + 1


def test_a_list_of_keys_takes_as_many_statements_for_50_as_for_one(org: Org, count_queries: CountQueries) -> None:
    def statements() -> int:
        with count_queries() as queries:
            assert org.api.get(org.keys_path).status_code == 200
        return len(statements_in(queries))

    org.add_key("org.read")
    one = statements()
    first = ApiKey.objects.get()
    ApiKey.objects.bulk_create(
        ApiKey(
            organization=first.organization, membership=first.membership, name=f"k{at}", prefix="ok_", digest=str(at)
        )
        for at in range(50)
    )
    assert statements() == one


def test_the_text_of_a_key_reaches_no_log(org: Org, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = org.add_key("org.read")
    Api(made["key"]).get(org.path)
    Api(f"{made['key'][:-1]}!").get(org.path)
    assert made["key"] not in caplog.text
