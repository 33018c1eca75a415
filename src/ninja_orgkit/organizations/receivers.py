"""Organizations follow accounts."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.organizations.ownership import owned_through
from ninja_orgkit.organizations.services import members, organizations

_JOINED = "_orgkit_memberships"


def create_with_account(
    sender: type[Account], instance: Account, created: bool, raw: bool = False, **_kwargs: Any
) -> None:
    """Create the personal organization of a new account, if the host wants any. Fixtures (``raw``) bring their own."""
    if created and not raw and settings.PERSONAL_ORGANIZATIONS:
        organizations.create_personal_organization(instance)


def lock_before_deletion(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Lock the organizations of an account before its deletion, and remember its memberships in them."""
    setattr(instance, _JOINED, members.lock_memberships(instance))


def close_after_deletion(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Close the organizations that a deleted account leaves empty, however it was deleted, and tell where it was.

    Raises ProtectedError, which undoes the deletion, if the only other owner has left in the meantime.
    """
    joined: list[Membership] = getattr(instance, _JOINED, [])
    closed = organizations.close_empty_organizations(owned_through(joined))
    members.tell_of_departures(item for item in joined if item.organization_id not in closed)
