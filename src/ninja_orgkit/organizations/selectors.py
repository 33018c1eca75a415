"""Find organizations: the gate that every request passes, and the lists behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from ninja_orgkit.accounts.authentication import Caller
from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.accounts.live_sessions import LiveSessions, live_session
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.tokens import read_jwt
from ninja_orgkit.conf import settings
from ninja_orgkit.database.prepared import Columns, Parameter, Prepared
from ninja_orgkit.errors import Forbidden, NotFound, field_error
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.ownership import Fates, owned_by
from ninja_orgkit.organizations.roles import MANAGE, exists, may_invite, owner_roles, permissions_by, ranks, roles_with

_ACCOUNT = Parameter("account", Membership._meta.get_field("account"))
_SLUG = Parameter("slug", Organization._meta.get_field("slug"))
_MEMBERSHIP, _ORGANIZATION = Columns(Membership), Columns(Organization)
_PATHS = [*_MEMBERSHIP.paths, *(f"organization__{path}" for path in _ORGANIZATION.paths)]
_membership = Prepared(
    lambda: Membership.objects.filter(
        account=_ACCOUNT, organization__slug=_SLUG, organization__deleted_at=None
    ).values_list(*_PATHS)
)
_organizations_of_account = Prepared(
    lambda: (
        Membership.objects.filter(account=_ACCOUNT, organization__deleted_at=None)
        .order_by("organization__sort_key", "organization__slug")
        .values_list("organization__slug", "organization__name", "organization__type", "role")
    )
)
_live_members = LiveSessions(
    narrow=lambda sessions: sessions.filter(
        account__memberships__organization__slug=_SLUG, account__memberships__organization__deleted_at=None
    ),
    paths=[f"account__memberships__{path}" for path in _PATHS],
)
_roles_of_account = Prepared(
    lambda: Membership.objects.filter(account=_ACCOUNT, organization__deleted_at=None).values_list(
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


def organizations_of(caller: Caller) -> QuerySet[Membership]:
    """Return the caller's memberships with their organizations."""
    return memberships_of(caller).select_related("organization")


def organizations_of_account(account: Account) -> list[dict[str, str]]:
    """Return slug, name, type and role of every organization of an account, by name. Takes one statement."""
    rows = _organizations_of_account.run(account=account.pk)
    return [dict(zip(("slug", "name", "type", "role"), row, strict=True)) for row in rows]


def fates_without(account: Account) -> Fates:
    """Return what becomes of the organizations of an account when it is deleted. Takes four statements at most."""
    mine = Membership.objects.filter(account=account)
    return Membership.objects.fates(mine.values_list("pk", flat=True))


def accounts_without_personal_organization() -> QuerySet[Account]:
    """Return the accounts that lack a personal organization: none where nobody gets one."""
    lacking = Account.objects.filter(personal_organization=None)
    return lacking if settings.PERSONAL_ORGANIZATIONS else lacking.none()


def without_active_owner(organizations: QuerySet[Organization]) -> list[Organization]:
    """Return those groups, by slug, that are open and have owners, but no active one.

    A personal organization belongs to one person, so it is as it should be when they are inactive.
    """
    open_ones = organizations.filter(deleted_at=None, type=Organization.Type.GROUP).order_by("slug")
    owners = Membership.objects.filter(role__in=owner_roles())
    if has_active_column():
        active = owners.filter(organization=OuterRef("pk"), account__user__is_active=True)
        inactive = owners.filter(account__user__is_active=False)
        return list(open_ones.filter(pk__in=inactive.values("organization")).exclude(Exists(active)))
    owned = owned_by(owners.filter(organization__in=open_ones.order_by().values("pk")))
    blocked = {item.organization for item in owned} - {item.organization for item in owned if item.active}
    return list(open_ones.filter(pk__in=blocked))


