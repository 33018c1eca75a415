"""What a host limits: who creates organizations, how many an account owns, and how many members one has.

The numbers are exact, because each is counted under the lock of the row that it is about.
"""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.callables import call_host
from ninja_orgkit.organizations.errors import OrganizationCreationRefused, TooManyMembers, TooManyOrganizations
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import owner_roles


def require_creator(account: Account) -> None:
    """Raise OrganizationCreationRefused unless ``ORGANIZATION_CREATION`` lets the account create organizations."""
    match settings.ORGANIZATION_CREATION:
        case "anyone":
            allowed = True
        case "staff":
            allowed = getattr(account.user, "is_staff", False)
        case path:
            allowed = call_host(path, account)
    if not allowed:
        raise OrganizationCreationRefused


def require_room(organization: Organization) -> None:
    """Raise TooManyMembers if the organization is full. Call it under the lock of the organization."""
    limit = _limit(settings.MEMBERS_MAX, organization)
    if limit is not None and Membership.objects.filter(organization=organization).count() >= limit:
        raise TooManyMembers


def require_ownership(account: Account) -> None:
    """Lock the account, and raise TooManyOrganizations if it may not own one more group.

    Call it after you have locked the organization.
    """
    limit = _limit(settings.ORGANIZATIONS_MAX, account)
    if limit is None:
        return
    lock_account(account)
    owned = Membership.objects.filter(
        account=account,
        role__in=owner_roles(),
        organization__type=Organization.Type.GROUP,
        organization__deleted_at=None,
    )
    if owned.count() >= limit:
        raise TooManyOrganizations


def require_role_allowed(organization: Organization, account: Account, *, role: str, former: str = "") -> None:
    """Raise what keeps an account from getting a role in an organization, which the caller has locked.

    ``former`` is the role of a member; without one the account joins. Raises TooManyMembers and TooManyOrganizations.
    """
    owning = owner_roles()
    if not former:
        require_room(organization)
    if role in owning and former not in owning and organization.type == Organization.Type.GROUP:
        require_ownership(account)


def _limit(limit: int | str | None, about: Any) -> int | None:
    """Return the number that a setting says, or that the function says that it names."""
    found: int | None = call_host(limit, about) if isinstance(limit, str) else limit
    return found
