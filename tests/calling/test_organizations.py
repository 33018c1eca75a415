"""A host's own code creates organizations and manages members, in its own name or in that of a member."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from ninja_orgkit import services
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.errors import Forbidden, NotFound, OrgKitError, Unauthenticated, ValidationFailed
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.errors import (
    AlreadyInvited,
    AlreadyMember,
    LastOwner,
    PersonalOrganization,
    SlugTaken,
    TooManyMembers,
)
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from tests.conftest import Mailbox, RunOutbox
from tests.custom.recorder import OutOfSeats
from tests.org import MakePerson, Org, account_of


def user_of(name: str) -> User:
    """Return a user of the host."""
    return User.objects.get(username=name)


def test_a_user_or_an_account_can_own_an_organization(make_person: MakePerson) -> None:
    make_person("ada")
    first = services.create_organization(owner=user_of("ada"), name="  First  ", custom={"plan": "gold"})
    second = services.create_organization(owner=Account.objects.get(username="ada"), name="Second", slug="second")
    assert (first.name, first.type, first.custom) == ("First", "group", {"plan": "gold"})
    assert second.slug == "second"
    roles = Membership.objects.filter(organization__in=[first, second]).values_list("account__username", "role")
    assert list(roles) == [("ada", "owner"), ("ada", "owner")]


def test_a_user_without_an_account_gets_one(db: None) -> None:
    User.objects.bulk_create([User(username="imported", email="imported@example.com")])
    organization = services.create_organization(owner=user_of("imported"), name="Imported")
    assert organization.memberships.get().account.email == "imported@example.com"


def test_nobody_can_be_an_owner_without_being_somebody(db: None) -> None:
    with pytest.raises(Unauthenticated):
        services.create_organization(owner=AnonymousUser(), name="Nobody's")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "New", "slug": "No Slug"}, "slug"),
        ({"name": "New", "slug": "me"}, "slug"),
        ({"name": "New", "custom": {"big": "x" * 20_000}}, "custom"),
    ],
)
def test_values_have_the_same_limits_as_those_of_clients(
    make_person: MakePerson, values: dict[str, Any], field: str
) -> None:
    make_person("ada")
    with pytest.raises(ValidationFailed) as caught:
        services.create_organization(owner=user_of("ada"), **values)
    assert caught.value.code == "validation_error"
    assert caught.value.extra["errors"][0]["loc"][:2] == ["body", field]


def test_a_taken_slug_is_an_error_with_a_code(org: Org) -> None:
    with pytest.raises(SlugTaken) as caught:
        services.create_organization(owner=account_of(org.owner), name="Again", slug="acme")
    assert caught.value.code == SlugTaken.code == "slug_taken"


def test_an_organization_is_changed_and_deleted(org: Org) -> None:
    changed = services.update_organization(org.row, name="Acme Ltd", custom={"plan": "gold"})
    assert (changed.name, changed.custom) == ("Acme Ltd", {"plan": "gold"})
    with pytest.raises(ValidationFailed):
        services.update_organization(org.row, slug="other")
    services.delete_organization(org.row)
    assert org.row.deleted_at is not None
    with pytest.raises(NotFound):
        services.update_organization(org.row, name="Late")


@pytest.mark.parametrize(("role", "error"), [("viewer", Forbidden), ("admin", None), ("stranger", NotFound)])
def test_somebody_needs_the_permission_that_a_client_needs(
    org: Org, role: str, error: type[OrgKitError] | None
) -> None:
    by = account_of(org.stranger if role == "stranger" else org.add_member(role))
    if error is None:
        assert services.update_organization(org.row, by=by, name="Changed").name == "Changed"
        return
    with pytest.raises(error):
        services.update_organization(org.row, by=by, name="Changed")
    with pytest.raises(error):
        services.add_member(org.row, by, role="member", by=by)
    with pytest.raises(error):
        services.invite(org.row, email="new@example.com", role="member", by=by)
    with pytest.raises(error):
        services.change_role(org.row, account_of(org.owner), role="member", by=by)
    with pytest.raises(error):
        services.request_export(org.row, by=by)
    with pytest.raises(error):
        services.delete_organization(org.row, by=by)
    assert org.row.name == "Acme"


def test_a_member_is_added_changed_and_removed(org: Org, make_person: MakePerson) -> None:
    make_person("bob")
    membership = services.add_member(org.row, user_of("bob"), role="member")
    assert (membership.role, membership.organization.slug) == ("member", "acme")
    with pytest.raises(AlreadyMember):
        services.add_member(org.row, user_of("bob"), role="viewer")
    assert services.change_role(org.row, user_of("bob"), role="admin").role == "admin"
    services.remove_member(org.row, user_of("bob"))
    with pytest.raises(NotFound):
        services.remove_member(org.row, user_of("bob"))
    with pytest.raises(NotFound):
        services.change_role(org.row, user_of("bob"), role="viewer")


def test_somebody_grants_only_what_they_have(org: Org, make_person: MakePerson) -> None:
    admin, bob = account_of(org.add_member("admin")), account_of(make_person("bob"))
    with pytest.raises(Forbidden):
        services.add_member(org.row, bob, role="owner", by=admin)
    services.add_member(org.row, bob, role="member", by=admin.user)
    with pytest.raises(Forbidden):
        services.change_role(org.row, bob, role="owner", by=admin)
    services.remove_member(org.row, bob, by=bob)  # everybody may leave
    assert not Membership.objects.filter(organization=org.row, account=bob).exists()


def test_the_host_itself_is_bound_by_rules_too(org: Org, make_person: MakePerson, settings: Any) -> None:
    bob = account_of(make_person("bob"))
    with pytest.raises(ValidationFailed):
        services.add_member(org.row, bob, role="emperor")
    with pytest.raises(LastOwner):
        services.remove_member(org.row, account_of(org.owner))
    with pytest.raises(LastOwner):
        services.change_role(org.row, account_of(org.owner), role="member")
    personal = Organization.objects.get(personal_of=bob)
    with pytest.raises(PersonalOrganization):
        services.add_member(personal, account_of(org.owner), role="member")
    with pytest.raises(PersonalOrganization):
        services.delete_organization(personal)
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "MEMBERS_MAX": 1}
    with pytest.raises(TooManyMembers):
        services.add_member(org.row, bob, role="member")


def test_inviting_mails_the_link(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    owner = account_of(org.owner)
    invitation = services.invite(org.row, email="New@example.com", role="member", by=owner.user)
    assert (invitation.email, invitation.role, invitation.shown_status) == ("New@example.com", "member", "pending")
    with pytest.raises(AlreadyInvited):
        services.invite(org.row, email="new@example.com", role="member", by=owner)
    with pytest.raises(ValidationFailed):
        services.invite(org.row, email="no address", role="member", by=owner)
    run_outbox()
    assert [mail.to for mail in mailbox] == [["New@example.com"]]


def test_a_transaction_of_the_caller_that_rolls_back_leaves_no_row_and_no_mail(
    org: Org, make_person: MakePerson
) -> None:
    owner, bob = account_of(org.owner), account_of(make_person("bob"))
    before = OutboxMessage.objects.count()
    with transaction.atomic():
        made = services.create_organization(owner=owner, name="Never")
        services.add_member(made, bob, role="member")
        services.invite(made, email="new@example.com", role="member", by=owner)
        services.delete_organization(org.row)
        transaction.set_rollback(True)
    assert not Organization.objects.filter(name="Never").exists()
    assert not Invitation.objects.exists()
    assert org.row.deleted_at is None
    assert OutboxMessage.objects.count() == before


@pytest.mark.parametrize("name", ["before_create_organization", "before_add_member", "before_invite"])
def test_a_hook_binds_functions_as_it_binds_routes(org: Org, make_person: MakePerson, set_hook: Any, name: str) -> None:
    owner, bob = account_of(org.owner), account_of(make_person("bob"))
    calls: dict[str, Any] = {
        "before_create_organization": lambda: services.create_organization(owner=owner, name="New"),
        "before_add_member": lambda: services.add_member(org.row, bob, role="member", by=owner),
        "before_invite": lambda: services.invite(org.row, email="new@example.com", role="member", by=owner),
    }
    expected: dict[str, Any] = {
        "before_create_organization": {"owner": owner, "name": "New", "slug": "", "custom": {}},
        "before_add_member": {"organization": org.row, "account": bob, "role": "member", "by": owner},
        "before_invite": {"organization": org.row, "email": "new@example.com", "role": "member", "by": owner},
    }
    recorder = set_hook(name)
    recorder.raises(OutOfSeats())
    with pytest.raises(OutOfSeats):
        calls[name]()
    assert recorder.calls == [(None, expected[name])]
    assert not Organization.objects.filter(name="New").exists()
    assert not Invitation.objects.exists()
    assert org.row.memberships.count() == 1


def test_a_hook_of_members_is_asked_when_an_invitation_is_accepted(
    org: Org, make_person: MakePerson, set_hook: Any
) -> None:
    from_mail = services.invite(org.row, email="bob@example.com", role="member", by=account_of(org.owner))
    bob = make_person("bob")
    recorder = set_hook("before_add_member")
    recorder.raises(OutOfSeats())
    response = bob.api.post("/invitations/accept", {"token": tokens.mint(from_mail)})
    assert (response.status_code, response.json()["code"]) == (409, "out_of_seats")
    ((request, values),) = recorder.calls
    assert request.path == "/api/v1/invitations/accept"
    assert (values["account"], values["role"]) == (account_of(bob), "member")
    assert org.row.memberships.count() == 1
