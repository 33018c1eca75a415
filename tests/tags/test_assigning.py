"""Assigning tags to objects, and unassigning them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database.alias import kit_connection
from ninja_orgkit.errors import ValidationFailed
from ninja_orgkit.tags import services
from ninja_orgkit.tags.models import Tag, TagAssignment
from ninja_orgkit.tags.values import CheckedNames, OrgkitTagNames
from shop.models import Product, Shop
from tests.client import statements_in, told
from tests.org import Org
from tests.tags.actions import assign, contact_tags_path

pytestmark = pytest.mark.usefixtures("shared_org")


def test_assigning_creates_missing_tags_and_returns_all_tags_of_the_object(org: Org) -> None:
    target = contact_tags_path(org)
    org.add_tag("VIP", color="#ff0000")
    tags = assign(org, target, "vip", "lead")
    shown = [(tag["name"], tag["color"], tag["usage_count"]) for tag in tags]
    assert shown == [("lead", None, 1), ("VIP", "#ff0000", 1)]
    more = assign(org, target, "new")
    assert [tag["name"] for tag in more] == ["lead", "new", "VIP"]
    page = org.api.get(target).json()
    assert (page["count"], page["items"]) == (3, more)


def test_a_bare_list_is_accepted_too(org: Org) -> None:
    response = org.api.post(contact_tags_path(org), ["VIP", "lead"])
    assert response.status_code == 200
    assert [tag["name"] for tag in response.json()] == ["lead", "VIP"]


def test_assigning_a_tag_twice_changes_nothing(org: Org) -> None:
    target = contact_tags_path(org)
    first = assign(org, target, "VIP", "lead")
    assert assign(org, target, "vip", "VIP", " lead ") == first
    assert (Tag.objects.count(), TagAssignment.objects.count()) == (2, 2)


def test_different_spellings_of_a_name_in_one_request_become_one_tag(org: Org) -> None:
    assert [tag["name"] for tag in assign(org, contact_tags_path(org), "Café", "CAFÉ", "cafe\u0301")] == ["Café"]


def test_names_that_slugify_alike_get_different_slugs_in_one_request(org: Org) -> None:
    tags = assign(org, contact_tags_path(org), "C", "C++", "C#", "🎉", "★", "日本")
    assert len({tag["slug"] for tag in tags}) == 6
    assert {"c", "日本"} < {tag["slug"] for tag in tags}


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"tags": []}, {"tags": [""]}, {"tags": ["x" * 51]}, {"tags": ["ok", None]}, {"tags": "VIP"}, {"tags": [5]},
        {"tags": [f"t{number}" for number in range(101)]}, [], ["ok", "  "], "VIP", {"tags": ["a\nb"]},
        {"names": ["x"]}, {"tags": ["x"], "more": 1},
    ],
)  # fmt: skip
def test_one_invalid_name_stops_the_whole_assignment(org: Org, bad: Any) -> None:
    response = org.api.post(contact_tags_path(org), bad)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")
    assert not Tag.objects.exists()


def test_the_maximum_number_of_names_is_a_setting_with_a_default_of_100(org: Org, settings: Any) -> None:
    target = contact_tags_path(org)
    assert len(assign(org, target, *[f"t{number}" for number in range(100)])) == 100
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "TAGS_MAX_ASSIGN": 2}
    assert org.api.post(target, ["a", "b", "c"]).status_code == 422


@pytest.mark.parametrize("count", [1, 50])
def test_assigning_runs_at_most_five_statements_and_repeating_it_three(
    org: Org, count_queries: Any, count: int
) -> None:
    contact_tags_path(org)
    contact = Contact.objects.get()
    names = [f"t{number}" for number in range(count)]
    services.assign_tags(contact, ["before"])
    with count_queries() as first:
        services.assign_tags(contact, names)
    with count_queries() as second:
        services.assign_tags(contact, names)
    organization = 1  # what ``org.row`` asks for
    told = kit_connection().features.can_return_rows_from_bulk_insert
    assert len(statements_in(first)) - organization <= (5 if told else 6)  # the keys of new tags, by MySQL
    assert len(statements_in(second)) - organization <= 3
    assert TagAssignment.objects.count() == count + 1


def test_assigning_50_names_runs_as_many_statements_as_assigning_1(org: Org, count_queries: Any) -> None:
    costs = []
    for number in (1, 50):
        target = contact_tags_path(org)
        with count_queries() as queries:
            assign(org, target, *[f"{number} {n}" for n in range(number)])
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_tag_is_unassigned_by_its_slug_in_any_script(org: Org) -> None:
    target, other = contact_tags_path(org), contact_tags_path(org, "Bo")
    for path in (target, other):
        assign(org, path, "日本", "VIP")
    assert org.api.delete(f"{target}日本/").status_code == 204
    assert org.api.delete(f"{target}日本/").status_code == 404
    assert [tag["name"] for tag in org.api.get(target).json()["items"]] == ["VIP"]
    assert [tag["name"] for tag in org.api.get(other).json()["items"]] == ["VIP", "日本"]
    assert org.api.delete(f"{target}unknown/").status_code == 404


def test_a_slug_in_a_url_may_be_composed_or_decomposed(org: Org) -> None:
    target = contact_tags_path(org)
    for spelled in ("größe", "gro\u0308ße"):
        assign(org, target, "Größe")
        assert org.api.get("/contacts/", tag=spelled).json()["count"] == 1
        assert org.api.delete(f"{target}{quote(spelled)}/").status_code == 204
    assert org.api.get(target).json()["items"] == []


@pytest.mark.parametrize("slug", ["1", "contacts", "contact", "bulk", "a_b", "日本-語"])
def test_a_slug_that_looks_like_something_else_is_a_slug(org: Org, slug: str) -> None:
    org.add_tag("other")
    tag, target = org.add_tag("Odd", slug=slug), contact_tags_path(org)
    assert [item["slug"] for item in assign(org, target, "odd")] == [slug]
    assert org.api.get("/contacts/", tag=slug).json()["count"] == 1
    assert org.api.delete(f"{target}{quote(slug)}/").status_code == 204
    assert org.api.get(f"{org.tags_path}{tag['id']}/").json()["usage_count"] == 0
    assert org.api.get(f"{org.tags_path}{tag['id']}/").json()["name"] == "Odd"


def test_objects_of_another_organization_cannot_be_tagged_or_untagged(org: Org, other_org: Org) -> None:
    theirs = contact_tags_path(other_org)
    assign(other_org, theirs, "secret")
    slug = theirs.rstrip("/").rpartition("/")[2]
    for path in (theirs, f"{org.tags_path}contacts/contact/{slug}/", f"{org.tags_path}contacts/contact/nobody/"):
        answers = [
            org.api.get(path), org.api.post(path, ["x"]), org.api.delete(f"{path}secret/"),
        ]  # fmt: skip
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
    assert list(TagAssignment.objects.values_list("tag__slug", flat=True)) == ["secret"]


def test_a_tag_of_another_organization_is_never_assigned(org: Org, other_org: Org) -> None:
    other_org.add_tag("VIP", color="#ff0000")
    tag, *_ = assign(org, contact_tags_path(org), "VIP")
    assert (tag["organization"], tag["color"]) == (org.slug, None)


@pytest.mark.parametrize(
    "target",
    [
        "auth/user/1", "orgkit_contacts/contact/x", "tags/tag/1", "contacts/Contact/x", "contacts/contact/%00",
        "organizations/organization/x", "contacts/contact/" + "x" * 300, "images/image/x", "images/image/0",
        "images/image/" + "9" * 30, "shop/shop/1",
    ],
)  # fmt: skip
def test_unregistered_malformed_and_missing_targets_get_the_same_not_found(org: Org, target: str) -> None:
    missing = org.api.post(f"{org.tags_path}contacts/contact/nobody/", ["x"])
    response = org.api.post(f"{org.tags_path}{target}/", ["x"])
    assert response.status_code == 404
    assert told(response) == told(missing)
    assert not Tag.objects.exists()


def test_host_objects_are_tagged_by_their_public_identifier(org: Org) -> None:
    shop = Shop.objects.create(organization=org.row, name="Main street")
    Product.objects.create(shop=shop, sku="lamp-1", name="Lamp", price="9.50")
    assert [tag["name"] for tag in assign(org, f"{org.tags_path}shop/product/lamp-1/", "new")] == ["new"]
    Product.objects.get().delete()
    assert not TagAssignment.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize("body", [[" VIP ", "lead"], {"tags": [" VIP ", "lead"]}])
def test_names_of_a_body_are_checked_once_and_those_of_a_host_too(org: Org, body: Any) -> None:
    names = OrgkitTagNames.model_validate(body).tags
    assert (type(names), names) == (CheckedNames, ["VIP", "lead"])
    org.add_contact()
    contact = Contact.objects.get()
    services.assign_tags(contact, names)
    with pytest.raises(ValidationFailed):
        services.assign_tags(contact, ["x" * 51])
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["VIP", "lead"]
