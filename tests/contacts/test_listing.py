"""Lists of contacts: filters, orderings, pages, and what they cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.tags.services import assign_tags
from tests.client import Api
from tests.conftest import CountQueries
from tests.contacts.actions import names
from tests.org import MakeOrg, Org


def walk(api: Api, **query: Any) -> list[str]:
    """Return the slugs on all pages, one after the other; going back must give the same."""
    pages: list[list[str]] = []
    response = api.get("/contacts/", **query)
    while True:
        page = response.json()
        pages.append([item["slug"] for item in page["items"]])
        if page["next"] is None:
            break
        response = api.get(page["next"])
    back = [pages[-1]]
    while page["previous"] is not None:
        page = api.get(page["previous"]).json()
        back.insert(0, [item["slug"] for item in page["items"]])
    assert [slug for part in back for slug in part] == [slug for part in pages for slug in part]
    return [slug for part in pages for slug in part]


@pytest.mark.parametrize("field", ["display_name", "first_name", "last_name", "email", "created_at", "updated_at"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_paging_shows_every_contact_once_despite_equal_and_empty_values(org: Org, field: str, sign: str) -> None:
    for number in range(9):
        email = "" if number % 3 else "same@example.com"
        org.add_contact("Same", first_name="" if number % 2 else "Éva", last_name=f"L{number // 4}", email=email)
    every = set(Contact.objects.values_list("slug", flat=True))
    found = walk(org.api, ordering=f"{sign}{field}", limit=2)
    assert len(found) == 9
    assert set(found) == every
    reverse = walk(org.api, ordering=field if sign else f"-{field}", limit=4)
    assert found == reverse[::-1]


def test_paging_shows_every_contact_of_several_organizations_once(org: Org, make_org: MakeOrg) -> None:
    others = [make_org(f"other{number}") for number in range(3)]
    for number in range(12):
        [org, *others][number % 4].add_contact(f"Name {number // 3}", first_name="x" * (number % 2))
    for other in others[:2]:
        other.join(org.owner, "viewer")
    mine = Contact.objects.exclude(organization__slug=others[2].slug)
    expected = list(mine.order_by("display_sort", "slug").values_list("slug", flat=True))
    assert len(expected) == 9
    assert walk(org.api, limit=2) == expected
    assert walk(org.api, limit=2, ordering="-display_name") == expected[::-1]
    assert org.api.get("/contacts/", offset=4, limit=3).json()["items"][0]["slug"] == expected[4]
    assert org.api.get("/contacts/").json()["count"] == 9
    assert org.api.get("/contacts/", organization=others[0].slug).json()["count"] == 3
    assert len(names(org.api.get("/contacts/", search="name 2"))) == 2


@pytest.fixture
def twenty(org: Org) -> list[Organization]:
    """Return twenty organizations of Ann's with six contacts each, and one of strangers."""
    account = Account.objects.get(slug=org.owner.slug)
    organizations = Organization.objects.bulk_create(
        Organization(slug=f"team-{number}", name="Team") for number in range(21)
    )
    *mine, _ = organizations
    Membership.objects.bulk_create(Membership(organization=row, account=account, role="member") for row in mine)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for place, row in enumerate(organizations):
        for number in range(6):
            contact = Contact.objects.create(
                organization=row,
                display_name=("Same", f"Own {place:02}", "Zoë")[number % 3],
                email="" if number % 2 else f"{place % 4}@example.com",
                notes="" if number else f"needle {place % 2}",
                created_at=began + timedelta(days=number // 3),
            )
            if number % 3 == 0:
                assign_tags(row, contact, names=["vip", "lead"] if number else ["vip"])
    return mine


COLUMNS = {
    "display_name": "display_sort",
    "first_name": "first_sort",
    "email": "email_sort",
    "created_at": "created_at",
}


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({}, 120), ({"tag": "vip"}, 40), ({"tag": ["vip", "lead"]}, 20), ({"search": "ZOE"}, 40),
        ({"search": "needle 1"}, 10), ({"search": "same needle", "tag": "vip"}, 20),
        ({"created_after": "2026-01-01T12:00:00Z"}, 60), ({"created_after": "2026-01-01T12:00:00Z", "tag": "lead"}, 20),
        ({"search": "100%"}, 0),
    ],
)  # fmt: skip
def test_a_member_of_twenty_organizations_can_page_through_all_their_contacts(
    org: Org, twenty: list[Organization], query: dict[str, Any], number: int
) -> None:
    for name, column in COLUMNS.items():
        for sign in ("", "-"):
            ordering = f"{sign}{name}"
            whole = org.api.get("/contacts/", ordering=ordering, limit=200, **query).json()
            slugs = [item["slug"] for item in whole["items"]]
            assert (whole["count"], len(set(slugs))) == (number, number)
            assert {item["organization"] for item in whole["items"]} <= {row.slug for row in twenty}
            rows = Contact.objects.filter(slug__in=slugs).order_by(f"{sign}{column}", f"{sign}slug")
            assert slugs == list(rows.values_list("slug", flat=True))
            assert walk(org.api, ordering=ordering, limit=17, **query) == slugs
            part = org.api.get("/contacts/", ordering=ordering, limit=5, offset=8, **query).json()
            assert [item["slug"] for item in part["items"]] == slugs[8:13]


