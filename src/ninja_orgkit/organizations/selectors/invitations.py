"""Find invitations: those of an organization, and those that somebody has received."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import without_long_texts
from ninja_orgkit.conf import settings
from ninja_orgkit.errors import NotFound
from ninja_orgkit.organizations.models import Invitation, Organization
from ninja_orgkit.organizations.roles import may_invite


def invitations_of(organization: Organization) -> QuerySet[Invitation]:
    """Return all invitations of an organization with their senders, including those that have ended."""
    found = Invitation.objects.filter(organization=organization).with_senders()
    return without_long_texts(found, "invited_by")


def invitation_of(organization: Organization, invitation_id: str) -> Invitation:
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
    found = without_long_texts(everything, "invited_by").filter(
        granted,
        email_key=account.email_key,
        status=Invitation.Status.PENDING,
        expires_at__gt=timezone.now(),
        organization__deleted_at=None,
    )
    if has_active_column():
        return found.filter(invited_by__user__is_active=True)
    return found.filter(pk__in=[row.pk for row in found if row.shown_status == Invitation.Status.PENDING])
