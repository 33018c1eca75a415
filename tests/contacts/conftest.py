"""People who keep contacts together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Membership, Organization
from tests.client import Person

Join = Callable[..., Person]
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def ann(register: Callable[..., Person]) -> Person:
    """Return somebody with a personal organization."""
    return register("ann@example.com", username="ann")


@pytest.fixture
def join(register: Callable[..., Person]) -> Join:
    """Return a function that makes somebody (new, if not given) a member of an organization."""

    def _join(org: str, role: str = "member", person: Person | None = None) -> Person:
        person = person or register()
        account = Account.objects.get(slug=person.slug)
        Membership.objects.create(organization=Organization.objects.get(slug=org), account=account, role=role)
        return person

    return _join


@pytest.fixture
def make() -> Make:
    """Return a function by which somebody creates a contact, in their own organization unless told otherwise."""

    def _make(person: Person, display_name: str = "", **fields: Any) -> dict[str, Any]:
        body = {"organization": person.org, "display_name": display_name, **fields}
        response = person.api.post("/contacts/", body)
        assert response.status_code == 201, response.content
        contact: dict[str, Any] = response.json()
        return contact

    return _make


def names(response: Any) -> list[str]:
    """Return the display names of a page."""
    assert response.status_code == 200, response.content
    return [item["display_name"] for item in response.json()["items"]]
