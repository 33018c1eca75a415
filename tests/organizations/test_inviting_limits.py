"""How many invitations there can be, and how often somebody can invite."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.organizations.models import Invitation
from tests.org import MakePerson, Org
from tests.organizations.actions import invite


def test_the_number_of_pending_invitations_is_limited(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"INVITATIONS_MAX_PENDING": 2}
    ids = [invite(org, f"guest{number}@example.com").json()["id"] for number in range(2)]
    response = invite(org, "more@example.com")
    assert (response.status_code, response.json()["code"]) == (409, "too_many_invitations")
    org.api.delete(f"{org.path}invitations/{ids[0]}/")
    assert invite(org, "more@example.com").status_code == 201
    Invitation.objects.filter(email="more@example.com").update(expires_at=timezone.now())
    assert invite(org, "another@example.com").status_code == 201


def _withdrawn(org: Org, email: str, *, by: Any = None) -> Any:
    """Invite an address, withdraw the invitation if there is one, and return the answer to the first."""
    response = invite(org, email, by=by)
    if response.status_code == 201:
        org.api.delete(f"{org.path}invitations/{response.json()['id']}/")
    return response


def test_inviting_is_throttled_per_user(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.user": "3/h"}}
    admin = org.add_member("admin", "ada")
    codes = [_withdrawn(org, email).status_code for email in ("ada@example.com", "a@example.com", "b@example.com")]
    assert codes == [409, 201, 201]
    refused = _withdrawn(org, "c@example.com")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert _withdrawn(org, "c@example.com", by=admin).status_code == 201


@pytest.mark.parametrize("known", [True, False])
def test_inviting_is_throttled_per_address(org: Org, make_person: MakePerson, settings: Settings, known: bool) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.email": "2/h"}}
    if known:
        make_person("guest")
    admin = org.add_member("admin")
    assert _withdrawn(org, "guest@example.com").status_code == 201
    assert _withdrawn(org, "GUEST@Example.com", by=admin).status_code == 201
    for someone in (org.owner, admin):
        refused = _withdrawn(org, "guest@example.com", by=someone)
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert invite(org, "other@example.com").status_code == 201


def test_an_address_gets_at_most_twenty_invitations_an_hour(org: Org) -> None:
    assert [_withdrawn(org, "guest@example.com").status_code for _ in range(21)] == [201] * 20 + [429]


def test_a_forbidden_invitation_does_not_count_against_the_throttle(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.email": "1/h"}}
    viewer = org.add_member("viewer")
    assert invite(org, "guest@example.com", by=viewer).status_code == 403
    assert invite(org, "guest@example.com").status_code == 201
