"""The organization that most tests work in, with a client for each role.

``org`` is a group with an owner. ``org.as_("viewer")`` is the client of a member with that role, who joins when a test
first asks for them. ``org.stranger`` is somebody who is signed in and not a member. ``other_org`` is a second group,
whose owner is a stranger to the first one; ``make_org`` creates more. A module with ``usefixtures("shared_org")``
creates its ``org`` once, and each of its tests starts from that.

People and organizations come from services, because few tests are about how they register. What is in an organization
comes through the API: ``add_contact``, ``add_tag`` and ``add_image`` return what the API answers.
"""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import Any, Protocol

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import build_account, create_user
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors.organizations import organizations_of_account
from ninja_orgkit.organizations.services.organizations import create_organization
from tests.client import Api, Person
from tests.media.pictures import picture

PASSWORD = "correct horse battery"


class MakePerson(Protocol):
    """The ``make_person`` fixture: creates an account and signs it in."""

    def __call__(self, name: str = "", *, email: str = "") -> Person:
        """Return somebody with a personal organization; without a name they are ``person1``, ``person2``, …"""


class MakeOrg(Protocol):
    """The ``make_org`` fixture: creates an organization with an owner."""

    def __call__(self, slug: str, *, owner: str = "") -> Org:
        """Return an organization, whose owner is somebody new."""


class Org:
    """A group, the people in it, the paths of what it has, and functions that add to it."""

    def __init__(self, slug: str, owner: Person, make_person: MakePerson) -> None:
        self.slug = slug
        self.owner = owner
        self._make_person = make_person
        self._members = {"owner": owner}

    @property
    def row(self) -> Organization:
        """Return the row of the organization, as it is now."""
        return Organization.objects.get(slug=self.slug)

    # The people

    @property
    def api(self) -> Api:
        """Return the client of the owner."""
        return self.owner.api

    def as_(self, role: str) -> Api:
        """Return the client of a member with this role: the same member each time."""
        if role not in self._members:
            self._members[role] = self.add_member(role)
        return self._members[role].api

    def add_member(self, role: str, name: str = "") -> Person:
        """Return somebody new who is a member with this role."""
        person = self._make_person(name)
        self.join(person, role)
        return person

    def join(self, person: Person, role: str) -> Membership:
        """Make somebody a member with this role, without an invitation."""
        return Membership.objects.create(organization=self.row, account=account_of(person), role=role)

    @cached_property
    def stranger(self) -> Person:
        """Return somebody who is not a member."""
        return self._make_person()

    # The paths

    @property
    def path(self) -> str:
        """Return the path of the organization."""
        return f"/orgs/{self.slug}/"

    @property
    def tags_path(self) -> str:
        """Return the path of its tags."""
        return f"{self.path}tags/"

    @property
    def images_root(self) -> str:
        """Return the path below which all routes for its images are."""
        return f"/images/orgs/{self.slug}"

    @property
    def images_path(self) -> str:
        """Return the path of its images."""
        return f"{self.images_root}/images/"

    @property
    def exports_path(self) -> str:
        """Return the path of its exports."""
        return f"{self.path}export/"

    def tags_path_of(self, contact: dict[str, Any]) -> str:
        """Return the path of a contact's tags."""
        return f"{self.tags_path}contacts/contact/{contact['slug']}/"

    def images_path_of(self, contact: dict[str, Any]) -> str:
        """Return the path of a contact's images."""
        return f"{self.images_path}contacts/contact/{contact['slug']}/"

    def image_path(self, image_id: int) -> str:
        """Return the path of an image."""
        return f"{self.images_path}{image_id}/"

    @property
    def keys_path(self) -> str:
        """Return the path of its API keys."""
        return f"{self.path}api-keys/"

    # What is in it

    def add_key(self, *permissions: str, role: str = "owner", **fields: Any) -> dict[str, Any]:
        """Create an API key in the name of the member with a role, and return it with its text."""
        body = {"name": "Robot", "permissions": permissions or ["org.read"], **fields}
        return _created(self.as_(role).post(self.keys_path, body))

    def as_key(self, *permissions: str, role: str = "owner") -> Api:
        """Return the client of a program with a new API key."""
        return Api(self.add_key(*permissions, role=role)["key"])

    def add_contact(self, display_name: str = "Ada", **fields: Any) -> dict[str, Any]:
        """Create a contact."""
        body = {"organization": self.slug, "display_name": display_name, **fields}
        return _created(self.api.post("/contacts/", body))

    def add_tag(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a tag."""
        return _created(self.api.post(self.tags_path, {"name": name, **fields}))

    def add_image(
        self, file: SimpleUploadedFile | None = None, *, api: Api | None = None, **texts: Any
    ) -> dict[str, Any]:
        """Upload a picture; without a file it is a small one that differs from all others."""
        return _created((api or self.api).upload(self.images_path, file=file or picture(), **texts))


def account_of(person: Person) -> Account:
    """Return the row of somebody's account, with their user."""
    return Account.objects.select_related("user").get(slug=person.slug)


def _created(response: Any) -> dict[str, Any]:
    assert response.status_code == 201, response.content
    created: dict[str, Any] = response.json()
    return created


def person_maker() -> MakePerson:
    """Return a function that creates an account and signs it in."""
    numbers = itertools.count(1)

    def _make(name: str = "", *, email: str = "") -> Person:
        name = name or f"person{next(numbers)}"
        address = email or f"{name}@example.com"
        account = build_account(email=address, username=name, password=PASSWORD, first_name="", last_name="")
        create_user(account)
        pair = begin_session(account)
        user = {"slug": account.slug, "username": name, "organizations": organizations_of_account(account)}
        return Person(address, PASSWORD, pair.access, pair.refresh, user, Api(pair.access))

    return _make


def org_maker(make_person: MakePerson) -> MakeOrg:
    """Return a function that creates an organization with an owner."""

    def _make(slug: str, *, owner: str = "") -> Org:
        person = make_person(owner)
        create_organization(owner=account_of(person), name=slug.title(), slug=slug)
        return Org(slug, person, make_person)

    return _make


@pytest.fixture
def make_person(db: None) -> MakePerson:
    """Return a function that creates an account and signs it in."""
    return person_maker()


@pytest.fixture
def make_org(make_person: MakePerson) -> MakeOrg:
    """Return a function that creates an organization with an owner."""
    return org_maker(make_person)


@pytest.fixture(scope="module")
def shared_org(shared_db: None) -> Org:
    """Create ``acme`` once for all tests of a module, whose ``org`` it is then; other fixtures may add to it."""
    return org_maker(person_maker())("acme", owner="olga")


@pytest.fixture
def org(request: pytest.FixtureRequest, make_person: MakePerson, make_org: MakeOrg) -> Org:
    """Return the organization ``acme``, which belongs to ``olga``; its members are those of this test."""
    if "shared_org" in request.fixturenames:
        shared: Org = request.getfixturevalue("shared_org")
        return Org(shared.slug, shared.owner, make_person)
    return make_org("acme", owner="olga")


@pytest.fixture
def other_org(make_org: MakeOrg) -> Org:
    """Return the organization ``other``, which belongs to ``bob``, who is not a member of ``acme``."""
    return make_org("other", owner="bob")
