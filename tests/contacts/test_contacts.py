"""Creating, reading, changing and deleting a contact."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.tags.models import TagAssignment
from tests.conftest import CountQueries
from tests.org import Org

pytestmark = pytest.mark.usefixtures("shared_org")

FIELDS = {
    "slug", "display_name", "first_name", "last_name", "email", "phone", "location", "notes", "organization", "creator",
    "avatar_url", "avatar_large_url", "tags", "custom", "created_at", "updated_at",
}  # fmt: skip


def test_creating_a_contact_returns_its_location_and_the_given_fields(org: Org) -> None:
    given = {
        "first_name": " Zoë ", "last_name": "Ångström", "email": "zoe@example.com", "phone": "+46 8 123",
        "location": "Uppsala", "notes": "met\r\nin May", "custom": {"level": 3},
    }  # fmt: skip
    response = org.api.post("/contacts/", {"organization": org.slug, **given})
    assert response.status_code == 201
    contact = response.json()
    assert set(contact) == FIELDS
    assert unquote(response["Location"]) == f"http://testserver/api/v1/contacts/{contact['slug']}/"
    assert contact["display_name"] == "Zoë Ångström"
    assert contact["notes"] == "met\nin May"
    assert (contact["organization"], contact["creator"]) == (org.slug, org.owner.slug)
    assert (contact["custom"], contact["tags"], contact["avatar_url"]) == ({"level": 3}, [], None)
    assert contact["created_at"].endswith("Z")
    assert org.api.get(f"/contacts/{contact['slug']}/").json() == contact


def test_the_slug_is_made_of_the_name_and_random_letters_and_never_changes(org: Org) -> None:
    contact = org.add_contact("Ada Lovelace")
    assert contact["slug"].startswith("ada-lovelace-")
    assert len(contact["slug"]) == len("ada-lovelace-") + 8
    changed = org.api.patch(f"/contacts/{contact['slug']}/", {"display_name": "Countess"})
    assert (changed.json()["display_name"], changed.json()["slug"]) == ("Countess", contact["slug"])


def test_creating_a_namesake_runs_as_many_statements_after_two_hundred_as_after_one(
    org: Org, count_queries: CountQueries
) -> None:
    with count_queries() as first:
        org.add_contact("山田太郎")
    for _ in range(200):
        org.add_contact("山田太郎")
    with count_queries() as last:
        org.add_contact("山田太郎")
    assert len(last) == len(first)


@pytest.mark.parametrize("body", [{}, {"display_name": " ", "first_name": "", "last_name": "\t"}, {"email": "a@b.co"}])
def test_a_contact_without_any_name_is_refused(org: Org, body: dict[str, Any]) -> None:
    body = {key: value.replace("\t", " ") for key, value in body.items()}
    response = org.api.post("/contacts/", {"organization": org.slug, **body})
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
def test_invalid_values_are_refused_by_post_put_and_patch(org: Org, bad: dict[str, Any]) -> None:
    slug = org.add_contact("Ada")["slug"]
    whole = {"organization": org.slug, "display_name": "Ada", **bad}
    assert org.api.post("/contacts/", whole).status_code == 422
    assert org.api.put(f"/contacts/{slug}/", whole).status_code == 422
    assert org.api.patch(f"/contacts/{slug}/", bad).status_code == 422
    assert org.api.get(f"/contacts/{slug}/").json()["display_name"] == "Ada"


def test_a_put_replaces_every_field_and_a_patch_only_the_given_ones(org: Org) -> None:
    slug = org.add_contact("Ada", email="ada@example.com", notes="poet's daughter", custom={"a": 1})["slug"]
    patched = org.api.patch(f"/contacts/{slug}/", {"phone": "1"}).json()
    assert (patched["email"], patched["phone"], patched["custom"]) == ("ada@example.com", "1", {"a": 1})
    replaced = org.api.put(f"/contacts/{slug}/", {"first_name": "Ada", "last_name": "King"}).json()
    assert replaced["display_name"] == "Ada King"
    assert (replaced["email"], replaced["notes"], replaced["phone"], replaced["custom"]) == ("", "", "", {})
    assert org.api.put(f"/contacts/{slug}/", {"email": "ada@example.com"}).status_code == 422


def test_an_empty_display_name_is_rebuilt_from_first_and_last_name(org: Org) -> None:
    slug = org.add_contact("Lady L.", first_name="Ada", last_name="Lovelace")["slug"]
    changed = org.api.patch(f"/contacts/{slug}/", {"display_name": ""})
    assert changed.json()["display_name"] == "Ada Lovelace"


def test_a_display_name_that_nobody_chose_follows_the_other_names(org: Org) -> None:
    path = f"/contacts/{org.add_contact('', first_name='Grace', last_name='Murray')['slug']}/"
    org.add_contact("Harry")
    for change, shown in (
        ({"last_name": "Hopper"}, "Grace Hopper"), ({"first_name": "", "phone": "1"}, "Hopper"),
        ({"first_name": "Gr", "last_name": ""}, "Gr"), ({"notes": "x"}, "Gr"),
    ):  # fmt: skip
        assert org.api.patch(path, change).json()["display_name"] == shown
        assert org.api.get("/contacts/", search=shown).json()["count"] == 1
    assert org.api.put(path, {"first_name": "Zoe"}).json()["display_name"] == "Zoe"
    assert [item["display_name"] for item in org.api.get("/contacts/").json()["items"]] == ["Harry", "Zoe"]


@pytest.mark.parametrize("chosen", ["Grace Murray", "Amazing Grace"])
def test_a_display_name_that_was_sent_stays_even_if_it_is_the_same_text(org: Org, chosen: str) -> None:
    names = {"first_name": "Grace", "last_name": "Murray"}
    made = org.add_contact(chosen, **names)["slug"]
    changed = org.add_contact("", **names)["slug"]
    replaced = org.add_contact("", **names)["slug"]
    org.api.patch(f"/contacts/{changed}/", {"display_name": chosen})
    org.api.put(f"/contacts/{replaced}/", {"display_name": chosen, **names})
    for slug in (made, changed, replaced):
        for change in ({"last_name": "Hopper"}, {"first_name": "", "last_name": ""}):
            assert org.api.patch(f"/contacts/{slug}/", change).json()["display_name"] == chosen


def test_a_chosen_display_name_that_is_emptied_follows_the_names_again(org: Org) -> None:
    path = f"/contacts/{org.add_contact('Lady L.', first_name='Ada')['slug']}/"
    org.api.patch(path, {"display_name": ""})
    assert org.api.patch(path, {"last_name": "King"}).json()["display_name"] == "Ada King"


def test_emptying_both_names_of_a_derived_display_name_is_refused(org: Org) -> None:
    path = f"/contacts/{org.add_contact('', first_name='Grace', last_name='Murray')['slug']}/"
    refused = org.api.patch(path, {"first_name": "", "last_name": ""})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "display_name"])
    assert org.api.get(path).json()["last_name"] == "Murray"


def test_a_host_that_changes_names_changes_the_display_name_only_if_it_was_derived(org: Org) -> None:
    org.add_contact("", first_name="Grace")
    org.add_contact("Ada", first_name="Augusta")
    for contact in Contact.objects.all():
        for name in ("First", "Second"):
            contact.first_name = name
            contact.save()
    assert [item["display_name"] for item in org.api.get("/contacts/").json()["items"]] == ["Ada", "Second"]


def test_a_contact_never_becomes_nameless(org: Org) -> None:
    slug = org.add_contact("Ada")["slug"]
    assert org.api.patch(f"/contacts/{slug}/", {"display_name": ""}).status_code == 422
    assert org.api.patch(f"/contacts/{slug}/", {"display_name": None}).status_code == 422
    assert org.api.get(f"/contacts/{slug}/").json()["display_name"] == "Ada"


def test_a_display_name_made_of_long_names_is_cut(org: Org) -> None:
    body = {"organization": org.slug, "first_name": "f" * 150, "last_name": "l" * 150}
    assert len(org.api.post("/contacts/", body).json()["display_name"]) == 255


def test_names_that_grow_when_normalised_are_accepted(org: Org) -> None:
    long = "\ufdfa" * 255
    response = org.api.post("/contacts/", {"organization": org.slug, "display_name": long, "notes": long})
    assert response.status_code == 201
    assert org.api.get("/contacts/", search="\ufdfa").json()["count"] == 1


def test_a_contact_cannot_be_moved_to_another_organization(org: Org) -> None:
    slug = org.add_contact("Ada")["slug"]
    for method in (org.api.put, org.api.patch):
        for other in (org.stranger.org, "unknown", ""):
            refused = method(f"/contacts/{slug}/", {"display_name": "Ada", "organization": other})
            assert (refused.status_code, refused.json()["code"]) == (409, "organization_immutable")
        kept = method(f"/contacts/{slug}/", {"display_name": "Ada", "organization": org.slug})
        assert kept.status_code == 200
    assert org.api.get(f"/contacts/{slug}/").json()["organization"] == org.slug


def test_saving_one_field_keeps_what_somebody_else_has_just_changed(org: Org) -> None:
    slug = org.add_contact("Ada", email="old@example.com")["slug"]
    stale = Contact.objects.get(slug=slug)
    org.api.patch(f"/contacts/{slug}/", {"email": "new@example.com", "display_name": "Countess"})
    stale.avatar = "avatars/x.webp"
    stale.save(update_fields=["avatar"])
    contact = org.api.get(f"/contacts/{slug}/").json()
    assert (contact["email"], contact["display_name"]) == ("new@example.com", "Countess")
    assert org.api.get("/contacts/", search="countess").json()["count"] == 1


def test_deleting_a_contact_removes_only_its_own_links(org: Org) -> None:
    slug, other = org.add_contact("Ada")["slug"], org.add_contact("Bo")["slug"]
    for name in (slug, other):
        org.api.post(f"/orgs/{org.slug}/tags/contacts/contact/{name}/", {"tags": ["vip"]})
    assert org.api.delete(f"/contacts/{slug}/").status_code == 204
    assert org.api.get(f"/contacts/{slug}/").status_code == 404
    assert org.api.delete(f"/contacts/{slug}/").status_code == 404
    assert TagAssignment.objects.count() == 1
    assert not ImageAttachment.objects.exists()
    assert org.api.get(f"/contacts/{other}/").json()["tags"][0]["name"] == "vip"


def test_a_contact_outlives_the_account_of_its_creator(org: Org) -> None:
    bob = org.add_member("member")
    response = bob.api.post("/contacts/", {"organization": org.slug, "display_name": "Ada"})
    slug = response.json()["slug"]
    assert response.json()["creator"] == bob.slug
    assert bob.api.delete("/auth/delete").status_code == 204
    assert org.api.get(f"/contacts/{slug}/").json()["creator"] is None
