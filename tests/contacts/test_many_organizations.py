"""A member of many organizations pages through the contacts of all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.tags.services import assign_tags
from tests.contacts.actions import walk
from tests.org import Org
from tests.rows import insert


@pytest.fixture(scope="module")
def twenty(shared_org: Org) -> list[Organization]:
    """Return twenty organizations of the owner with six contacts each; a further one belongs to strangers."""
    account = Account.objects.get(slug=shared_org.owner.slug)
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
