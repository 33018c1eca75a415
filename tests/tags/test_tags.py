"""Creating, listing, changing and deleting the tags of an organization."""

from __future__ import annotations

from typing import Any

import pytest

from ninja_orgkit.tags.models import Tag, TagAssignment
from tests.client import Api, told
from tests.conftest import CountQueries
from tests.org import Org
from tests.tags.actions import assign, contact_tags_path, list_tags

pytestmark = pytest.mark.usefixtures("shared_org")


def test_a_tag_is_created_with_a_location(org: Org) -> None:
    response = org.api.post(org.tags_path, {"name": "  Big Customer ", "color": "#1E90FF"})
    assert response.status_code == 201
    tag = response.json()
    assert tag["created_at"].endswith("Z")
    del tag["created_at"]
    assert tag == {
        "id": tag["id"], "name": "Big Customer", "slug": "big-customer", "color": "#1e90ff", "organization": org.slug,
        "usage_count": 0,
    }  # fmt: skip
    assert response["Location"] == f"http://testserver/api/v1/orgs/{org.slug}/tags/{tag['id']}/"
    assert org.api.get(f"{org.tags_path}{tag['id']}/").json()["name"] == "Big Customer"


def test_c_c_plus_plus_and_c_sharp_are_three_tags_with_three_slugs(org: Org) -> None:
    slugs = [org.add_tag(name)["slug"] for name in ("C", "C++", "C#")]
    assert slugs[0] == "c"
    assert len(set(slugs)) == 3
    assert all(slug.startswith("c-") for slug in slugs[1:])


@pytest.mark.parametrize(
    ("first", "second"), [("VIP", "vip"), ("Straße", "STRASSE"), ("Café", "CAFE\u0301"), ("ﬁne", "fine"), ("x", " x ")]
)
def test_names_that_differ_only_in_case_or_unicode_form_conflict(org: Org, first: str, second: str) -> None:
    org.add_tag(first)
    response = org.api.post(org.tags_path, {"name": second})
    assert (response.status_code, response.json()["code"]) == (409, "tag_exists")
    assert len(list_tags(org)) == 1


@pytest.mark.parametrize(("name", "slug"), [("日本語", "日本語"), ("Größe XL", "größe-xl"), ("Ελλάδα", "ελλάδα")])
def test_slugs_keep_letters_of_every_script(org: Org, name: str, slug: str) -> None:
    assert org.add_tag(name)["slug"] == slug


def test_a_name_without_letters_gets_a_random_slug(org: Org) -> None:
    slugs = {org.add_tag(name)["slug"] for name in ("🎉", "!!!", "★")}
    assert len(slugs) == 3
    assert all(slug.startswith("tag-") for slug in slugs)


def test_a_chosen_slug_that_is_taken_is_a_conflict(org: Org) -> None:
    assert org.add_tag("Very important", slug="vip")["slug"] == "vip"
    response = org.api.post(org.tags_path, {"name": "VIP", "slug": "vip"})
    assert (response.status_code, response.json()["code"]) == (409, "tag_exists")
    assert org.add_tag("VIP")["slug"].startswith("vip-")


def test_two_organizations_have_tags_of_the_same_name(org: Org, other_org: Org) -> None:
    assert org.add_tag("VIP")["slug"] == other_org.add_tag("VIP")["slug"] == "vip"


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"name": ""}, {"name": "  "}, {"name": "x" * 51}, {"name": None}, {"name": 5}, {"name": "a\tb"},
        {"name": "\x00"}, {"name": "x", "color": "red"}, {"name": "x", "color": "#12345"}, {"name": "x", "slug": "A b"},
        {"name": "x", "slug": "../x"}, {"name": "x", "organization": "y"}, {"name": "x", "color": "#12345g"}, [],
    ],
)  # fmt: skip
def test_invalid_values_are_refused(org: Org, bad: Any) -> None:
    response = org.api.post(org.tags_path, bad)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


def test_a_renamed_tag_keeps_its_slug_unless_the_slug_is_changed_too(org: Org) -> None:
    path = f"{org.tags_path}{org.add_tag('VIP', color='#000000')['id']}/"
    renamed = org.api.patch(path, {"name": "Wichtig"}).json()
    assert (renamed["name"], renamed["slug"], renamed["color"]) == ("Wichtig", "vip", "#000000")
    moved = org.api.patch(path, {"slug": "wichtig", "color": None}).json()
    assert (moved["name"], moved["slug"], moved["color"]) == ("Wichtig", "wichtig", None)
    assert [tag["name"] for tag in list_tags(org, search="WICHT")] == ["Wichtig"]
    org.add_tag("VIP")


def test_a_tag_can_change_the_case_of_its_name_but_not_take_another_tags_name(org: Org) -> None:
    org.add_tag("Lead")
    path = f"{org.tags_path}{org.add_tag('vip')['id']}/"
    assert org.api.patch(path, {"name": "VIP"}).json()["name"] == "VIP"
    for change in ({"name": "LEAD"}, {"slug": "lead"}):
        response = org.api.patch(path, change)
        assert (response.status_code, response.json()["code"]) == (409, "tag_exists")
    for invalid in ({"name": None}, {"name": ""}, {"slug": ""}, {"slug": None}, {"id": 5}):
        assert org.api.patch(path, invalid).status_code == 422
    assert org.api.get(path).json()["name"] == "VIP"


