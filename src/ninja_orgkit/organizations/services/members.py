"""Add members, change their role and remove them, always under the lock of the organization."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import ProtectedError

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.audit.actions import MEMBER_ADDED, MEMBER_REMOVED, ROLE_CHANGED
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import run_hook
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.errors import Forbidden, NotFound, field_error
from ninja_orgkit.organizations import roles
from ninja_orgkit.organizations.errors import AlreadyMember, LastOwner, PersonalOrganization, TransferRefused
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.ownership import lock_organizations
from ninja_orgkit.organizations.roles import MANAGE
from ninja_orgkit.organizations.selectors.memberships import reaches, require_permission
from ninja_orgkit.organizations.services.limits import require_role_allowed
from ninja_orgkit.organizations.services.organizations import lock_as, lock_organization, require_group


@atomic()
def add_member(organization: Organization, account: Any, *, role: str, by: Any = None) -> Membership:
    """Make a user or an account a member of a group, without an invitation, and return the membership.

    ``role`` is one of ``ROLES``. ``by`` needs ``members.manage`` and every permission of the role. Raises
    ValidationFailed for an unknown role, Forbidden, NotFound, PersonalOrganization, AlreadyMember, TooManyMembers,
    TooManyOrganizations for an owner who owns enough, and what the hook ``before_add_member`` raises.
    """
    new = as_account(account)
    organization, acting = lock_as(organization, by, needs=MANAGE)
    require_role(role)
    _require_power(acting, role)
    require_group(organization)
    if Membership.objects.filter(organization=organization, account=new).exists():
        raise AlreadyMember
    return join(organization, new, role=role, by=acting.account if acting else None)


def join(organization: Organization, account: Account, *, role: str, by: Account | None) -> Membership:
    """Write the membership of an account that has none in this organization, which the caller has locked.

    Raises TooManyMembers, TooManyOrganizations, and what the hook ``before_add_member`` raises.
    """
    require_role_allowed(organization, account, role=role)
    run_hook("before_add_member", organization=organization, account=account, role=role, by=by)
    with constraint_errors(Membership, orgkit_membership_once=AlreadyMember):
        membership = Membership.objects.create(organization=organization, account=account, role=role)
    announce(MEMBER_ADDED, membership, by=by)
    return membership


@atomic()
def change_role(organization: Organization, account: Any, *, role: str, by: Any = None) -> Membership:
    """Give a member, who is a user or an account, another role of ``ROLES``, and return the membership.

    ``by`` needs ``members.manage`` and every permission of the member's current and new role. Raises ValidationFailed
    for an unknown role, Forbidden, NotFound if there is no such member, LastOwner, and TooManyOrganizations for a new
    owner who owns enough.
    """
    _, acting, member = _lock_member(organization, as_account(account), by)
    require_role(role)
    _require_power(acting, member.role, role)
    _give_role(member, role, by=acting.account if acting else None)
    return member


@atomic()
def transfer_ownership(organization: Organization, account: Any, *, by: Any) -> Membership:
    """Hand a group over to another member, who is a user or an account, and return the membership of ``by``.

    The member gets the role of ``by``, unless theirs allows as much, and ``by`` gets ``TRANSFER_ROLE``. Other owners
    stay. ``by`` needs ``owners.manage`` and every permission of these roles. Raises Forbidden, NotFound if there is no
    such member, PersonalOrganization, TransferRefused for oneself and for somebody inactive, and TooManyOrganizations.
    """
    require_group(organization)
    _, acting, member = _lock_member(organization, as_account(account), by, needs=roles.OWNERS)
    if acting is None or acting is member or not member.account.user.is_active:
        raise TransferRefused
    role = member.role if roles.may_handle(member.role, acting.role) else acting.role
    _require_power(acting, settings.TRANSFER_ROLE, *([] if role == member.role else [member.role, role]))
    _give_role(member, role, by=acting.account)
    _give_role(acting, settings.TRANSFER_ROLE, by=acting.account)
    return acting


def _give_role(member: Membership, role: str, *, by: Account | None) -> None:
    """Change the role of a member of an organization that the caller has locked."""
    if member.role == role:
        return
    require_role_allowed(member.organization, member.account, role=role, former=member.role)
    before = values_of(member, ["role"])
    member.role = role
    member.save(update_fields=["role"])
    announce(ROLE_CHANGED, member, by=by, changes=changes_since(before, member))


@atomic()
def remove_member(organization: Organization, account: Any, *, by: Any = None) -> None:
    """Remove a member, who is a user or an account. If ``by`` is the same person, they leave.

    ``by`` needs ``members.manage`` and every permission of the member's role, but not to leave. Raises Forbidden,
    NotFound if there is no such member, LastOwner, and PersonalOrganization for the person that it belongs to.
    """
    _, acting, member = _lock_member(organization, as_account(account), by)
    if acting is not member or member.account.acting_key is not None:
        _require_power(acting, member.role)
    if member.organization.personal_of_id == member.account_id:
        raise PersonalOrganization
    try:
        member.delete()
    except ProtectedError:
        raise LastOwner from None
    announce(MEMBER_REMOVED, member, by=acting.account if acting else None)


def require_role(role: str) -> None:
    """Raise ValidationFailed unless the role exists."""
    if not roles.exists(role):
        raise field_error(["body", "role"], "This role does not exist", "unknown_role")


def lock_organizations_of_account(account: Account) -> list[int]:
    """Lock all open organizations of an account, in the order of their keys, and return these.

    Until the transaction ends, no member can leave them and no role in them can change.
    """
    mine = Membership.objects.filter(account=account)
    return lock_organizations(Organization.objects.filter(pk__in=mine.values("organization"), deleted_at=None))


def lock_memberships(account: Account) -> list[Membership]:
    """Lock all open organizations of an account, and return its memberships in them. Takes two statements."""
    locked = lock_organizations_of_account(account)
    mine = Membership.objects.filter(account=account, organization__in=locked)
    return list(mine.select_related("organization", "account__user"))


def tell_of_departures(memberships: Iterable[Membership]) -> None:
    """Tell that a deleted account has left organizations. ``memberships`` is what it had in them."""
    for membership in memberships:
        announce(MEMBER_REMOVED, membership)


def _lock_member(
    organization: Organization, account: Account, by: Any, *, needs: str = MANAGE
) -> tuple[Organization, Membership | None, Membership]:
    """Lock an organization, and return it with the membership of ``by``, if that is not None, and of an account.

    These are one object if both are the same person, who then needs no permission, unless they act by an API key. Two
    statements. Raises NotFound, and Forbidden if ``by`` lacks the permission ``needs``.
    """
    acting = None if by is None else as_account(by)
    organization = lock_organization(organization)
    keys = {account.pk, *([acting.pk] if acting else [])}
    found = Membership.objects.select_related("account").filter(organization=organization, account__in=keys)
    members = {member.account_id: member for member in found}
    for member in members.values():
        member.organization = organization
    mine = members.get(acting.pk) if acting else None
    if acting is not None and mine is not None:
        mine.account = acting  # which may act by an API key
    if acting is not None and (acting.pk != account.pk or acting.acting_key is not None):
        if mine is None or not reaches(acting, organization.pk):
            raise NotFound
        require_permission(mine, needs)
    if account.pk not in members:
        raise NotFound
    return organization, mine, members[account.pk]


def _require_power(by: Membership | None, *touched: str) -> None:
    """Raise Forbidden unless a member's role holds every permission of these roles. The host (None) may do anything."""
    if by is not None and not all(by.may_handle(role) for role in touched):
        raise Forbidden
