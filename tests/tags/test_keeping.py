"""Creating, listing, changing and deleting the tags of an organization."""

from __future__ import annotations

from typing import Any

import pytest

from ninja_orgkit.tags.models import Tag, TagAssignment
from tests.client import Api
from tests.tags.conftest import Shelf


def test_a_tag_is_created_with_a_location(shelf: Shelf) -> None:
    response = shelf.api.post(shelf.path, {"name": "  Big Customer ", "color": "#1E90FF"})
    assert response.status_code == 201
    tag = response.json()
    assert tag["created_at"].endswith("Z")
    del tag["created_at"]
    assert tag == {
        "id": tag["id"], "name": "Big Customer", "slug": "big-customer", "color": "#1e90ff", "organization": shelf.org,
        "usage_count": 0,
    }  # fmt: skip
    assert response["Location"] == f"http://testserver/api/v1/orgs/{shelf.org}/tags/{tag['id']}/"
    assert shelf.api.get(f"{shelf.path}{tag['id']}/").json()["name"] == "Big Customer"


def test_c_and_its_relatives_are_three_tags_with_three_slugs(shelf: Shelf) -> None:
    slugs = [shelf.add(name)["slug"] for name in ("C", "C++", "C#")]
    assert slugs[0] == "c"
    assert len(set(slugs)) == 3
    assert all(slug.startswith("c-") for slug in slugs[1:])


@pytest.mark.parametrize(
    ("first", "second"), [("VIP", "vip"), ("Straße", "STRASSE"), ("Café", "CAFE\u0301"), ("ﬁne", "fine"), ("x", " x ")]
)
def test_names_differ_in_more_than_case_and_unicode_form(shelf: Shelf, first: str, second: str) -> None:
    shelf.add(first)
    response = shelf.api.post(shelf.path, {"name": second})
    assert (response.status_code, response.json()["code"]) == (409, "tag_exists")
    assert len(shelf.listed()) == 1


@pytest.mark.parametrize(("name", "slug"), [("日本語", "日本語"), ("Größe XL", "größe-xl"), ("Ελλάδα", "ελλάδα")])
def test_slugs_keep_letters_of_every_script(shelf: Shelf, name: str, slug: str) -> None:
    assert shelf.add(name)["slug"] == slug


def test_a_name_of_which_no_slug_can_be_made_gets_a_random_one(shelf: Shelf) -> None:
    slugs = {shelf.add(name)["slug"] for name in ("🎉", "!!!", "★")}
    assert len(slugs) == 3
    assert all(slug.startswith("tag-") for slug in slugs)


def test_a_chosen_slug_that_is_taken_is_a_conflict(shelf: Shelf) -> None:
    assert shelf.add("Very important", slug="vip")["slug"] == "vip"
    response = shelf.api.post(shelf.path, {"name": "VIP", "slug": "vip"})
    assert (response.status_code, response.json()["code"]) == (409, "tag_exists")
    assert shelf.add("VIP")["slug"].startswith("vip-")


def test_two_organizations_have_tags_of_the_same_name(shelf: Shelf, foreign: Shelf) -> None:
    assert shelf.add("VIP")["slug"] == foreign.add("VIP")["slug"] == "vip"


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"name": ""}, {"name": "  "}, {"name": "x" * 51}, {"name": None}, {"name": 5}, {"name": "a\tb"},
        {"name": "\x00"}, {"name": "x", "color": "red"}, {"name": "x", "color": "#12345"}, {"name": "x", "slug": "A b"},
        {"name": "x", "slug": "../x"}, {"name": "x", "organization": "y"}, {"name": "x", "color": "#12345g"}, [],
    ],
)  # fmt: skip
def test_values_that_are_not_valid_are_refused(shelf: Shelf, bad: Any) -> None:
    response = shelf.api.post(shelf.path, bad)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


def test_a_tag_is_changed_and_keeps_its_slug_unless_told_otherwise(shelf: Shelf) -> None:
    path = f"{shelf.path}{shelf.add('VIP', color='#000000')['id']}/"
    renamed = shelf.api.patch(path, {"name": "Wichtig"}).json()
    assert (renamed["name"], renamed["slug"], renamed["color"]) == ("Wichtig", "vip", "#000000")
    moved = shelf.api.patch(path, {"slug": "wichtig", "color": None}).json()
    assert (moved["name"], moved["slug"], moved["color"]) == ("Wichtig", "wichtig", None)
    assert [tag["name"] for tag in shelf.listed(search="WICHT")] == ["Wichtig"]
    shelf.add("VIP")


def test_a_tag_may_change_the_case_of_its_own_name_and_not_take_another_ones(shelf: Shelf) -> None:
    shelf.add("Lead")
    path = f"{shelf.path}{shelf.add('vip')['id']}/"
    assert shelf.api.patch(path, {"name": "VIP"}).json()["name"] == "VIP"
    for change in ({"name": "LEAD"}, {"slug": "lead"}):
        response = shelf.api.patch(path, change)
        assert (response.status_code, response.json()["code"]) == (409, "tag_exists")
    for change in ({"name": None}, {"name": ""}, {"slug": ""}, {"slug": None}, {"id": 5}):
        assert shelf.api.patch(path, change).status_code == 422
    assert shelf.api.get(path).json()["name"] == "VIP"


