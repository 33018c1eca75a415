"""An invitation is shown and counted as what accepting it now would find."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from ninja_orgkit.organizations.models import Invitation, Membership
from ninja_orgkit.organizations.rows import invitation_rows
from tests.client import Person
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.org import Org, account_of
from tests.organizations.actions import invite, list_invitations

Loss = tuple[Callable[[Org, Person], object], Callable[[Org, Person], object]]


def _set_active(person: Person, active: bool) -> None:
    get_user_model().objects.filter(pk=account_of(person).pk).update(is_active=active)


def _set_role(org: Org, person: Person, role: str) -> None:
    Membership.objects.filter(organization=org.row, account=account_of(person)).update(role=role)


LOSSES: dict[str, Loss] = {
    "removed": (
        lambda org, sender: org.api.delete(f"{org.path}members/{sender.slug}/"),
        lambda org, sender: org.join(sender, "admin"),
    ),
    "demoted": (
        lambda org, sender: _set_role(org, sender, "member"),
        lambda org, sender: _set_role(org, sender, "admin"),
    ),
    "given a role that does not exist": (
        lambda org, sender: _set_role(org, sender, "gone"),
        lambda org, sender: _set_role(org, sender, "owner"),
    ),
    "deactivated": (lambda org, sender: _set_active(sender, False), lambda org, sender: _set_active(sender, True)),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_void_invitation_is_cancelled_and_pending_again_if_the_reason_goes_away(
    org: Org, loss: str, admin_client: Client
) -> None:
    lose, regain = LOSSES[loss]
    sender = org.add_member("admin")
    key = invite(org, "guest@example.com", by=sender).json()["id"]
    page = f"/admin/orgkit_organizations/invitation/{key}/change/"
    for change, status in ((None, "pending"), (lose, "cancelled"), (regain, "pending")):
        if change:
            change(org, sender)
        assert [item["status"] for item in list_invitations(org)] == [status]
        assert [row["status"] for row in invitation_rows(org.row)] == [status]
        assert status in admin_client.get(page).content.decode()
        assert Invitation.objects.get().status == "pending"


def test_an_invitation_whose_sender_is_deleted_is_cancelled(org: Org) -> None:
    sender = org.add_member("admin")
    key = invite(org, "guest@example.com", by=sender).json()["id"]
    account_of(sender).user.delete()
    assert [(item["status"], item["invited_by"]) for item in list_invitations(org)] == [("cancelled", None)]
    assert org.api.delete(f"{org.path}invitations/{key}/").json()["code"] == "invitation_ended"


def test_an_invitation_to_a_role_that_the_sender_may_not_grant_or_that_is_gone_is_cancelled(
    org: Org, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"ROLES": {"guest": ["org.read"]}}
    second = org.add_member("owner")
    invite(org, "first@example.com", "owner", by=second)
    invite(org, "second@example.com", "guest")
    _set_role(org, second, "admin")
    settings.NINJA_ORGKIT = {}
    assert {item["status"] for item in list_invitations(org)} == {"cancelled"}


def test_void_invitations_do_not_count_towards_the_limit(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"INVITATIONS_MAX_PENDING": 2}
    sender = org.add_member("admin")
    for name in ("a", "b"):
        assert invite(org, f"{name}@example.com", by=sender).status_code == 201
    assert invite(org, "c@example.com").json()["code"] == "too_many_invitations"
    _set_active(sender, False)
    for name in ("c", "d"):
        assert invite(org, f"{name}@example.com").status_code == 201
    assert invite(org, "e@example.com").json()["code"] == "too_many_invitations"


def test_a_void_invitation_that_is_replaced_stays_cancelled(org: Org) -> None:
    sender = org.add_member("admin")
    invite(org, "guest@example.com", by=sender)
    _set_active(sender, False)
    assert invite(org, "guest@example.com").status_code == 201
    _set_active(sender, True)
    assert [item["status"] for item in list_invitations(org)] == ["pending", "cancelled"]


def test_a_void_invitation_is_not_mailed(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    sender = org.add_member("admin")
    invite(org, "guest@example.com", by=sender)
    _set_active(sender, False)
    run_outbox()
    assert mailbox == []


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_and_counting_take_constant_statements_with_many_senders(
    org: Org, count_queries: CountQueries, how_many: int
) -> None:
    for number in range(how_many):
        assert invite(org, f"guest{number}@example.com", by=org.add_member("admin")).status_code == 201
    with count_queries() as queries:
        assert len(list_invitations(org)) == how_many
    assert len(queries) == 3
    with count_queries() as queries:
        assert [row["status"] for row in invitation_rows(org.row)] == ["pending"] * how_many
    assert len(queries) == 2