def members_of(organization: Organization) -> QuerySet[Membership]:
    """Return the members of an organization with their accounts, and a ``sort_key`` made of their usernames.

    That is the canonical key; an account whose username has none, because an older one owns it, sorts by the name.
    ``rank`` is that of the role; one that no longer exists comes last.
    """
    key = Coalesce("account__username_key", Lower("account__username"))
    ranked = [When(role=role, then=Value(rank)) for role, rank in ranks().items()]
    rank = Case(*ranked, default=Value(len(ranked)), output_field=IntegerField())
    found = Membership.objects.filter(organization=organization).annotate(sort_key=key, rank=rank)
    return _without_long_columns(found, "account")


def members_to_list(by: Membership, *, terms: Iterable[str], role: str | None) -> QuerySet[Membership]:
    """Return the members of the organization of ``by``, or those with one role.

    Each of the ``terms`` (see ``search_terms``) must occur in their names, or in their address, if ``by`` sees that.
    Raises ValidationFailed for an unknown role.
    """
    found = members_of(by.organization)
    for term in terms:
        matches = Q(account__search_text__contains=term)
        if MANAGE in by.permissions:
            matches |= Q(account__address_text__contains=term)
        found = found.filter(matches)
    if role is None:
        return found
    if not exists(role):
        raise field_error(["query", "role"], "This role does not exist", "unknown_role")
    return found.filter(role=role)


def get_member(organization: Organization, user_slug: str) -> Membership:
    """Return a member of an organization. Raises NotFound."""
    member = members_of(organization).filter(account__slug=user_slug).first()
    if member is None:
        raise NotFound
    member.organization = organization
    return member


def account_to_manage(by: Membership, user_slug: str) -> Account:
    """Return the account of a member of the organization of ``by``. Takes a statement, unless it is their own.

    Raises Forbidden unless that is ``by`` in person, or ``by`` may manage members, and NotFound.
    """
    if by.account.slug == user_slug and by.account.acting_key is None:
        return by.account
    require_permission(by, MANAGE)
    return get_member(by.organization, user_slug).account


def membership_of_creator(organization: Organization, account: Account) -> Membership:
    """Return the membership that creating an organization has given to an account. Takes no statement."""
    return Membership(organization=organization, account=account, role=settings.CREATOR_ROLE)


def invitations_of(organization: Organization) -> QuerySet[Invitation]:
    """Return all invitations of an organization with their senders, including those that have ended."""
    found = Invitation.objects.filter(organization=organization).with_senders()
    return _without_long_columns(found, "invited_by")


def get_invitation(organization: Organization, invitation_id: str) -> Invitation:
    """Return an invitation of an organization. Raises NotFound."""
    invitation = invitations_of(organization).filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound
    return invitation


def invitation_with_organization(key: UUID) -> Invitation | None:
    """Return an invitation with its organization, None if there is none or if the organization is closed."""
    found = Invitation.objects.with_senders().select_related("organization")
    return found.filter(pk=key, organization__deleted_at=None).first()


def received_invitations(account: Account) -> QuerySet[Invitation]:
    """Return the pending invitations to the verified address of an account, with their organizations and senders."""
    senders_of = {role: [own for own in settings.ROLES if may_invite(own, role)] for role in settings.ROLES}
    granted = Q(pk__in=[])
    for role, senders in senders_of.items():
        granted |= Q(role=role, sender_role__in=senders)
    if account.email_verified_at is None or account.email_key is None:
        return Invitation.objects.none()
    everything = Invitation.objects.with_senders().select_related("organization")
    found = _without_long_columns(everything, "invited_by").filter(
        granted,
        email_key=account.email_key,
        status=Invitation.Status.PENDING,
        expires_at__gt=timezone.now(),
        organization__deleted_at=None,
    )
    if has_active_column():
        return found.filter(invited_by__user__is_active=True)
    return found.filter(pk__in=[row.pk for row in found if row.shown_status == Invitation.Status.PENDING])


def _without_long_columns(rows: QuerySet[Any], account: str) -> QuerySet[Any]:
    return rows.select_related(account).defer(*(f"{account}__{column}" for column in Account.LONG_COLUMNS))