def test_sorting_ignores_case_and_diacritics(org: Org) -> None:
    for name in ("eve", "Émile", "Zoe", "adam", "Ádám b"):
        org.add_contact(name)
    assert names(org.api.get("/contacts/")) == ["adam", "Ádám b", "Émile", "eve", "Zoe"]


def test_a_search_finds_contacts_that_contain_every_term(org: Org) -> None:
    org.add_contact("Zoë Ångström", email="z@uni.se", phone="+46 123", notes="Loves PHYSICS")
    org.add_contact("Zoe Miller", notes="100% _sure_")

    def found(search: str) -> list[str]:
        return names(org.api.get("/contacts/", search=search))

    assert found("zoe") == ["Zoë Ångström", "Zoe Miller"]
    assert found("ZOË angstrom") == ["Zoë Ångström"]
    assert found("uni.SE physics +46 zoe") == ["Zoë Ångström"]
    assert found("zoe nobody") == []
    assert found("%") == ["Zoe Miller"]
    assert found("_sure") == ["Zoe Miller"]
    assert found("  ") == ["Zoë Ångström", "Zoe Miller"]
    assert found("straße") == []


@pytest.mark.parametrize(
    "bad",
    [
        {"search": "x" * 201}, {"search": " ".join("abcdefghijk")}, {"search": "a " * 11}, {"search": "\x00"},
        {"tag": "a\x00"}, {"tag": "x" * 51}, {"tag": [f"t{number}" for number in range(21)]},
        {"ordering": "id"}, {"ordering": "slug"}, {"limit": 0}, {"limit": 10**9},
        {"limit": 5, "offset": 0, "cursor": "x"},
        {"created_after": "yesterday"}, {"updated_after": "0001-01-01T00:00:00+14:00"},
        {"created_after": "9999-12-31T23:59:59-14:00"}, {"created_after": ""}, {"created_after": "9" * 30},
    ],
)  # fmt: skip
def test_invalid_queries_are_refused(org: Org, bad: dict[str, Any]) -> None:
    assert org.api.get("/contacts/", **bad).status_code == 422


def test_a_search_may_have_ten_terms(org: Org) -> None:
    assert org.api.get("/contacts/", search=" ".join("abcdefghij")).status_code == 200


@pytest.mark.parametrize("field", ["created_after", "updated_after"])
@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("0001-01-01T00:00:00", ["Ada"]), ("0001-01-01T00:00:00Z", ["Ada"]), ("2020-01-01", ["Ada"]),
        ("2020-01-01T00:00:00-14:00", ["Ada"]), ("9999-12-31T23:59:59", []), ("9999-12-31T23:59:59+14:00", []),
    ],
)  # fmt: skip
def test_filters_accept_the_first_and_last_moments_of_the_calendar(
    org: Org, field: str, since: str, found: list[str]
) -> None:
    org.add_contact("Ada")
    query: dict[str, Any] = {field: since}
    assert names(org.api.get("/contacts/", **query)) == found


def test_wildcards_and_quotes_are_searched_literally(org: Org) -> None:
    for name in ("50% off", "a_b", "back\\slash", 'O\'Brien "Q"', "plain"):
        org.add_contact(name)
    for search, found in (
        ("50%", ["50% off"]), ("5%f", []), ("_", ["a_b"]), ("\\", ["back\\slash"]), ("k\\s", ["back\\slash"]),
        ("'b", ["O'Brien \"Q\""]), ('"', ["O'Brien \"Q\""]), ("\\%", []), ("(", []), ("*", []),
    ):  # fmt: skip
        assert names(org.api.get("/contacts/", search=search)) == found


def test_a_search_treats_letters_with_a_stroke_as_plain_ones(org: Org) -> None:
    org.add_contact("Łukasz Øst", notes="Straße, Đặng")
    for search in ("lukasz ost strasse dang", "ŁUKASZ øST"):
        assert names(org.api.get("/contacts/", search=search)) == ["Łukasz Øst"]


def test_a_search_may_have_two_hundred_characters_before_normalisation(org: Org) -> None:
    org.add_contact("\ufdfa" * 200)
    assert org.api.get("/contacts/", search="\ufdfa" * 200).status_code == 200
    assert names(org.api.get("/contacts/", search="x" * 200)) == []
    assert len(names(org.api.get("/contacts/", search=" " * 300))) == 1


