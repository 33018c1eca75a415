"""Lists of contacts: filters, orderings, pages, and what they cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.tags.services import assign_tags
from tests.client import Api, Person
from tests.contacts.conftest import names


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
def test_pages_hold_every_contact_once_with_equal_and_empty_values(
    ann: Person, make: Any, field: str, sign: str
) -> None:
    for number in range(9):
        email = "" if number % 3 else "same@example.com"
        make(ann, "Same", first_name="" if number % 2 else "Éva", last_name=f"L{number // 4}", email=email)
    every = set(Contact.objects.values_list("slug", flat=True))
    found = walk(ann.api, ordering=f"{sign}{field}", limit=2)
    assert len(found) == 9
    assert set(found) == every
    reverse = walk(ann.api, ordering=field if sign else f"-{field}", limit=4)
    assert found == reverse[::-1]


def test_pages_hold_every_contact_of_several_organizations_once(
    ann: Person, register: Any, join: Any, make: Any
) -> None:
    others = [register() for _ in range(3)]
    for number in range(12):
        person = [ann, *others][number % 4]
        make(person, f"Name {number // 3}", first_name="x" * (number % 2))
    for other in others[:2]:
        join(other.org, "viewer", ann)
    mine = Contact.objects.exclude(organization__slug=others[2].org)
    expected = list(mine.order_by("display_key", "slug").values_list("slug", flat=True))
    assert len(expected) == 9
    assert walk(ann.api, limit=2) == expected
    assert walk(ann.api, limit=2, ordering="-display_name") == expected[::-1]
    assert ann.api.get("/contacts/", offset=4, limit=3).json()["items"][0]["slug"] == expected[4]
    assert ann.api.get("/contacts/").json()["count"] == 9
    assert ann.api.get("/contacts/", organization=others[0].org).json()["count"] == 3
    assert len(names(ann.api.get("/contacts/", search="name 2"))) == 2


@pytest.fixture
def twenty(ann: Person) -> list[Organization]:
    """Return twenty organizations of Ann's with six contacts each, and one of strangers."""
    account = Account.objects.get(slug=ann.slug)
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


COLUMNS = {"display_name": "display_key", "first_name": "first_key", "email": "email_key", "created_at": "created_at"}


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({}, 120), ({"tag": "vip"}, 40), ({"tag": ["vip", "lead"]}, 20), ({"search": "ZOE"}, 40),
        ({"search": "needle 1"}, 10), ({"search": "same needle", "tag": "vip"}, 20),
        ({"created_after": "2026-01-01T12:00:00Z"}, 60), ({"created_after": "2026-01-01T12:00:00Z", "tag": "lead"}, 20),
        ({"search": "100%"}, 0),
    ],
)  # fmt: skip
def test_a_member_of_twenty_organizations_goes_through_all_their_contacts(
    ann: Person, twenty: list[Organization], query: dict[str, Any], number: int
) -> None:
    for name, column in COLUMNS.items():
        for sign in ("", "-"):
            ordering = f"{sign}{name}"
            whole = ann.api.get("/contacts/", ordering=ordering, limit=200, **query).json()
            slugs = [item["slug"] for item in whole["items"]]
            assert (whole["count"], len(set(slugs))) == (number, number)
            assert {item["organization"] for item in whole["items"]} <= {row.slug for row in twenty}
            rows = Contact.objects.filter(slug__in=slugs).order_by(f"{sign}{column}", f"{sign}slug")
            assert slugs == list(rows.values_list("slug", flat=True))
            assert walk(ann.api, ordering=ordering, limit=17, **query) == slugs
            part = ann.api.get("/contacts/", ordering=ordering, limit=5, offset=8, **query).json()
            assert [item["slug"] for item in part["items"]] == slugs[8:13]


def test_sorting_leaves_case_and_diacritics_aside(ann: Person, make: Any) -> None:
    for name in ("eve", "Émile", "Zoe", "adam", "Ádám b"):
        make(ann, name)
    assert names(ann.api.get("/contacts/")) == ["adam", "Ádám b", "Émile", "eve", "Zoe"]


