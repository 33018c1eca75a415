"""Somebody with an organization and something to tag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Membership, Organization
from tests.client import Api, Person


@dataclass(frozen=True)
class Shelf:
    """An organization with its tags, as one of its members sees it."""

    api: Api
    org: str

    @property
    def path(self) -> str:
        """Return where its tags are."""
        return f"/orgs/{self.org}/tags/"

    @property
    def row(self) -> Organization:
        """Return the organization."""
        return Organization.objects.get(slug=self.org)

    def add(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a tag."""
        response = self.api.post(self.path, {"name": name, **fields})
        assert response.status_code == 201, response.content
        tag: dict[str, Any] = response.json()
        return tag

    def contact(self, name: str = "Ada") -> str:
        """Create a contact and return the path of its tags."""
        response = self.api.post("/contacts/", {"organization": self.org, "display_name": name})
        assert response.status_code == 201, response.content
        return f"{self.path}contacts/contact/{response.json()['slug']}/"

    def assign(self, target: str, *names: str) -> list[dict[str, Any]]:
        """Assign tags and return all that the object has."""
        response = self.api.post(target, {"tags": list(names)})
        assert response.status_code == 200, response.content
        tags: list[dict[str, Any]] = response.json()
        return tags

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        """Return the first page of the organization's tags."""
        tags: list[dict[str, Any]] = self.api.get(self.path, **query).json()["items"]
        return tags


@pytest.fixture
def shelf(register: Callable[..., Person]) -> Shelf:
    """Return the personal organization of somebody."""
    person = register("ann@example.com", username="ann")
    return Shelf(person.api, person.org)


@pytest.fixture
def foreign(register: Callable[..., Person]) -> Shelf:
    """Return the organization of somebody else."""
    person = register("bob@example.com", username="bob")
    return Shelf(person.api, person.org)


@pytest.fixture
def viewer(register: Callable[..., Person], shelf: Shelf) -> Shelf:
    """Return the shelf as somebody sees it who may only read."""
    person = register()
    account = Account.objects.get(slug=person.slug)
    Membership.objects.create(organization=shelf.row, account=account, role="viewer")
    return Shelf(person.api, shelf.org)
