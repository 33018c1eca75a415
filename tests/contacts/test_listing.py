"""Listing contacts: orderings, pages, and the number of statements."""

from __future__ import annotations

from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.services import assign_tags
from tests.client import told
from tests.conftest import CountQueries
from tests.contacts.actions import names, walk
from tests.org import MakeOrg, Org

pytestmark = pytest.mark.usefixtures("shared_org")


@pytest.mark.parametrize("field", ["display_name", "first_name", "last_name", "email", "created_at", "updated_at"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_paging_shows_every_contact_once_despite_equal_and_empty_values(org: Org, field: str, sign: str) -> None:
    row = org.row
    for number in range(9):
        Contact.objects.create(
            organization=row,
            display_name="Same",
            first_name="" if number % 2 else "Éva",
            last_name=f"L{number // 4}",
            email="" if number % 3 else "same@example.com",
        )
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
