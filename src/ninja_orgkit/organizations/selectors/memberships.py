"""Find memberships, which are the only way into an organization: every request passes this gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from ninja_orgkit.accounts.authentication import Caller
from ninja_orgkit.accounts.live_sessions import LiveSessions, live_session
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.tokens import read_jwt
from ninja_orgkit.database.prepared import Columns, Parameter, Prepared
from ninja_orgkit.errors import Forbidden, NotFound
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import permissions_by, roles_with

ACCOUNT = Parameter("account", Membership._meta.get_field("account"))
"""Stands for an account in a prepared statement about memberships."""

_SLUG = Parameter("slug", Organization._meta.get_field("slug"))
_MEMBERSHIP, _ORGANIZATION = Columns(Membership), Columns(Organization)
_PATHS = [*_MEMBERSHIP.paths, *(f"organization__{path}" for path in _ORGANIZATION.paths)]
_membership = Prepared(
    lambda: Membership.objects.filter(
        account=ACCOUNT, organization__slug=_SLUG, organization__deleted_at=None
    ).values_list(*_PATHS)
)
_live_members = LiveSessions(
    narrow=lambda sessions: sessions.filter(
        account__memberships__organization__slug=_SLUG, account__memberships__organization__deleted_at=None
    ),
    paths=[f"account__memberships__{path}" for path in _PATHS],
)
_roles_of_account = Prepared(
    lambda: Membership.objects.filter(account=ACCOUNT, organization__deleted_at=None).values_list(
        "organization_id", "role"
    )
)


@dataclass(frozen=True)
class OrganizationCaller(Caller):
    """A caller whose membership in the organization ``org_slug`` is known already: None if there is none."""

    org_slug: str = ""
    membership: Membership | None = None


def caller_in_organization(org_slug: str, token: str) -> OrganizationCaller:
    """Return the caller that an access token stands for, with the membership in an organization. Raises InvalidJwt.

    Takes one statement for a member, and two for others: the second one tells whether the token is valid.
    """
    claims = read_jwt(token, token_type="access")
    found = _live_members.find(claims, slug=org_slug)
    if found is None:
        session = live_session(token, token_type="access")
        return OrganizationCaller(session.account, session, org_slug=org_slug)
    session, row = found
    membership = _membership_in(row, _live_members.db, session.account)
    return OrganizationCaller(session.account, session, org_slug=org_slug, membership=membership)


def get_membership(caller: Caller, org_slug: str, *, needs: str | None) -> Membership:
    """Return the caller's membership, which is the only way into an organization.

    Raises NotFound if there is none, whether or not the organization exists, and Forbidden if the role lacks the
    permission ``needs`` (None: any role will do). Takes one statement, unless it is known already.
    """
    if isinstance(caller, OrganizationCaller) and caller.org_slug == org_slug:
        return _required(caller.membership, needs)
    return read_membership(caller, org_slug, needs=needs)


def read_membership(caller: Caller, org_slug: str, *, needs: str | None) -> Membership:
    """Return the caller's membership like ``get_membership``, as it is now. Takes one statement."""
    row = _membership.first(account=caller.account.pk, slug=org_slug)
    return _required(row and _membership_in(row, _membership.db, caller.account), needs)


def reaches(account: Account, organization: int) -> bool:
    """Tell whether an account may act in one of its organizations (primary key): an API key acts in only one."""
    return account.acting_key is None or account.acting_key.organization_id == organization


def _membership_in(row: Sequence[Any], db: str, account: Account) -> Membership:
    membership, rest = _MEMBERSHIP.read(row, db)
    membership.organization, _ = _ORGANIZATION.read(rest, db)
    membership.account = account
    return membership


def _required(membership: Membership | None, needs: str | None) -> Membership:
    if membership is None or not reaches(membership.account, membership.organization_id):
        raise NotFound
    require_permission(membership, needs)
    return membership


def require_permission(membership: Membership, needs: str | None) -> None:
    """Raise Forbidden unless the member has the permission ``needs``. None needs no permission."""
    if needs is not None and needs not in membership.permissions:
        raise Forbidden


def require_open(organization: Organization) -> None:
    """Raise NotFound if an organization has been closed. Takes one statement."""
    if not Organization.objects.filter(pk=organization.pk, deleted_at=None).exists():
        raise NotFound


def require_member(organization: Organization, account: Account | None, *, needs: str) -> None:
    """Raise NotFound unless an account is a member of an open organization, and Forbidden without a permission.

    None is the host itself, which needs no permission. Takes one statement.
    """
    if account is None:
        require_open(organization)
        return
    found = account.memberships.filter(organization=organization, organization__deleted_at=None)
    _required(found.first(), needs)


def memberships_of(caller: Caller, *, needs: str = "org.read") -> QuerySet[Membership]:
    """Return the caller's memberships in open organizations in which the caller has a permission."""
    found = caller.account.memberships.filter(organization__deleted_at=None, role__in=roles_with(needs))
    if caller.key is None:
        return found
    return found.filter(organization=caller.key.organization_id) if needs in caller.key.permissions else found.none()


def organization_keys_of(caller: Caller, *, needs: str) -> list[int]:
    """Return the primary keys of the organizations in which the caller has a permission. Takes one statement."""
    memberships = _roles_of_account.run(account=caller.account.pk)
    return [key for key, role in memberships if needs in permissions_by(caller.key, key, role)]
