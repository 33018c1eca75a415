"""Creating, reading, changing and deleting a contact."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.tags.models import TagAssignment
from tests.client import Person

FIELDS = {
    "slug", "display_name", "first_name", "last_name", "email", "phone", "location", "notes", "organization", "creator",
    "avatar_url", "avatar_large_url", "tags", "custom", "created_at", "updated_at",
}  # fmt: skip


def test_a_contact_is_created_with_a_location_and_shows_what_was_given(ann: Person) -> None:
    given = {
        "first_name": " Zoë ", "last_name": "Ångström", "email": "zoe@example.com", "phone": "+46 8 123",
        "location": "Uppsala", "notes": "met\r\nin May", "custom": {"level": 3},
    }  # fmt: skip
    response = ann.api.post("/contacts/", {"organization": ann.org, **given})
    assert response.status_code == 201
    contact = response.json()
    assert set(contact) == FIELDS
    assert unquote(response["Location"]) == f"http://testserver/api/v1/contacts/{contact['slug']}/"
    assert contact["display_name"] == "Zoë Ångström"
    assert contact["notes"] == "met\nin May"
    assert (contact["organization"], contact["creator"]) == (ann.org, ann.slug)
    assert (contact["custom"], contact["tags"], contact["avatar_url"]) == ({"level": 3}, [], None)
    assert contact["created_at"].endswith("Z")
    assert ann.api.get(f"/contacts/{contact['slug']}/").json() == contact


def test_the_slug_is_the_name_and_random_letters_and_stays_when_the_name_changes(ann: Person, make: Any) -> None:
    contact = make(ann, "Ada Lovelace")
    assert contact["slug"].startswith("ada-lovelace-")
    assert len(contact["slug"]) == len("ada-lovelace-") + 8
    changed = ann.api.patch(f"/contacts/{contact['slug']}/", {"display_name": "Countess"})
    assert (changed.json()["display_name"], changed.json()["slug"]) == ("Countess", contact["slug"])


def test_two_hundred_namesakes_cost_as_many_statements_as_one(ann: Person, make: Any, count_queries: Any) -> None:
    with count_queries() as first:
        make(ann, "山田太郎")
    for _ in range(200):
        make(ann, "山田太郎")
    with count_queries() as last:
        make(ann, "山田太郎")
    assert len(last) == len(first)


@pytest.mark.parametrize("body", [{}, {"display_name": " ", "first_name": "", "last_name": "\t"}, {"email": "a@b.co"}])
def test_a_contact_without_any_name_is_refused(ann: Person, body: dict[str, Any]) -> None:
    body = {key: value.replace("\t", " ") for key, value in body.items()}
    response = ann.api.post("/contacts/", {"organization": ann.org, **body})
    assert response.status_code == 422
    assert response.json()["code"] == "validation_error"
    assert response.json()["errors"][0]["loc"] == ["body", "display_name"]


@pytest.mark.parametrize(
    "bad",
    [
        {"display_name": None}, {"display_name": 5}, {"display_name": "x" * 256}, {"display_name": "a\nb"},
        {"display_name": "\x00"}, {"email": "nobody"}, {"phone": "1" * 33}, {"notes": "x" * 10_001},
        {"unknown": 1}, {"custom": []}, {"custom": None}, {"slug": "mine"}, {"creator": "me"}, {"organization": 5},
        {"organization": "a\x00"}, {"organization": "\ud800"}, {"organization": "x" * 256}, {"organization": None},
    ],
)  # fmt: skip
def test_values_that_are_not_valid_are_refused_when_created_replaced_or_changed(
    ann: Person, make: Any, bad: dict[str, Any]
) -> None:
    slug = make(ann, "Ada")["slug"]
    whole = {"organization": ann.org, "display_name": "Ada", **bad}
    assert ann.api.post("/contacts/", whole).status_code == 422
    assert ann.api.put(f"/contacts/{slug}/", whole).status_code == 422
    assert ann.api.patch(f"/contacts/{slug}/", bad).status_code == 422
    assert ann.api.get(f"/contacts/{slug}/").json()["display_name"] == "Ada"


def test_a_put_replaces_every_field_and_a_patch_only_the_given_ones(ann: Person, make: Any) -> None:
    slug = make(ann, "Ada", email="ada@example.com", notes="poet's daughter", custom={"a": 1})["slug"]
    patched = ann.api.patch(f"/contacts/{slug}/", {"phone": "1"}).json()
    assert (patched["email"], patched["phone"], patched["custom"]) == ("ada@example.com", "1", {"a": 1})
    replaced = ann.api.put(f"/contacts/{slug}/", {"first_name": "Ada", "last_name": "King"}).json()
    assert replaced["display_name"] == "Ada King"
    assert (replaced["email"], replaced["notes"], replaced["phone"], replaced["custom"]) == ("", "", "", {})
    assert ann.api.put(f"/contacts/{slug}/", {"email": "ada@example.com"}).status_code == 422


def test_an_empty_display_name_is_made_of_the_others_anew(ann: Person, make: Any) -> None:
    slug = make(ann, "Lady L.", first_name="Ada", last_name="Lovelace")["slug"]
    changed = ann.api.patch(f"/contacts/{slug}/", {"display_name": ""})
    assert changed.json()["display_name"] == "Ada Lovelace"


def test_a_contact_never_becomes_nameless(ann: Person, make: Any) -> None:
    slug = make(ann, "Ada")["slug"]
    assert ann.api.patch(f"/contacts/{slug}/", {"display_name": ""}).status_code == 422
    assert ann.api.patch(f"/contacts/{slug}/", {"display_name": None}).status_code == 422
    assert ann.api.get(f"/contacts/{slug}/").json()["display_name"] == "Ada"


def test_names_that_are_too_long_together_are_cut(ann: Person) -> None:
    body = {"organization": ann.org, "first_name": "f" * 150, "last_name": "l" * 150}
    assert len(ann.api.post("/contacts/", body).json()["display_name"]) == 255


def test_names_that_grow_when_they_are_normalised_can_be_kept(ann: Person) -> None:
    long = "\ufdfa" * 255
    response = ann.api.post("/contacts/", {"organization": ann.org, "display_name": long, "notes": long})
    assert response.status_code == 201
    assert ann.api.get("/contacts/", search="\ufdfa").json()["count"] == 1


def test_a_contact_stays_in_its_organization(ann: Person, make: Any, register: Any) -> None:
    bob = register()
    slug = make(ann, "Ada")["slug"]
    for method in (ann.api.put, ann.api.patch):
        for other in (bob.org, "unknown", ""):
            refused = method(f"/contacts/{slug}/", {"display_name": "Ada", "organization": other})
            assert (refused.status_code, refused.json()["code"]) == (409, "organization_immutable")
        kept = method(f"/contacts/{slug}/", {"display_name": "Ada", "organization": ann.org})
        assert kept.status_code == 200
    assert ann.api.get(f"/contacts/{slug}/").json()["organization"] == ann.org


def test_a_patch_leaves_alone_what_somebody_else_has_just_changed(ann: Person, make: Any) -> None:
    slug = make(ann, "Ada", email="old@example.com")["slug"]
    stale = Contact.objects.get(slug=slug)
    ann.api.patch(f"/contacts/{slug}/", {"email": "new@example.com", "display_name": "Countess"})
    stale.avatar = "avatars/x.webp"
    stale.save(update_fields=["avatar"])
    contact = ann.api.get(f"/contacts/{slug}/").json()
    assert (contact["email"], contact["display_name"]) == ("new@example.com", "Countess")
    assert ann.api.get("/contacts/", search="countess").json()["count"] == 1


def test_a_deleted_contact_is_gone_with_its_links_which_attach_to_nobody_else(ann: Person, make: Any) -> None:
    slug, other = make(ann, "Ada")["slug"], make(ann, "Bo")["slug"]
    for name in (slug, other):
        ann.api.post(f"/orgs/{ann.org}/tags/contacts/contact/{name}/", {"tags": ["vip"]})
    assert ann.api.delete(f"/contacts/{slug}/").status_code == 204
    assert ann.api.get(f"/contacts/{slug}/").status_code == 404
    assert ann.api.delete(f"/contacts/{slug}/").status_code == 404
    assert TagAssignment.objects.count() == 1
    assert not ImageAttachment.objects.exists()
    assert ann.api.get(f"/contacts/{other}/").json()["tags"][0]["name"] == "vip"


def test_a_contact_outlives_the_account_of_its_creator(ann: Person, make: Any, join: Any) -> None:
    bob = join(ann.org, "member")
    response = bob.api.post("/contacts/", {"organization": ann.org, "display_name": "Ada"})
    slug = response.json()["slug"]
    assert response.json()["creator"] == bob.slug
    assert bob.api.delete("/auth/delete").status_code == 204
    assert ann.api.get(f"/contacts/{slug}/").json()["creator"] is None
