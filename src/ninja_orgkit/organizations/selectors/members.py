"""Find the members of an organization."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import without_long_texts
from ninja_orgkit.conf import settings
from ninja_orgkit.errors import NotFound, field_error
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import MANAGE, exists, ranks
from ninja_orgkit.organizations.selectors.memberships import require_permission


def members_of(organization: Organization) -> QuerySet[Membership]:
    """Return the members of an organization with their accounts.

    ``rank`` is that of the role; one that no longer exists comes last.
    """
    ranked = [When(role=role, then=Value(rank)) for role, rank in ranks().items()]
    rank = Case(*ranked, default=Value(len(ranked)), output_field=IntegerField())
    found = Membership.objects.filter(organization=organization).annotate(rank=rank)
    return without_long_texts(found, "account")


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


def member_of(organization: Organization, user_slug: str) -> Membership:
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
    return member_of(by.organization, user_slug).account


def membership_of_creator(organization: Organization, account: Account) -> Membership:
    """Return the membership that creating an organization has given to an account. Takes no statement."""
    return Membership(organization=organization, account=account, role=settings.CREATOR_ROLE)
