"""Invalid values in any field of any body are refused with 422, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from ninja_orgkit.models import ThrottleCounter
from tests.media.pictures import picture
from tests.org import PASSWORD, Org
from tests.protocol.bodies import OPERATIONS, bad_values, kinds_of, schema_of

NEW_PASSWORD = "stapled battery horse"

UNBOUNDED = {"token", "refresh", "invitation"}
"""An invalid token of any length is an invalid token, and not a validation error."""


def valid(samples: Samples) -> dict[str, Any]:
    """Return a body for each operation that would be done."""
    target = {"app_label": "contacts", "model": "contact", "obj_id": samples.parts["slug"]}
    contact = {
        "display_name": "Bo", "first_name": "Bo", "last_name": "B", "email": "bo@example.com", "phone": "1",
        "location": "Here", "notes": "x", "custom": {"a": 1},
    }  # fmt: skip
    texts = {"title": "One", "description": "x", "alt_text": "x"}
    key = {"name": "Robot", "permissions": ["org.read"], "expires_at": "2100-01-01T00:00:00Z"}
    return {
        "obtain_token_pair": {"email": samples.org.owner.email, "password": PASSWORD},
        "refresh_token_pair": {"refresh": samples.org.owner.refresh},
        "verify_token": {"token": samples.org.owner.access},
        "log_out": {"refresh": samples.org.owner.refresh},
        "change_password": {"old_password": PASSWORD, "new_password": NEW_PASSWORD},
        "request_email_change": {"email": "new@example.com", "password": PASSWORD},
        "resend_verification": {"email": samples.org.owner.email},
        "request_password_reset": {"email": samples.org.owner.email},
        "confirm_password_reset": {"token": "x", "new_password": NEW_PASSWORD},
        "register_user": {
            "email": "eve@example.com", "password": PASSWORD, "username": "eve", "first_name": "Eve", "last_name": "E",
        },
        "update_me": {
            "username": "anna", "first_name": "A", "last_name": "B", "display_name": "C", "location": "D", "about": "E",
            "preferred_language": "de-AT", "preferred_theme": "dark", "timezone": "Europe/Vienna",
            "notification_preferences": {"mail": True}, "finished_onboarding": True, "custom": {"a": 1},
        },
        "create_organization": {"name": "New", "slug": "new-one", "custom": {"a": 1}},
        "update_organization": {"name": "New", "custom": {"a": 1}},
        "change_member": {"role": "viewer"},
        "create_invitation": {"email": "guest@example.com", "role": "member"},
        "create_api_key": key,
        "update_api_key": key,
        "transfer_organization": {"member": samples.parts["user_slug"]},
        "name_session": {"name": "Laptop"},
        "update_invitation": {"role": "member"},
        "bulk_invite": {"invitations": [{"email": "guest@example.com", "role": "member"}]},
        "preview_invitation": {"token": "x"},
        "accept_invitation": {"token": "x"},
        "decline_invitation": {"token": "x"},
        "create_contact": {"organization": samples.parts["org_slug"], **contact},
        "replace_contact": {"organization": samples.parts["org_slug"], **contact},
        "update_contact": {"organization": samples.parts["org_slug"], **contact},
        "create_tag": {"name": "New", "slug": "new", "color": "#112233"},
        "update_tag": {"name": "New", "slug": "new", "color": "#112233"},
        "assign_tags": {"tags": ["New"]},
        "update_image": texts,
        "bulk_delete_images": {"ids": [samples.parts["image_id"]]},
        "attach_image": {"image_id": samples.parts["image_id"], **target},
        "detach_image": {"image_id": samples.parts["image_id"], **target},
        "attach_images_to_object": {"image_ids": [samples.parts["image_id"]]},
        "bulk_attach_images": {"image_ids": [samples.parts["image_id"]]},
        "bulk_detach_images": {"image_ids": [samples.parts["image_id"]]},
        "update_image_of_object": {"is_cover": True, "position": 0, **texts},
    }  # fmt: skip


class Samples:
    """An organization with one of everything."""

    def __init__(self, org: Org, parts: dict[str, Any]) -> None:
        self.org = org
        self.parts = parts

    def send(self, operation: str, body: Any) -> Any:
        """Send a JSON body to an operation."""
        method, route, _ = OPERATIONS[operation]
        content = body if isinstance(body, bytes) else json.dumps(body)
        return self.org.api.send(method, route.format(**self.parts), content, content_type="application/json")


@pytest.fixture
def samples(org: Org, parts: dict[str, Any], settings: Settings) -> Samples:
    """Return an organization with one of everything, where nothing is throttled."""
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    return Samples(org, parts)


def everything() -> dict[str, list[Any]]:
    """Return all rows of all tables, but those that count requests."""
    rows = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.django_table_names()) - {ThrottleCounter._meta.db_table}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows[table] = sorted(cursor.fetchall(), key=repr)
    return rows


def test_every_body_of_the_api_is_covered_by_these_tests(samples: Samples) -> None:
    assert set(valid(samples)) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_valid_body_is_accepted(samples: Samples, operation: str) -> None:
    assert samples.send(operation, valid(samples)[operation]).status_code in (200, 201, 202, 204, 400)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_text_has_a_maximum_length(operation: str) -> None:
    for name, field in schema_of(operation)["properties"].items():
        text = kinds_of(field).get("string")
        if text is not None and name not in UNBOUNDED and not {"enum", "pattern"} & set(text):
            assert text["maxLength"] <= 10_000, name


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_invalid_value_in_any_field_is_refused_and_nothing_is_written(samples: Samples, operation: str) -> None:
    good = valid(samples)[operation]
    before = everything()
    for name, field in schema_of(operation)["properties"].items():
        for bad in bad_values(name, field):
            response = samples.send(operation, {**good, name: bad})
            assert (response.status_code, response.json()["code"]) == (422, "validation_error"), (name, bad)
            assert any(error["loc"][:2] == ["body", name] for error in response.json()["errors"]), (name, bad)
    assert everything() == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_unknown_and_missing_fields_are_refused_and_nothing_is_written(samples: Samples, operation: str) -> None:
    good, schema = valid(samples)[operation], schema_of(operation)
    before = everything()
    for name in ("unknown", "id", "pk", "created_at", "is_superuser", "__class__", "", "a\x00", "\ud800", "x" * 5000):
        response = samples.send(operation, {**good, name: 1})
        assert (response.status_code, response.json()["code"]) == (422, "validation_error"), name
    for name in schema.get("required", ()):
        response = samples.send(operation, {key: value for key, value in good.items() if key != name})
        assert response.status_code == 422
        assert ["body", name] in [error["loc"] for error in response.json()["errors"]]
    assert everything() == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_that_is_not_an_object_is_refused_and_nothing_is_written(samples: Samples, operation: str) -> None:
    optional = not OPERATIONS[operation][2]["requestBody"]["required"]
    before = everything()
    for body in ([], [[]], "x", 5, 2**64, 1.5, True, *(() if optional else (None, b""))):
        response = samples.send(operation, body)
        assert (response.status_code, response.json()["code"]) == (422, "validation_error"), body
    assert everything() == before


def test_forms_are_validated_like_json(samples: Samples) -> None:
    api, images = samples.org.api, f"/images/orgs/{samples.parts['org_slug']}"
    image, target = str(samples.parts["image_id"]), {"app_label": "contacts", "model": "contact"}
    before = everything()
    forms: list[tuple[str, dict[str, Any], list[dict[str, Any]]]] = [
        (
            f"{images}/bulk-delete/",
            {"ids": [image]},
            [{"ids": []}, {"ids": [image, str(2**63)]}, {"ids": ["x"]}, {"a": "1"}],
        ),
        (
            f"{images}/detach/",
            {"image_id": image, **target, "obj_id": samples.parts["slug"]},
            [
                {"image_id": "1.5"},
                {"image_id": "-1"},
                {"image_id": ""},
                {"obj_id": "a\x00"},
                {"model": "x" * 256},
                {"a": "1"},
            ],
        ),
    ]
    for path, good, changes in forms:
        for change in changes:
            response = api.upload(path, **{**good, **change})
            assert (response.status_code, response.json()["code"]) == (422, "validation_error"), change
    for name, bad in (
        ("title", "a\x00"),
        ("title", "x" * 201),
        ("alt_text", "a\nb"),
        ("description", "\x07"),
        ("a", "1"),
    ):
        texts: dict[str, Any] = {name: bad}
        response = api.upload(f"{images}/images/", file=picture(), **texts)
        assert (response.status_code, response.json()["errors"][0]["loc"]) == (422, ["body", name])
    assert everything() == before


def test_lines_are_stripped_and_normalised_and_texts_keep_their_line_breaks(samples: Samples) -> None:
    line, text = "  Zoe\u0308 \u3000", " a\r\n\tZoe\u0308\n "
    kept = {"line": "Zoë", "text": " a\n\tZoë\n "}
    for operation, lines, texts in (
        ("create_contact", ("display_name", "first_name", "last_name", "phone", "location"), ("notes",)),
        ("replace_contact", ("display_name", "first_name", "last_name", "phone", "location"), ("notes",)),
        ("update_contact", ("display_name", "first_name", "last_name", "phone", "location"), ("notes",)),
        ("update_me", ("first_name", "last_name", "display_name", "location"), ("about",)),
        ("create_organization", ("name",), ()),
        ("update_organization", ("name",), ()),
        ("update_tag", ("name",), ()),
        ("update_image", ("title", "alt_text"), ("description",)),
        ("update_image_of_object", ("title", "alt_text"), ("description",)),
    ):
        sent = {**valid(samples)[operation], **dict.fromkeys(lines, line), **dict.fromkeys(texts, text)}
        response = samples.send(operation, sent)
        assert response.status_code in (200, 201), response.content
        shown = response.json()
        assert {name: shown[name] for name in lines} == dict.fromkeys(lines, kept["line"])
        assert {name: shown[name] for name in texts} == dict.fromkeys(texts, kept["text"])


@pytest.mark.parametrize(
    "unseen",
    [
        "\u200b", "\u2060", "\ufeff", "\u00ad", "\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\u034f", "\u180e",
        "\ufe0f", "\u202e", "\u200d \u200c", "\U000e0041", "\U0001d159",
    ],
)  # fmt: skip
def test_a_text_of_which_nothing_can_be_seen_is_empty(samples: Samples, unseen: str) -> None:
    for operation, emptied, refused in (
        ("create_contact", ("first_name", "last_name", "phone", "location", "notes"), ()),
        ("update_contact", ("first_name", "phone", "location", "notes"), ()),
        ("update_me", ("first_name", "last_name", "display_name", "location", "about"), ("username",)),
        ("create_organization", (), ("name",)),
        ("update_organization", (), ("name",)),
        ("create_tag", (), ("name", "slug")),
        ("update_tag", (), ("name", "slug")),
        ("update_image", ("title", "alt_text", "description"), ()),
        ("update_image_of_object", ("title", "alt_text", "description"), ()),
    ):
        good = valid(samples)[operation]
        for name in refused:
            response = samples.send(operation, {**good, name: unseen})
            assert (response.status_code, response.json()["errors"][0]["loc"]) == (422, ["body", name])
        shown = samples.send(operation, {**good, **dict.fromkeys(emptied, unseen)}).json()
        assert {name: shown[name] for name in emptied} == dict.fromkeys(emptied, "")


@pytest.mark.parametrize("unseen", ["\u200b", "\u3164 \u2800", "\ufeff"])
def test_a_contact_needs_a_name_that_can_be_seen(samples: Samples, unseen: str) -> None:
    names = dict.fromkeys(("display_name", "first_name", "last_name"), unseen)
    refused = samples.send("create_contact", {**valid(samples)["create_contact"], **names})
    assert (refused.status_code, refused.json()["errors"][0]["type"]) == (422, "nameless_contact")


def test_one_visible_character_keeps_a_text_as_it_is(samples: Samples) -> None:
    for text in (
        "\u200bx",
        "\U0001f469\u200d\U0001f52c",
        "\u0301",
        "\ue000",
        "\u0915\u094d\u200d\u0937",
        "\u2764\ufe0f",
    ):
        assert samples.send("update_contact", {"location": text, "notes": f"\n{text}"}).json()["location"] == text


@pytest.mark.parametrize("line", ["a\u2028b", "\u2028a", "a\u2029", "\u2029", "\u2028 \u200b"])
def test_line_and_paragraph_separators_are_refused_in_a_line_at_its_ends_too(samples: Samples, line: str) -> None:
    for operation, name in (("update_contact", "display_name"), ("update_me", "location"), ("update_tag", "name")):
        response = samples.send(operation, {**valid(samples)[operation], name: line})
        assert (response.status_code, response.json()["errors"][0]["loc"]) == (422, ["body", name])
    assert samples.send("update_contact", {"notes": "a\u2028b"}).json()["notes"] == "a\u2028b"


def test_lengths_are_measured_after_normalisation(samples: Samples) -> None:
    good = valid(samples)["create_tag"]
    assert samples.send("create_tag", {**good, "name": "e\u0301" * 50}).json()["name"] == "é" * 50
    longest = {"display_name": "  " + "e\u0301" * 255, "notes": "\r\n" * 9_999 + "x"}
    assert samples.send("update_contact", longest).json()["notes"] == "\n" * 9_999 + "x"
    # This letter is two in the composed form.
    assert samples.send("create_tag", {**good, "name": "\u0958" * 26}).status_code == 422


def test_a_password_is_used_unchanged(samples: Samples) -> None:
    password = "  Zoe\u0308\tx\n\x07 "
    changed = samples.send("change_password", {"old_password": PASSWORD, "new_password": password})
    assert changed.status_code == 200, changed.content
    for other, status in ((password.strip(), 401), ("  Zo\u00eb\tx\n\x07 ", 401), (password, 200)):
        assert (
            samples.send("obtain_token_pair", {"email": samples.org.owner.email, "password": other}).status_code
            == status
        )