def test_a_search_finds_contacts_in_which_each_term_occurs(ann: Person, make: Any) -> None:
    make(ann, "Zoë Ångström", email="z@uni.se", phone="+46 123", notes="Loves PHYSICS")
    make(ann, "Zoe Miller", notes="100% _sure_")

    def found(search: str) -> list[str]:
        return names(ann.api.get("/contacts/", search=search))

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
def test_queries_that_make_no_sense_are_refused(ann: Person, bad: dict[str, Any]) -> None:
    assert ann.api.get("/contacts/", **bad).status_code == 422


def test_ten_terms_are_allowed(ann: Person) -> None:
    assert ann.api.get("/contacts/", search=" ".join("abcdefghij")).status_code == 200


@pytest.mark.parametrize("field", ["created_after", "updated_after"])
@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("0001-01-01T00:00:00", ["Ada"]), ("0001-01-01T00:00:00Z", ["Ada"]), ("2020-01-01", ["Ada"]),
        ("2020-01-01T00:00:00-14:00", ["Ada"]), ("9999-12-31T23:59:59", []), ("9999-12-31T23:59:59+14:00", []),
    ],
)  # fmt: skip
def test_times_at_the_ends_of_the_calendar_are_compared_like_all_others(
    ann: Person, make: Any, field: str, since: str, found: list[str]
) -> None:
    make(ann, "Ada")
    assert names(ann.api.get("/contacts/", **{field: since})) == found


def test_what_means_something_to_the_database_is_searched_as_it_is(ann: Person, make: Any) -> None:
    for name in ("50% off", "a_b", "back\\slash", 'O\'Brien "Q"', "plain"):
        make(ann, name)
    for search, found in (
        ("50%", ["50% off"]), ("5%f", []), ("_", ["a_b"]), ("\\", ["back\\slash"]), ("k\\s", ["back\\slash"]),
        ("'b", ["O'Brien \"Q\""]), ('"', ["O'Brien \"Q\""]), ("\\%", []), ("(", []), ("*", []),
    ):  # fmt: skip
        assert names(ann.api.get("/contacts/", search=search)) == found


def test_a_search_takes_letters_with_a_stroke_for_the_plain_ones(ann: Person, make: Any) -> None:
    make(ann, "Łukasz Øst", notes="Straße, Đặng")
    for search in ("lukasz ost strasse dang", "ŁUKASZ øST"):
        assert names(ann.api.get("/contacts/", search=search)) == ["Łukasz Øst"]


def test_a_search_of_two_hundred_characters_is_allowed_whatever_they_grow_to(ann: Person, make: Any) -> None:
    make(ann, "\ufdfa" * 200)
    assert ann.api.get("/contacts/", search="\ufdfa" * 200).status_code == 200
    assert names(ann.api.get("/contacts/", search="x" * 200)) == []
    assert len(names(ann.api.get("/contacts/", search=" " * 300))) == 1


def test_all_tags_of_a_filter_must_match_and_nothing_comes_twice(ann: Person, make: Any) -> None:
    for name, tags in (("A", ["vip", "日本"]), ("B", ["vip"]), ("C", ["日本", "C++"]), ("D", [])):
        slug = make(ann, name)["slug"]
        if tags:
            ann.api.post(f"/orgs/{ann.org}/tags/contacts/contact/{slug}/", {"tags": tags})
    assert names(ann.api.get("/contacts/", tag="vip")) == ["A", "B"]
    assert names(ann.api.get("/contacts/", tag=["vip", "日本"])) == ["A"]
    assert ann.api.get("/contacts/", tag=["vip", "日本"]).json()["count"] == 1
    assert names(ann.api.get("/contacts/", tag="unknown")) == []


