"""Organizations follow accounts."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.audit.actions import MEMBER_REMOVED
from ninja_orgkit.audit.announcing import is_heard
from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.organizations.services import members, organizations

_OWNED = "_orgkit_owned_organizations"
_MEMBER = "_orgkit_memberships"


def create_with_account(
    sender: type[Account], instance: Account, created: bool, raw: bool = False, **_kwargs: Any
) -> None:
    """Create the personal organization of a new account, if the host wants any. Fixtures (``raw``) bring their own."""
    if created and not raw and settings.PERSONAL_ORGANIZATIONS:
        organizations.create_personal_organization(instance)


def lock_before_deletion(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Lock the organizations of an account before its deletion. Remember for ``close_after_deletion`` what it has."""
    setattr(instance, _OWNED, members.lock_organizations_of_account(instance))
    if is_heard(MEMBER_REMOVED, Membership):
        setattr(instance, _MEMBER, list(Membership.objects.filter(account=instance).select_related("organization")))


def close_after_deletion(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Close the organizations that a deleted account leaves empty, however it was deleted.

    Raises ProtectedError, which undoes the deletion, if the only other owner has left in the meantime.
    """
    organizations.close_empty_organizations(getattr(instance, _OWNED, set()))
    members.tell_of_departures(instance, getattr(instance, _MEMBER, []))
