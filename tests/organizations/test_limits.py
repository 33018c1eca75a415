"""A host limits who creates organizations, how many an account owns, and how many members one has."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import Settings as Defaults
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.errors import TooManyMembers, TooManyOrganizations
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.services.members import add_member, change_role
from ninja_orgkit.organizations.services.organizations import create_organization
from tests.client import Api, Person
from tests.conftest import CountQueries, RunOutbox
from tests.org import MakeOrg, MakePerson, Org, account_of
from tests.organizations.actions import invite, owners_of, roles_in
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

RULES = "tests.organizations.rules"
FULL, ENOUGH = (409, "too_many_members"), (409, "too_many_organizations")
PASSWORD = "sturdy-Pass-1"


def _code(response: Any) -> tuple[int, str]:
    return response.status_code, "" if response.status_code == 204 else response.json().get("code", "")


def _create(person: Person, name: str = "New") -> tuple[int, str]:
    return _code(person.api.post("/orgs/", {"name": name}))


def _token(org: Org, person: Person, role: str = "member") -> str:
    response = invite(org, person.email, role)
    assert response.status_code == 201, response.content
    return tokens.mint(Invitation.objects.get(pk=response.json()["id"]))


def _accept(person: Person, token: str) -> tuple[int, str]:
    return _code(person.api.post("/invitations/accept", {"token": token}))


def _admin_adds(admin_client: Client, org: Org, person: Person, role: str = "member") -> Any:
    body = {"organization": org.row.pk, "account": account_of(person).pk, "role": role}
    return admin_client.post("/admin/orgkit_organizations/membership/add/", body)


class TestWhoCreates:
    """``ORGANIZATION_CREATION`` is asked by the route before it looks at the body."""

    @pytest.mark.parametrize("body", [{"name": "New"}, {"name": ""}, {"nme": 1}, None])
    def test_only_staff_create_where_the_setting_says_so(
        self, make_person: MakePerson, settings: Settings, body: Any
    ) -> None:
        settings.NINJA_ORGKIT = {"ORGANIZATION_CREATION": "staff"}
        ann = make_person("ann")
        refused = ann.api.post("/orgs/?unknown=1", body)
        assert _code(refused) == (403, "organization_creation_refused")
        user = account_of(ann).user
        user.is_staff = True
        user.save()
        assert _create(ann)[0] == 201

    def test_a_function_of_the_host_decides_by_the_account(
        self, org: Org, make_person: MakePerson, settings: Settings
    ) -> None:
        settings.NINJA_ORGKIT = {"ORGANIZATION_CREATION": f"{RULES}.called_olga"}
        assert _create(make_person("ann")) == (403, "organization_creation_refused")
        assert _create(org.owner)[0] == 201

    def test_code_of_the_host_and_personal_organizations_are_not_bound(
        self, make_person: MakePerson, settings: Settings
    ) -> None:
        settings.NINJA_ORGKIT = {"ORGANIZATION_CREATION": f"{RULES}.nobody"}
        ann = make_person("ann")
        assert len(ann.user["organizations"]) == 1
        create_organization(owner=account_of(ann), name="By code")
        assert ann.api.get("/orgs/").json()["count"] == 2

    def test_a_replay_is_refused_once_the_rule_is_tighter(self, make_person: MakePerson, settings: Settings) -> None:
        ann, key = make_person("ann"), {"Idempotency-Key": "once"}
        assert ann.api.post("/orgs/", {"name": "New"}, headers=key).status_code == 201
        settings.NINJA_ORGKIT = {"ORGANIZATION_CREATION": f"{RULES}.nobody"}
        assert ann.api.post("/orgs/", {"name": "New"}, headers=key).status_code == 403

    def test_nobody_who_is_not_signed_in_learns_of_it(self, api: Api, settings: Settings) -> None:
        settings.NINJA_ORGKIT = {"ORGANIZATION_CREATION": f"{RULES}.nobody"}
        assert api.post("/orgs/", {"name": "New"}).status_code == 401


@pytest.mark.parametrize("setting", ["ORGANIZATION_CREATION", "ORGANIZATIONS_MAX"])
def test_a_rule_that_raises_is_a_500_that_wrote_nothing(
    make_person: MakePerson, settings: Settings, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    ann = make_person("ann")
    settings.NINJA_ORGKIT = {setting: f"{RULES}.missing"}
    before = Organization.objects.count()
    assert _create(ann) == (500, "internal_error")
    assert "Unhandled exception" in caplog.text
    assert Organization.objects.count() == before
    settings.NINJA_ORGKIT = {setting: f"{RULES}.refusing"}
    answer = ann.api.post("/orgs/", {"name": "New"})
    assert (*_code(answer), answer.json()["detail"]) == (403, "forbidden", "Your plan does not allow this.")


class TestOrganizationsMax:
    """``ORGANIZATIONS_MAX`` counts the groups that an account owns, on every path to ownership."""

    @pytest.fixture(autouse=True)
    def one(self, org: Org, settings: Settings) -> None:
        """Let ``olga`` own enough with ``acme``."""
        settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": 1}

    def test_creating_one_more_is_refused(self, org: Org, make_person: MakePerson) -> None:
        assert _create(org.owner) == ENOUGH
        ann = make_person("ann")
        assert _create(ann)[0] == 201  # the personal one does not count
        assert _create(ann) == ENOUGH
        with pytest.raises(TooManyOrganizations):
            create_organization(owner=account_of(ann), name="By code")

    def test_a_closed_organization_does_not_count(self, org: Org) -> None:
        assert org.api.delete(f"{org.path}?confirm=acme").status_code == 204
        assert _create(org.owner)[0] == 201

    def test_becoming_an_owner_is_refused(self, org: Org, make_org: MakeOrg) -> None:
        other = make_org("other")
        other.join(org.owner, "member")
        path = f"{other.path}members/{org.owner.slug}/"
        assert _code(other.api.patch(path, {"role": "owner"})) == ENOUGH
        assert other.api.patch(path, {"role": "admin"}).status_code == 200
        assert roles_in(other)[org.owner.slug] == "admin"

    def test_an_owner_who_stays_one_is_not_counted_again(self, org: Org, settings: Settings) -> None:
        second = org.add_member("owner")
        path = f"{org.path}members/{second.slug}/"
        assert org.api.patch(path, {"role": "owner"}).status_code == 200
        settings.NINJA_ORGKIT = {
            "ORGANIZATIONS_MAX": 1, "ROLES": {"founder": Defaults.ROLES["owner"]}
        }  # fmt: skip
        assert org.api.patch(path, {"role": "founder"}).status_code == 200

    def test_accepting_an_invitation_as_owner_is_refused_and_may_be_repeated(
        self, org: Org, make_org: MakeOrg, settings: Settings
    ) -> None:
        other = make_org("other")
        token = _token(other, org.owner, "owner")
        assert _accept(org.owner, token) == ENOUGH
        assert org.owner.slug not in roles_in(other)
        assert Invitation.objects.get().status == "pending"
        settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": 2}
        assert _accept(org.owner, token)[0] == 200

    def test_code_of_the_host_makes_nobody_an_owner_beyond_it(self, org: Org, make_org: MakeOrg) -> None:
        other, olga = make_org("other"), account_of(org.owner)
        with pytest.raises(TooManyOrganizations):
            add_member(other.row, olga, role="owner")
        add_member(other.row, olga, role="admin")
        with pytest.raises(TooManyOrganizations):
            change_role(other.row, olga, role="owner")
        assert roles_in(other)[org.owner.slug] == "admin"

    def test_accepting_another_role_is_not_limited(self, org: Org, make_org: MakeOrg) -> None:
        assert _accept(org.owner, _token(make_org("other"), org.owner, "admin"))[0] == 200

    def test_the_admin_makes_nobody_an_owner_beyond_it(self, org: Org, make_org: MakeOrg, admin_client: Client) -> None:
        other = make_org("other")
        page = _admin_adds(admin_client, other, org.owner, "owner")
        assert page.status_code == 200
        assert "cannot own more organizations" in page.content.decode()
        assert _admin_adds(admin_client, other, org.owner, "member").status_code == 302
        row = Membership.objects.get(organization=other.row, account__slug=org.owner.slug)
        path = f"/admin/orgkit_organizations/membership/{row.pk}/change/"
        page = admin_client.post(path, {"role": "owner"})
        assert page.status_code == 200
        assert "cannot own more organizations" in page.content.decode()
        assert admin_client.post(path, {"role": "admin"}).status_code == 302
        mine = Membership.objects.get(organization=org.row)
        path = f"/admin/orgkit_organizations/membership/{mine.pk}/change/"
        assert admin_client.post(path, {"role": "owner"}).status_code == 302

    def test_a_function_of_the_host_says_how_many(self, org: Org, make_person: MakePerson, settings: Settings) -> None:
        settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": f"{RULES}.two"}
        assert [_create(org.owner) for _ in range(2)] == [(201, ""), ENOUGH]
        settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": f"{RULES}.none"}
        assert _create(org.owner)[0] == 201

    def test_a_function_that_raises_while_somebody_accepts_writes_nothing(
        self, org: Org, make_org: MakeOrg, settings: Settings
    ) -> None:
        other = make_org("other")
        token = _token(other, org.owner, "owner")
        settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": f"{RULES}.missing"}
        assert _accept(org.owner, token)[0] == 500
        assert org.owner.slug not in roles_in(other)
        assert Invitation.objects.get().status == "pending"


class TestMembersMax:
    """``MEMBERS_MAX`` counts the members of one organization, on every path into it."""

    @pytest.fixture(autouse=True)
    def two(self, org: Org, settings: Settings) -> None:
        """Leave one place in ``acme``."""
        settings.NINJA_ORGKIT = {"MEMBERS_MAX": 2}

    def test_pending_invitations_do_not_count_and_the_last_place_goes_to_the_first(
        self, org: Org, make_person: MakePerson
    ) -> None:
        ann, bob = make_person("ann"), make_person("bob")
        tickets = [(person, _token(org, person)) for person in (ann, bob)]
        assert [_accept(*ticket) for ticket in tickets] == [(200, ""), FULL]
        assert _accept(*tickets[0])[0] == 200  # again, by the member
        assert org.api.delete(f"{org.path}members/{ann.slug}/").status_code == 204
        assert _accept(*tickets[1])[0] == 200

    def test_a_full_organization_still_invites(self, org: Org) -> None:
        org.add_member("member")
        assert invite(org, "next@example.com").status_code == 201

    @pytest.mark.parametrize(
        ("verification", "registration"), [("optional", "open"), ("mandatory", "open"), ("optional", "invitation")]
    )
    def test_registering_with_an_invitation_needs_a_place(
        self,
        api: Api,
        org: Org,
        settings: Settings,
        make_person: MakePerson,
        run_outbox: RunOutbox,
        verification: str,
        registration: str,
    ) -> None:
        token = _token(org, make_person("known"))
        other = invite(org, "new@example.com")
        fresh = tokens.mint(Invitation.objects.get(pk=other.json()["id"]))
        org.add_member("member")
        policy = {"EMAIL_VERIFICATION": verification, "REGISTRATION": registration}
        settings.NINJA_ORGKIT = {"MEMBERS_MAX": 2, **policy}
        bodies = [("known@example.com", token), ("new@example.com", fresh)]
        accounts = Account.objects.count()
        for email, invitation in bodies:
            body = {"email": email, "password": PASSWORD, "invitation": invitation}
            assert _code(api.post("/auth/register", body)) == FULL
        assert Account.objects.count() == accounts
        settings.NINJA_ORGKIT = {"MEMBERS_MAX": 3, **policy}
        body = {"email": "new@example.com", "password": PASSWORD, "invitation": fresh}
        assert api.post("/auth/register", body).status_code in (201, 202)
        run_outbox()
        assert len(roles_in(org)) == 3

    def test_the_admin_adds_nobody_to_a_full_organization(
        self, org: Org, make_person: MakePerson, admin_client: Client
    ) -> None:
        ann, bob = make_person("ann"), make_person("bob")
        assert _admin_adds(admin_client, org, ann).status_code == 302
        page = _admin_adds(admin_client, org, bob)
        assert page.status_code == 200
        assert "This organization is full" in page.content.decode()
        assert bob.slug not in roles_in(org)
        row = Membership.objects.get(organization=org.row, account__slug=ann.slug)
        path = f"/admin/orgkit_organizations/membership/{row.pk}/change/"
        assert admin_client.post(path, {"role": "admin"}).status_code == 302

    def test_code_of_the_host_adds_nobody_to_a_full_organization(self, org: Org, make_person: MakePerson) -> None:
        ann, bob = (account_of(make_person(name)) for name in ("ann", "bob"))
        add_member(org.row, ann, role="member")
        with pytest.raises(TooManyMembers):
            add_member(org.row, bob, role="member")
        assert set(roles_in(org)) == {org.owner.slug, ann.slug}

    def test_roles_change_in_a_full_organization(self, org: Org) -> None:
        ann = org.add_member("member")
        assert org.api.patch(f"{org.path}members/{ann.slug}/", {"role": "owner"}).status_code == 200

    def test_a_function_of_the_host_says_how_many(
        self, org: Org, other_org: Org, make_person: MakePerson, settings: Settings
    ) -> None:
        settings.NINJA_ORGKIT = {"MEMBERS_MAX": f"{RULES}.two_for_acme"}
        people = [make_person(name) for name in ("ann", "bea")]
        assert [_accept(person, _token(org, person)) for person in people] == [(200, ""), FULL]
        assert {_accept(person, _token(other_org, person))[0] for person in people} == {200}

    def test_a_function_that_raises_writes_nothing(
        self, org: Org, make_person: MakePerson, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        ann = make_person("ann")
        token = _token(org, ann)
        settings.NINJA_ORGKIT = {"MEMBERS_MAX": f"{RULES}.missing"}
        assert _accept(ann, token)[0] == 500
        assert "Unhandled exception" in caplog.text
        assert ann.slug not in roles_in(org)


def test_the_limits_cost_a_constant_number_of_statements(
    org: Org, make_person: MakePerson, settings: Settings, count_queries: CountQueries
) -> None:
    def statements(name: str) -> tuple[int, int]:
        person = make_person(name)
        token = _token(org, person, "owner")
        with count_queries() as accepting:
            assert _accept(person, token)[0] == 200
        with count_queries() as creating:
            assert _create(person)[0] == 201
        return len(accepting), len(creating)

    without = statements("ann")
    settings.NINJA_ORGKIT = {"MEMBERS_MAX": 50, "ORGANIZATIONS_MAX": 50}
    first = statements("bea")
    assert (first[0] - without[0], first[1] - without[1]) == (3, 2)
    for _ in range(3):
        org.add_member("owner")
    assert statements("eve") == first


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["create", "be promoted"])
def test_nobody_becomes_the_owner_of_too_many_at_once(
    org: Org, make_org: MakeOrg, settings: Settings, way: str
) -> None:
    others = [make_org(f"other{number}") for number in range(4)]
    for other in others:
        other.join(org.owner, "member")

    def go(number: int) -> int:
        if way == "create":
            return _create(org.owner, f"New {number}")[0]
        path = f"{others[number].path}members/{org.owner.slug}/"
        return int(others[number].api.patch(path, {"role": "owner"}).status_code)

    settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": 3}
    good = 201 if way == "create" else 200
    assert sorted(in_parallel(4, go)) == [good, good, 409, 409]
    owned = Membership.objects.filter(account__slug=org.owner.slug, role="owner", organization__type="group")
    assert owned.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["accept", "register"])
def test_an_organization_never_gets_too_many_members_at_once(
    org: Org, make_person: MakePerson, settings: Settings, way: str, api: Api
) -> None:
    if way == "accept":
        people = [make_person() for _ in range(4)]
        tickets = [(person, _token(org, person)) for person in people]

        def go(number: int) -> int:
            return _accept(*tickets[number])[0]
    else:
        emails = [f"new{number}@example.com" for number in range(4)]
        rows = [Invitation.objects.get(pk=invite(org, email).json()["id"]) for email in emails]
        bodies = [
            {"email": row.email, "password": PASSWORD, "invitation": tokens.mint(row)} for row in rows
        ]  # fmt: skip

        def go(number: int) -> int:
            return int(api.post("/auth/register", bodies[number]).status_code)

    settings.NINJA_ORGKIT = {"MEMBERS_MAX": 3}
    good = 200 if way == "accept" else 201
    assert sorted(in_parallel(4, go)) == [good, good, 409, 409]
    assert len(roles_in(org)) == 3
    assert owners_of(org) == [org.owner.slug]
