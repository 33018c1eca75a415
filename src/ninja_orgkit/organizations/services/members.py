"""Change the role of members and remove them, always under the lock of the organization."""

from __future__ import annotations

from django.db.models import ProtectedError

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import Forbidden, NotFound, field_error
from ninja_orgkit.organizations import roles
from ninja_orgkit.organizations.errors import LastOwner, PersonalOrganization
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.ownership import Owned, lock_organizations, owned_by
from ninja_orgkit.organizations.selectors import require
from ninja_orgkit.organizations.services.limits import require_role_allowed
from ninja_orgkit.organizations.services.organizations import lock_organization


@atomic()
def change_role(*, by: Membership, account_slug: str, role: str) -> Membership:
    """Give a member another role, as the member ``by``.

    Raises NotFound, ValidationFailed for an unknown role, Forbidden if the member's current or new role has a
    permission that ``by`` does not have, LastOwner, and TooManyOrganizations for a new owner who owns enough.
    """
    by = lock_membership(by, needs="members.manage")
    member = _member(by.organization, account_slug)
    require_role(role)
    _require_power(by, member.role, role)
    if member.role != role:
        require_role_allowed(by.organization, member.account, role=role, former=member.role)
        member.role = role
        member.save(update_fields=["role"])
    return member


@atomic()
def remove_member(*, by: Membership, account_slug: str) -> None:
    """Remove a member, as the member ``by``. A member who removes themselves leaves.

    Raises NotFound, Forbidden, LastOwner, and PersonalOrganization for the person that it belongs to.
    """
    leaving = by.account.slug == account_slug
    by = lock_membership(by, needs=None if leaving else "members.manage")
    member = by if leaving else _member(by.organization, account_slug)
    if not leaving:
        _require_power(by, member.role)
    if member.organization.personal_of_id == member.account_id:
        raise PersonalOrganization
    try:
        member.delete()
    except ProtectedError:
        raise LastOwner from None


def add_membership(organization: Organization, account: Account, *, role: str) -> Membership:
    """Make an account a member of an organization, which the caller has locked.

    Raises TooManyMembers and TooManyOrganizations.
    """
    require_role_allowed(organization, account, role=role)
    return Membership.objects.create(organization=organization, account=account, role=role)


def require_role(role: str) -> None:
    """Raise ValidationFailed unless the role exists."""
    if not roles.exists(role):
        raise field_error(["body", "role"], "This role does not exist", "unknown_role")


def lock_membership(membership: Membership, *, needs: str | None) -> Membership:
    """Lock the organization of a membership and read the membership again. Raises NotFound and Forbidden."""
    organization = lock_organization(membership.organization)
    current = Membership.objects.select_related("account").filter(pk=membership.pk).first()
    if current is None:
        raise NotFound
    require(current, needs)
    current.organization = organization
    return current


def lock_organizations_of_account(account: Account) -> set[Owned]:
    """Lock all organizations of an account, in the order of their keys, and return what it owns.

    Until the transaction ends, no member can leave them and no role in them can change.
    """
    mine = Membership.objects.filter(account=account)
    joined = Organization.objects.filter(pk__in=mine.values("organization"), deleted_at=None)
    locked = lock_organizations(joined)
    return owned_by(mine.filter(organization__in=locked))


def _member(organization: Organization, account_slug: str) -> Membership:
    found = Membership.objects.select_related("account").filter(organization=organization, account__slug=account_slug)
    member = found.first()
    if member is None:
        raise NotFound
    member.organization = organization
    return member


def _require_power(by: Membership, *touched: str) -> None:
    if not all(roles.may_handle(by.role, role) for role in touched):
        raise Forbidden
