"""Assigning tags to objects, and taking them away."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections, transaction

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.tags import services
from ninja_orgkit.tags.models import Tag, TagAssignment
from shop.models import Product, Shop
from tests.parallel import in_parallel
from tests.tags.conftest import Shelf

NO_STATEMENTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "BEGIN", "COMMIT", "ROLLBACK")


def statements(queries: Any) -> int:
    """Return how many statements read or write rows."""
    return len([query for query in queries.captured_queries if not query["sql"].startswith(NO_STATEMENTS)])


def test_assigning_creates_the_missing_tags_and_returns_all_of_the_object(shelf: Shelf) -> None:
    target = shelf.contact()
    shelf.add("VIP", color="#ff0000")
    tags = shelf.assign(target, "vip", "lead")
    shown = [(tag["name"], tag["color"], tag["usage_count"]) for tag in tags]
    assert shown == [("lead", None, 1), ("VIP", "#ff0000", 1)]
    more = shelf.assign(target, "new")
    assert [tag["name"] for tag in more] == ["lead", "new", "VIP"]
    page = shelf.api.get(target).json()
    assert (page["count"], page["items"]) == (3, more)


def test_a_bare_list_is_accepted_too(shelf: Shelf) -> None:
    response = shelf.api.post(shelf.contact(), ["VIP", "lead"])
    assert response.status_code == 200
    assert [tag["name"] for tag in response.json()] == ["lead", "VIP"]


def test_assigning_a_tag_twice_changes_nothing(shelf: Shelf) -> None:
    target = shelf.contact()
    first = shelf.assign(target, "VIP", "lead")
    assert shelf.assign(target, "vip", "VIP", " lead ") == first
    assert (Tag.objects.count(), TagAssignment.objects.count()) == (2, 2)


def test_spellings_of_one_name_in_a_request_are_one_tag(shelf: Shelf) -> None:
    assert [tag["name"] for tag in shelf.assign(shelf.contact(), "Café", "CAFÉ", "cafe\u0301")] == ["Café"]


def test_names_that_slugify_alike_get_different_slugs_at_once(shelf: Shelf) -> None:
    tags = shelf.assign(shelf.contact(), "C", "C++", "C#", "🎉", "★", "日本")
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
def test_if_one_name_is_not_valid_nothing_is_assigned(shelf: Shelf, bad: Any) -> None:
    response = shelf.api.post(shelf.contact(), bad)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")
    assert not Tag.objects.exists()


def test_a_hundred_names_are_allowed_or_as_many_as_the_setting_says(shelf: Shelf, settings: Any) -> None:
    target = shelf.contact()
    assert len(shelf.assign(target, *[f"t{number}" for number in range(100)])) == 100
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "TAGS_MAX_ASSIGN": 2}
    assert shelf.api.post(target, ["a", "b", "c"]).status_code == 422


@pytest.mark.parametrize("count", [1, 50])
def test_assigning_takes_at_most_five_statements_and_three_when_repeated(
    shelf: Shelf, count_queries: Any, count: int
) -> None:
    shelf.contact()
    contact = Contact.objects.get()
    names = [f"t{number}" for number in range(count)]
    services.assign_tags(shelf.row, contact, names=["before"])
    with count_queries() as first:
        services.assign_tags(shelf.row, contact, names=names)
    with count_queries() as second:
        services.assign_tags(shelf.row, contact, names=names)
    organization = 1  # what ``shelf.row`` asks for
    assert statements(first) - organization <= 5
    assert statements(second) - organization <= 3
    assert TagAssignment.objects.count() == count + 1


def test_the_request_takes_as_many_statements_for_50_names_as_for_1(shelf: Shelf, count_queries: Any) -> None:
    costs = []
    for number in (1, 50):
        target = shelf.contact()
        with count_queries() as queries:
            shelf.assign(target, *[f"{number} {n}" for n in range(number)])
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_tag_is_taken_away_by_its_slug_whatever_its_script(shelf: Shelf) -> None:
    target, other = shelf.contact(), shelf.contact("Bo")
    for path in (target, other):
        shelf.assign(path, "日本", "VIP")
    assert shelf.api.delete(f"{target}日本/").status_code == 204
    assert shelf.api.delete(f"{target}日本/").status_code == 404
    assert [tag["name"] for tag in shelf.api.get(target).json()["items"]] == ["VIP"]
    assert [tag["name"] for tag in shelf.api.get(other).json()["items"]] == ["VIP", "日本"]
    assert shelf.api.delete(f"{target}unknown/").status_code == 404


def test_a_slug_in_a_url_may_be_composed_or_not(shelf: Shelf) -> None:
    target = shelf.contact()
    for spelled in ("größe", "gro\u0308ße"):
        shelf.assign(target, "Größe")
        assert shelf.api.get("/contacts/", tag=spelled).json()["count"] == 1
        assert shelf.api.delete(f"{target}{quote(spelled)}/").status_code == 204
    assert shelf.api.get(target).json()["items"] == []


@pytest.mark.parametrize("slug", ["1", "contacts", "contact", "bulk", "a_b", "日本-語"])
def test_a_slug_that_looks_like_something_else_is_a_slug(shelf: Shelf, slug: str) -> None:
    shelf.add("other")
    tag, target = shelf.add("Odd", slug=slug), shelf.contact()
    assert [item["slug"] for item in shelf.assign(target, "odd")] == [slug]
    assert shelf.api.get("/contacts/", tag=slug).json()["count"] == 1
    assert shelf.api.delete(f"{target}{quote(slug)}/").status_code == 204
    assert shelf.api.get(f"{shelf.path}{tag['id']}/").json()["usage_count"] == 0
    assert shelf.api.get(f"{shelf.path}{tag['id']}/").json()["name"] == "Odd"


def test_objects_of_another_organization_cannot_be_tagged_or_untagged(shelf: Shelf, foreign: Shelf) -> None:
    theirs = foreign.contact()
    foreign.assign(theirs, "secret")
    slug = theirs.rstrip("/").rpartition("/")[2]
    for path in (theirs, f"{shelf.path}contacts/contact/{slug}/", f"{shelf.path}contacts/contact/nobody/"):
        answers = [
            shelf.api.get(path), shelf.api.post(path, ["x"]), shelf.api.delete(f"{path}secret/"),
        ]  # fmt: skip
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
    assert list(TagAssignment.objects.values_list("tag__slug", flat=True)) == ["secret"]


def test_a_tag_of_another_organization_is_never_assigned(shelf: Shelf, foreign: Shelf) -> None:
    foreign.add("VIP", color="#ff0000")
    tag, *_ = shelf.assign(shelf.contact(), "VIP")
    assert (tag["organization"], tag["color"]) == (shelf.org, None)


@pytest.mark.parametrize(
    "target",
    [
        "auth/user/1", "orgkit_contacts/contact/x", "tags/tag/1", "contacts/Contact/x", "contacts/contact/%00",
        "organizations/organization/x", "contacts/contact/" + "x" * 300, "images/image/x", "images/image/0",
        "images/image/" + "9" * 30, "shop/shop/1",
    ],
)  # fmt: skip
def test_what_is_not_registered_malformed_or_missing_is_the_same_not_found(shelf: Shelf, target: str) -> None:
    missing = shelf.api.post(f"{shelf.path}contacts/contact/nobody/", ["x"])
    response = shelf.api.post(f"{shelf.path}{target}/", ["x"])
    assert (response.status_code, response.content) == (404, missing.content)
    assert not Tag.objects.exists()


def test_objects_of_the_host_are_tagged_by_their_public_identifier(shelf: Shelf) -> None:
    shop = Shop.objects.create(organization=shelf.row, name="Main street")
    Product.objects.create(shop=shop, sku="lamp-1", name="Lamp", price="9.50")
    assert [tag["name"] for tag in shelf.assign(f"{shelf.path}shop/product/lamp-1/", "new")] == ["new"]
    Product.objects.get().delete()
    assert not TagAssignment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_new_tags_can_be_assigned_by_many_at_once(shelf: Shelf) -> None:
    targets = [shelf.contact(f"C{number}") for number in range(6)]
    names = ["C", "C++", "C#", "vip", "🎉", *(f"t{number}" for number in range(20))]

    def assign(number: int) -> int:
        ordered = names if number % 2 else names[::-1]
        return int(shelf.api.as_user(shelf.api.token).post(targets[number], ordered).status_code)

    assert in_parallel(6, assign) == [200] * 6
    assert Tag.objects.count() == len(names)
    assert TagAssignment.objects.count() == 6 * len(names)


@pytest.mark.django_db(transaction=True)
def test_one_of_many_who_create_the_same_tag_at_once_succeeds(shelf: Shelf) -> None:
    def create(number: int) -> int:
        return int(shelf.api.as_user(shelf.api.token).post(shelf.path, {"name": "VIP"}).status_code)

    assert sorted(in_parallel(4, create)) == [201, 409, 409, 409]
    assert Tag.objects.get().slug == "vip"


@pytest.mark.django_db(transaction=True)
def test_spellings_of_one_name_assigned_by_many_at_once_are_one_tag(shelf: Shelf) -> None:
    targets = [shelf.contact(f"C{number}") for number in range(8)]
    spellings = ["Straße", "STRASSE", "strasse", "\u017ftrasse", "Café", "CAFÉ", "cafe\u0301", "CAFE\u0301"]

    def assign(number: int) -> int:
        ordered = [spellings[number], spellings[number - 4], f"own {number}"]
        return int(shelf.api.as_user(shelf.api.token).post(targets[number], ordered).status_code)

    assert in_parallel(8, assign) == [200] * 8
    assert Tag.objects.filter(name_key__in=["strasse", "café"]).count() == 2
    assert {tag["usage_count"] for tag in shelf.listed(ordering="-usage_count", limit=2)} == {8}
    assert TagAssignment.objects.count() == 8 * 3


@pytest.mark.django_db(transaction=True)
def test_one_of_many_who_give_their_tags_the_same_name_at_once_succeeds(shelf: Shelf) -> None:
    tags = [shelf.add(f"t{number}")["id"] for number in range(8)]

    def rename(number: int) -> int:
        path = f"{shelf.path}{tags[number]}/"
        name = "VIP" if number % 2 else "vip"
        return int(shelf.api.as_user(shelf.api.token).patch(path, {"name": name}).status_code)

    assert sorted(in_parallel(8, rename)) == [200] + [409] * 7
    assert Tag.objects.filter(name_key="vip").count() == 1


@pytest.mark.django_db(transaction=True)
def test_tags_that_slugify_alike_are_created_at_once(shelf: Shelf) -> None:
    def create(number: int) -> int:
        return int(shelf.api.as_user(shelf.api.token).post(shelf.path, {"name": "C" + "+" * number}).status_code)

    assert in_parallel(4, create) == [201] * 4
    assert len(set(Tag.objects.values_list("slug", flat=True))) == 4


@pytest.mark.django_db(transaction=True)
def test_a_tag_is_not_deleted_before_those_who_assign_it_are_done(shelf: Shelf) -> None:
    tag = shelf.add("vip")
    shelf.contact()
    deleted: list[int] = []

    def delete() -> None:
        deleted.append(shelf.api.as_user(shelf.api.token).delete(f"{shelf.path}{tag['id']}/").status_code)
        connections.close_all()

    meanwhile = threading.Thread(target=delete)
    with transaction.atomic():
        services.assign_tags(shelf.row, Contact.objects.get(), names=["vip"])
        meanwhile.start()
        meanwhile.join(0.5)
        assert deleted == []
    meanwhile.join()
    assert deleted == [204]
    assert not TagAssignment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_assignment_outlives_an_object_that_is_deleted_meanwhile(shelf: Shelf) -> None:
    for round_ in range(5):
        target = shelf.contact(f"C{round_}")
        slug = target.rstrip("/").rpartition("/")[2]

        def act(number: int, target: str = target, slug: str = slug) -> int:
            api = shelf.api.as_user(shelf.api.token)
            response = api.delete(f"/contacts/{slug}/") if number == 0 else api.post(target, ["vip", f"t{number}"])
            return int(response.status_code)

        deleted, *assigned = in_parallel(3, act)
        assert deleted == 204
        assert set(assigned) <= {200, 404}
    assert not TagAssignment.objects.exists()
