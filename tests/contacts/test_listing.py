"""Listing contacts: orderings, pages, and the number of statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.tags.services import assign_tags
from tests.client import Api, told
from tests.conftest import CountQueries
from tests.contacts.actions import names
from tests.org import MakeOrg, Org
from tests.rows import insert

pytestmark = pytest.mark.usefixtures("shared_org")


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
    """Return twenty organizations of the owner with six contacts each; a further one belongs to strangers."""
    account = Account.objects.get(slug=org.owner.slug)
    organizations = insert(Organization(slug=f"team-{number}", name="Team") for number in range(21))
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
                assign_tags(contact, ["vip", "lead"] if number else ["vip"])
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
        ({}, 120), ({"tag": "vip"}, 40), ({"tag": ["vip", "lead"]}, 20), ({"tag_any": ["vip", "lead"]}, 40),
        ({"tag_none": "lead"}, 100), ({"search": "ZOE"}, 40),
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
            assert walk(org.api, ordering=ordering, limit=50, **query) == slugs
            part = org.api.get("/contacts/", ordering=ordering, limit=5, offset=8, **query).json()
            assert [item["slug"] for item in part["items"]] == slugs[8:13]


def test_sorting_ignores_case_and_diacritics(org: Org) -> None:
    for name in ("eve", "Émile", "Zoe", "adam", "Ádám b"):
        org.add_contact(name)
    assert names(org.api.get("/contacts/")) == ["adam", "Ádám b", "Émile", "eve", "Zoe"]


def test_listing_a_foreign_or_unknown_organization_is_not_found(
    org: Org, other_org: Org, count_queries: CountQueries
) -> None:
    answers = []
    for slug in (other_org.slug, "nowhere"):
        with count_queries() as queries:
            response = org.api.get("/contacts/", organization=slug)
        answers.append((response.status_code, told(response), len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_a_cursor_for_another_filter_ordering_or_caller_is_refused(org: Org) -> None:
    for number in range(3):
        org.add_contact(f"N{number}")
    cursor = org.api.get("/contacts/", limit=1).json()["next"].split("cursor=")[1]
    wrong = (
        "search=n&cursor=" + cursor,
        "tag_none=n&cursor=" + cursor,
        "ordering=email&cursor=" + cursor,
        f"cursor={cursor}x",
        "cursor=%00",
    )
    for api, query in ((org.stranger.api, f"cursor={cursor}"), *((org.api, query) for query in wrong)):
        response = api.get(f"/contacts/?{query}")
        assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("scope", ["all", "one", "several"])
def test_listing_contacts_runs_as_many_statements_for_1_contact_as_for_50(
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

    # One that is asked for by name is found together with the caller.
    base = 2 if scope == "one" else 3
    org.add_contact("First")
    assert (cost(count="false"), cost()) == (base, base + 1)
    organization = Organization.objects.get(slug=org.slug)
    account = Account.objects.get(slug=org.owner.slug)
    for number in range(50):
        contact = Contact.objects.create(organization=organization, creator=account, display_name=f"N{number}")
        assign_tags(contact, ["vip", f"t{number}"])
    assert (cost(count="false"), cost()) == (base, base + 1)
    # One more statement looks up the tags, however many there are.
    tagged = (cost(search="n"), cost(search="n", tag=["vip"]), cost(tag=["vip", "t1"], tag_any="t2", tag_none="t3"))
    assert tagged == (base + 1, base + 2, base + 2)
    following = org.api.get("/contacts/", limit=10, **query).json()["next"]
    with count_queries() as queries:
        page = org.api.get(following).json()
    assert len(queries) == base
    assert (page["count"], len(page["items"])) == (None, 10)


def test_reading_a_contact_runs_two_statements(org: Org, count_queries: CountQueries) -> None:
    slug = org.add_contact("Ada")["slug"]
    org.api.post(f"/orgs/{org.slug}/tags/contacts/contact/{slug}/", {"tags": [f"t{n}" for n in range(50)]})
    with count_queries() as queries:
        contact = org.api.get(f"/contacts/{slug}/").json()
    assert len(queries) == 2
    assert [tag["name"] for tag in contact["tags"]] == sorted(f"t{n}" for n in range(50))