def test_deleting_a_tag_removes_its_assignments_but_not_the_objects(org: Org) -> None:
    target = contact_tags_path(org)
    tag, *_ = assign(org, target, "vip", "lead")[::-1]
    assert org.api.delete(f"{org.tags_path}{tag['id']}/").status_code == 204
    assert org.api.delete(f"{org.tags_path}{tag['id']}/").status_code == 404
    assert [item["name"] for item in org.api.get(target).json()["items"]] == ["lead"]
    assert TagAssignment.objects.count() == 1


@pytest.mark.parametrize("tag_id", ["x", "1x", "-1", "99999", "9" * 30, "%31%00", "1.0"])
def test_an_unknown_or_malformed_tag_id_is_not_found(org: Org, tag_id: str) -> None:
    org.add_tag("VIP")
    for send in (org.api.get, org.api.delete, lambda path: org.api.patch(path, {"name": "x"})):
        response = send(f"{org.tags_path}{tag_id}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("zeros", ["0", "000"])
def test_zeros_in_front_of_an_id_make_it_an_unknown_one(org: Org, count_queries: CountQueries, zeros: str) -> None:
    tag, image, contact = org.add_tag("VIP")["id"], org.add_image()["id"], org.add_contact()
    org.api.post(org.images_path_of(contact), {"image_ids": [image]})
    for path, found, methods in (
        (org.tags_path, tag, ("GET", "PATCH", "DELETE")),
        (org.images_path, image, ("GET", "PATCH", "DELETE")),
        (org.images_path_of(contact), image, ("PATCH", "DELETE")),
        (f"{org.tags_path}images/image/", image, ("GET",)),
    ):
        for method in methods:
            answers = []
            for sent in (f"{zeros}{found}", "999999"):
                with count_queries() as queries:
                    answer = org.api.send(method, f"{path}{sent}/", b"{}", content_type="application/json")
                answers.append((answer.status_code, told(answer), len(queries)))
            assert answers[0][0] == 404
            assert answers[0] == answers[1]
    assert org.api.delete(f"{org.tags_path}{tag}/").status_code == 204
    assert org.api.delete(f"{org.images_path_of(contact)}{image}/").status_code == 204
    assert org.api.delete(org.image_path(image)).status_code == 204


def test_tags_of_another_organization_answer_like_unknown_ones(org: Org, other_org: Org, count_queries: Any) -> None:
    tag = other_org.add_tag("Secret")["id"]

    def answers(path: str) -> list[tuple[int, Any, int]]:
        found = []
        for send in (org.api.get, org.api.delete, lambda path: org.api.patch(path, {"name": "x"})):
            with count_queries() as queries:
                response = send(path)
            found.append((response.status_code, told(response), len(queries)))
        return found

    assert answers(f"{org.tags_path}{tag}/") == answers(f"{org.tags_path}{tag + 999}/")
    assert answers(f"{other_org.tags_path}{tag}/") == answers(f"/orgs/nowhere/tags/{tag}/")
    assert {status for status, *_ in answers(f"{other_org.tags_path}{tag}/")} == {404}
    assert Tag.objects.get().name == "Secret"


def test_a_viewer_can_read_tags_but_not_change_them(org: Org) -> None:
    tag = org.add_tag("VIP")
    target = contact_tags_path(org)
    assign(org, target, "VIP")
    viewer = org.as_("viewer")
    assert viewer.get(org.tags_path).json()["items"][0]["usage_count"] == 1
    assert viewer.get(target).status_code == 200
    refused = [
        viewer.post(org.tags_path, {"name": "x"}),
        viewer.patch(f"{org.tags_path}{tag['id']}/", {"name": "x"}),
        viewer.delete(f"{org.tags_path}{tag['id']}/"),
        viewer.post(target, {"tags": ["x"]}),
        viewer.delete(f"{target}vip/"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "forbidden")}


def test_tags_need_a_bearer_token(api: Api, org: Org) -> None:
    for response in (api.get(org.tags_path), api.post(org.tags_path, {"name": "x"}), api.get(f"{org.tags_path}1/")):
        assert response.status_code == 401


def test_searching_matches_part_of_a_name_and_ignores_case_and_diacritics(org: Org) -> None:
    for name in ("Café", "Decaf", "C++", "100%"):
        org.add_tag(name)

    def found(search: str) -> list[str]:
        return [tag["name"] for tag in list_tags(org, search=search)]

    assert found("CAFE") == ["Café"]
    assert found("caf") == ["Café", "Decaf"]
    assert found("c+") == ["C++"]
    assert found("%") == ["100%"]
    assert found("") == ["100%", "C++", "Café", "Decaf"]
    assert org.api.get(org.tags_path, search="x" * 201).status_code == 422


@pytest.mark.parametrize("ordering", ["name", "-name", "usage_count", "-usage_count", "created_at", "-created_at"])
def test_paging_shows_every_tag_once_in_each_ordering(org: Org, ordering: str) -> None:
    for number in range(3):
        assign(org, contact_tags_path(org, f"C{number}"), *[f"tag {n}" for n in range(2 + number * 2)])
    everything = list_tags(org, ordering=ordering)
    key = ordering.removeprefix("-")
    assert [tag[key] for tag in everything] == sorted((tag[key] for tag in everything), reverse=ordering != key)
    found = list(org.api.walk(org.tags_path, ordering=ordering, limit=2))
    assert found == everything
    assert len({tag["id"] for tag in found}) == 6


def test_listing_tags_runs_three_statements_for_1_tag_and_for_50(org: Org, count_queries: Any) -> None:
    org.add_tag("first")

    def cost() -> int:
        with count_queries() as queries:
            org.api.get(org.tags_path, ordering="-usage_count")
        return len(queries)

    assert cost() == 3
    assign(org, contact_tags_path(org), *[f"t{number}" for number in range(50)])
    assert cost() == 3
