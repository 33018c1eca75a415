"""People and organizations to test with."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.mail import EmailMessage

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import create_user
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors import homes_of
from tests.client import Api, Person

MakePerson = Callable[..., Person]


@pytest.fixture
def person(db: None) -> MakePerson:
    """Return a function that makes an account, signed in."""
    numbers = itertools.count(1)

    def _make(name: str = "", *, email: str = "") -> Person:
        name = name or f"person{next(numbers)}"
        address = email or f"{name}@example.com"
        account = create_user(email=address, username=name, password="x", first_name="", last_name="")
        pair = begin_session(account)
        user = {"slug": account.slug, "username": name, "organizations": homes_of(account)}
        return Person(address, "x", pair.access, pair.refresh, user, Api(pair.access))

    return _make


def account_of(person: Person) -> Account:
    """Return the row of a person's account."""
    return Account.objects.select_related("user").get(slug=person.slug)


@dataclass(frozen=True)
class Team:
    """An organization of a group with its owner."""

    slug: str
    owner: Person
    make_person: MakePerson

    @property
    def path(self) -> str:
        """The path of the organization."""
        return f"/orgs/{self.slug}/"

    @property
    def row(self) -> Organization:
        """The row of the organization."""
        return Organization.objects.get(slug=self.slug)

    def member(self, role: str, name: str = "") -> Person:
        """Make somebody who is in the organization."""
        person = self.make_person(name)
        Membership.objects.create(organization=self.row, account=account_of(person), role=role)
        return person

    def roles(self) -> dict[str, str]:
        """Return the role of each member by slug."""
        rows = Membership.objects.filter(organization__slug=self.slug)
        return dict(rows.values_list("account__slug", "role"))

    def invite(self, email: str, role: str = "member", *, by: Person | None = None) -> Any:
        """Invite an address through the API."""
        return (by or self.owner).api.post(f"{self.path}invitations/", {"email": email, "role": role})


@pytest.fixture
def team(person: MakePerson) -> Team:
    """Return the organization ``acme``."""
    owner = person("olga")
    response = owner.api.post("/orgs/", {"name": "Acme", "slug": "acme"})
    assert response.status_code == 201, response.content
    return Team("acme", owner, person)


def token_in(mail: EmailMessage) -> str:
    """Return the token of the link in a mail."""
    found = re.search(r"http\S+", str(mail.body))
    assert found
    return parse_qs(urlsplit(found[0]).query)["token"][0]