def test_a_deleted_tag_is_taken_from_everything_and_what_had_it_stays(shelf: Shelf) -> None:
    target = shelf.contact()
    tag, *_ = shelf.assign(target, "vip", "lead")[::-1]
    assert shelf.api.delete(f"{shelf.path}{tag['id']}/").status_code == 204
    assert shelf.api.delete(f"{shelf.path}{tag['id']}/").status_code == 404
    assert [item["name"] for item in shelf.api.get(target).json()["items"]] == ["lead"]
    assert TagAssignment.objects.count() == 1


@pytest.mark.parametrize("tag_id", ["x", "1x", "-1", "99999", "9" * 30, "%31%00", "1.0"])
def test_an_id_that_is_no_tag_of_the_organization_is_not_found(shelf: Shelf, tag_id: str) -> None:
    shelf.add("VIP")
    for send in (shelf.api.get, shelf.api.delete, lambda path: shelf.api.patch(path, {"name": "x"})):
        response = send(f"{shelf.path}{tag_id}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_tags_of_another_organization_are_not_found_like_unknown_ones(
    shelf: Shelf, foreign: Shelf, count_queries: Any
) -> None:
    tag = foreign.add("Secret")["id"]

    def answers(path: str) -> list[tuple[int, bytes, int]]:
        found = []
        for send in (shelf.api.get, shelf.api.delete, lambda path: shelf.api.patch(path, {"name": "x"})):
            with count_queries() as queries:
                response = send(path)
            found.append((response.status_code, response.content, len(queries)))
        return found

    assert answers(f"{shelf.path}{tag}/") == answers(f"{shelf.path}{tag + 999}/")
    assert answers(f"{foreign.path}{tag}/") == answers(f"/orgs/nowhere/tags/{tag}/")
    assert {status for status, *_ in answers(f"{foreign.path}{tag}/")} == {404}
    assert Tag.objects.get().name == "Secret"


def test_a_viewer_sees_tags_and_may_not_write(shelf: Shelf, viewer: Shelf) -> None:
    tag = shelf.add("VIP")
    target = shelf.contact()
    shelf.assign(target, "VIP")
    assert viewer.listed()[0]["usage_count"] == 1
    assert viewer.api.get(target).status_code == 200
    refused = [
        viewer.api.post(viewer.path, {"name": "x"}),
        viewer.api.patch(f"{viewer.path}{tag['id']}/", {"name": "x"}),
        viewer.api.delete(f"{viewer.path}{tag['id']}/"),
        viewer.api.post(target, {"tags": ["x"]}),
        viewer.api.delete(f"{target}vip/"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "forbidden")}


def test_tags_need_a_bearer_token(api: Api, shelf: Shelf) -> None:
    for response in (api.get(shelf.path), api.post(shelf.path, {"name": "x"}), api.get(f"{shelf.path}1/")):
        assert response.status_code == 401


def test_the_list_is_searched_by_part_of_the_name_case_and_diacritics_aside(shelf: Shelf) -> None:
    for name in ("Café", "Decaf", "C++", "100%"):
        shelf.add(name)

    def found(search: str) -> list[str]:
        return [tag["name"] for tag in shelf.listed(search=search)]

    assert found("CAFE") == ["Café"]
    assert found("caf") == ["Café", "Decaf"]
    assert found("c+") == ["C++"]
    assert found("%") == ["100%"]
    assert found("") == ["100%", "C++", "Café", "Decaf"]
    assert shelf.api.get(shelf.path, search="x" * 201).status_code == 422


@pytest.mark.parametrize("ordering", ["name", "-name", "usage_count", "-usage_count", "created_at", "-created_at"])
def test_pages_hold_every_tag_once_in_each_ordering(shelf: Shelf, ordering: str) -> None:
    for number in range(3):
        shelf.assign(shelf.contact(f"C{number}"), *[f"tag {n}" for n in range(2 + number * 2)])
    everything = shelf.listed(ordering=ordering)
    key = ordering.removeprefix("-")
    assert [tag[key] for tag in everything] == sorted((tag[key] for tag in everything), reverse=ordering != key)
    found, response = [], shelf.api.get(shelf.path, ordering=ordering, limit=2)
    while True:
        page = response.json()
        found += page["items"]
        if not page["next"]:
            break
        response = shelf.api.get(page["next"])
    assert found == everything
    assert len({tag["id"] for tag in found}) == 6


def test_a_list_of_tags_costs_four_statements_at_1_and_at_50(shelf: Shelf, count_queries: Any) -> None:
    shelf.add("first")

    def cost() -> int:
        with count_queries() as queries:
            shelf.api.get(shelf.path, ordering="-usage_count")
        return len(queries)

    assert cost() == 4
    shelf.assign(shelf.contact(), *[f"t{number}" for number in range(50)])
    assert cost() == 4
