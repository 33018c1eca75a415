"""Lists of people sort by canonical keys: case decides nothing, on any database."""

from __future__ import annotations

import pytest

from ninja_orgkit.accounts.models import Account
from tests.org import Org
from tests.organizations.actions import invite

NAMES = ["Bob", "adam", "Zoe", "carl", "Dora", "c.arla", "CARLO"]
SORTED = ["adam", "Bob", "carl", "c.arla", "CARLO", "Dora", "Zoe"]


@pytest.mark.parametrize("ordering", ["username", "-username"])
def test_members_are_ordered_by_username_whatever_the_case(org: Org, ordering: str) -> None:
    for name in NAMES:
        org.add_member("member", name)
    expected = [*SORTED[:-1], "olga", "Zoe"]
    seen = [item["username"] for item in org.api.walk(f"{org.path}members/", ordering=ordering, limit=2)]
    assert seen == (expected if ordering == "username" else expected[::-1])


def test_paging_shows_members_without_a_canonical_username_too(org: Org) -> None:
    for name in NAMES:
        org.add_member("member", name)
    Account.objects.filter(username__in=["Bob", "Zoe", "adam"]).update(username_key=None)
    seen = [item["username"] for item in org.api.walk(f"{org.path}members/", ordering="username", limit=2)]
    assert seen == [*SORTED[:-1], "olga", "Zoe"]


@pytest.mark.parametrize("ordering", ["email", "-email"])
def test_invitations_are_ordered_by_address_whatever_the_case(org: Org, ordering: str) -> None:
    names = ["Bob", "adam", "Zoe", "carl", "Dora"]
    for name in names:
        assert invite(org, f"{name}@example.com").status_code == 201
    seen = [item["email"] for item in org.api.walk(f"{org.path}invitations/", ordering=ordering, limit=2)]
    expected = [f"{name}@example.com" for name in ("adam", "Bob", "carl", "Dora", "Zoe")]
    assert seen == (expected if ordering == "email" else expected[::-1])