def test_all_tags_of_a_filter_must_match_and_no_contact_is_repeated(org: Org) -> None:
    for name, tags in (("A", ["vip", "日本"]), ("B", ["vip"]), ("C", ["日本", "C++"]), ("D", [])):
        slug = org.add_contact(name)["slug"]
        if tags:
            org.api.post(f"/orgs/{org.slug}/tags/contacts/contact/{slug}/", {"tags": tags})
    assert names(org.api.get("/contacts/", tag="vip")) == ["A", "B"]
    assert names(org.api.get("/contacts/", tag=["vip", "日本"])) == ["A"]
    assert org.api.get("/contacts/", tag=["vip", "日本"]).json()["count"] == 1
    assert names(org.api.get("/contacts/", tag="unknown")) == []


def test_a_tag_filter_searches_every_organization_of_the_caller(org: Org, other_org: Org, make_org: MakeOrg) -> None:
    third = make_org("third")
    other_org.join(org.owner, "member")
    for each, name in ((org, "A"), (other_org, "B"), (third, "C")):
        each.api.post(each.tags_path_of(each.add_contact(name)), {"tags": ["vip"]})
    assert names(org.api.get("/contacts/", tag="vip")) == ["A", "B"]
    assert names(org.api.get("/contacts/", tag="unknown")) == []


def test_the_time_filters_exclude_the_given_moment(org: Org) -> None:
    first, second = org.add_contact("A"), org.add_contact("B")
    assert names(org.api.get("/contacts/", created_after=first["created_at"])) == ["B"]
    assert names(org.api.get("/contacts/", created_after=second["created_at"])) == []
    changed = org.api.patch(f"/contacts/{first['slug']}/", {"notes": "x"}).json()
    assert names(org.api.get("/contacts/", updated_after=second["updated_at"])) == ["A"]
    assert names(org.api.get("/contacts/", updated_after=changed["updated_at"])) == []


def test_listing_a_foreign_or_unknown_organization_is_not_found(
    org: Org, other_org: Org, count_queries: CountQueries
) -> None:
    answers = []
    for slug in (other_org.slug, "nowhere"):
        with count_queries() as queries:
            response = org.api.get("/contacts/", organization=slug)
        answers.append((response.status_code, response.content, len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_a_cursor_for_another_filter_ordering_or_caller_is_refused(org: Org) -> None:
    for number in range(3):
        org.add_contact(f"N{number}")
    cursor = org.api.get("/contacts/", limit=1).json()["next"].split("cursor=")[1]
    wrong = ("search=n&cursor=" + cursor, "ordering=email&cursor=" + cursor, f"cursor={cursor}x", "cursor=%00")
    for api, query in ((org.stranger.api, f"cursor={cursor}"), *((org.api, query) for query in wrong)):
        response = api.get(f"/contacts/?{query}")
        assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("scope", ["all", "one", "several"])
def test_listing_contacts_runs_three_statements_and_one_to_count_for_1_contact_and_for_50(
    org: Org, other_org: Org, count_queries: CountQueries, scope: str
) -> None:
    query: dict[str, Any] = {"organization": org.slug} if scope == "one" else {}
    if scope == "several":
        other_org.join(org.owner, "member")
        other_org.add_contact("Elsewhere")

    def cost(**more: Any) -> int:
        with count_queries() as queries:
            assert org.api.get("/contacts/", **query, **more).status_code == 200
        return len(queries)

    org.add_contact("First")
    assert (cost(count="false"), cost()) == (3, 4)
    organization = Organization.objects.get(slug=org.slug)
    account = Account.objects.get(slug=org.owner.slug)
    for number in range(50):
        contact = Contact.objects.create(organization=organization, creator=account, display_name=f"N{number}")
        assign_tags(organization, contact, names=["vip", f"t{number}"])
    assert (cost(count="false"), cost()) == (3, 4)
    # One more looks up the tags, however many.
    assert (cost(search="n"), cost(search="n", tag=["vip"]), cost(tag=["vip", "t1"])) == (4, 5, 5)
    following = org.api.get("/contacts/", limit=10, **query).json()["next"]
    with count_queries() as queries:
        page = org.api.get(following).json()
    assert len(queries) == 3
    assert (page["count"], len(page["items"])) == (None, 10)


def test_reading_a_contact_runs_two_statements(org: Org, count_queries: CountQueries) -> None:
    slug = org.add_contact("Ada")["slug"]
    org.api.post(f"/orgs/{org.slug}/tags/contacts/contact/{slug}/", {"tags": [f"t{n}" for n in range(50)]})
    with count_queries() as queries:
        contact = org.api.get(f"/contacts/{slug}/").json()
    assert len(queries) == 2
    assert [tag["name"] for tag in contact["tags"]] == sorted(f"t{n}" for n in range(50))