def test_a_tag_is_looked_for_in_each_organization_of_the_caller(
    ann: Person, make: Any, join: Any, register: Any
) -> None:
    bob, stranger = register(), register()
    join(bob.org, "member", ann)
    for person, name in ((ann, "A"), (bob, "B"), (stranger, "C")):
        slug = make(person, name)["slug"]
        person.api.post(f"/orgs/{person.org}/tags/contacts/contact/{slug}/", {"tags": ["vip"]})
    assert names(ann.api.get("/contacts/", tag="vip")) == ["A", "B"]
    assert names(ann.api.get("/contacts/", tag="unknown")) == []


def test_the_filters_by_time_are_strict(ann: Person, make: Any) -> None:
    first, second = make(ann, "A"), make(ann, "B")
    assert names(ann.api.get("/contacts/", created_after=first["created_at"])) == ["B"]
    assert names(ann.api.get("/contacts/", created_after=second["created_at"])) == []
    changed = ann.api.patch(f"/contacts/{first['slug']}/", {"notes": "x"}).json()
    assert names(ann.api.get("/contacts/", updated_after=second["updated_at"])) == ["A"]
    assert names(ann.api.get("/contacts/", updated_after=changed["updated_at"])) == []


def test_listing_a_foreign_or_unknown_organization_is_not_found(ann: Person, register: Any, count_queries: Any) -> None:
    other = register()
    answers = []
    for slug in (other.org, "nowhere"):
        with count_queries() as queries:
            response = ann.api.get("/contacts/", organization=slug)
        answers.append((response.status_code, response.content, len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_a_cursor_of_another_filter_ordering_or_caller_is_refused(ann: Person, make: Any, register: Any) -> None:
    for number in range(3):
        make(ann, f"N{number}")
    cursor = ann.api.get("/contacts/", limit=1).json()["next"].split("cursor=")[1]
    bob = register()
    wrong = ("search=n&cursor=" + cursor, "ordering=email&cursor=" + cursor, f"cursor={cursor}x", "cursor=%00")
    for api, query in ((bob.api, f"cursor={cursor}"), *((ann.api, query) for query in wrong)):
        response = api.get(f"/contacts/?{query}")
        assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("scope", ["all", "one", "several"])
def test_a_list_costs_three_statements_and_one_to_count_at_1_and_at_50_rows(
    ann: Person, make: Any, join: Any, register: Any, count_queries: Any, scope: str
) -> None:
    query: dict[str, Any] = {"organization": ann.org} if scope == "one" else {}
    if scope == "several":
        other = register()
        join(other.org, "member", ann)
        make(other, "Elsewhere")

    def cost(**more: Any) -> int:
        with count_queries() as queries:
            assert ann.api.get("/contacts/", **query, **more).status_code == 200
        return len(queries)

    make(ann, "First")
    assert (cost(count="false"), cost()) == (3, 4)
    organization = Organization.objects.get(slug=ann.org)
    account = Account.objects.get(slug=ann.slug)
    for number in range(50):
        contact = Contact.objects.create(organization=organization, creator=account, display_name=f"N{number}")
        assign_tags(organization, contact, names=["vip", f"t{number}"])
    assert (cost(count="false"), cost()) == (3, 4)
    # One more looks up the tags, however many.
    assert (cost(search="n"), cost(search="n", tag=["vip"]), cost(tag=["vip", "t1"])) == (4, 5, 5)
    following = ann.api.get("/contacts/", limit=10, **query).json()["next"]
    with count_queries() as queries:
        page = ann.api.get(following).json()
    assert len(queries) == 3
    assert (page["count"], len(page["items"])) == (None, 10)


def test_a_single_contact_costs_two_statements(ann: Person, make: Any, count_queries: Any) -> None:
    slug = make(ann, "Ada")["slug"]
    ann.api.post(f"/orgs/{ann.org}/tags/contacts/contact/{slug}/", {"tags": [f"t{n}" for n in range(50)]})
    with count_queries() as queries:
        contact = ann.api.get(f"/contacts/{slug}/").json()
    assert len(queries) == 2
    assert [tag["name"] for tag in contact["tags"]] == sorted(f"t{n}" for n in range(50))
