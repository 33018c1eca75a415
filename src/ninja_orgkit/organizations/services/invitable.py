"""Tell which addresses an organization can invite now, and end the invitations that a new one takes the place of."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.errors import AlreadyInvited, AlreadyMember, TooManyInvitations
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.selectors.invitations import invitations_of


class Invitable:
    """Which of some addresses (in the form of ``email_key``) an organization can invite.

    ``pending`` are the addresses with a pending invitation, apart from the invitation ``but``. Takes two statements,
    under the lock of the organization.
    """

    def __init__(self, organization: Organization, keys: Collection[str], *, but: Invitation | None = None) -> None:
        members = Membership.objects.filter(organization=organization, account__email_key__in=keys)
        mine = Q(expires_at__gt=timezone.now()) | Q(email_key__in=keys)
        stored = invitations_of(organization).filter(mine, status=Invitation.Status.PENDING)
        self.organization = organization
        self.members = set(members.values_list("account__email_key", flat=True))
        self.pending: set[str] = set()
        self.former: list[Invitation] = []
        for invitation in stored:
            if but is not None and invitation.pk == but.pk:
                continue
            if invitation.shown_status == Invitation.Status.PENDING:
                self.pending.add(invitation.email_key)
            else:
                self.former.append(invitation)

    def check(self, key: str) -> None:
        """Raise AlreadyMember, AlreadyInvited or TooManyInvitations unless this address can be invited."""
        if key in self.members:
            raise AlreadyMember
        if key in self.pending:
            raise AlreadyInvited
        if len(self.pending) >= settings.INVITATIONS_MAX_PENDING:
            raise TooManyInvitations

    def end_former(self, keys: Collection[str]) -> None:
        """End the earlier invitations to these addresses, which no longer work, as what they are shown as."""
        former = [invitation for invitation in self.former if invitation.email_key in keys]
        for status in (Invitation.Status.EXPIRED, Invitation.Status.CANCELLED):
            ended = [invitation.pk for invitation in former if invitation.shown_status == status]
            if ended:
                Invitation.objects.filter(pk__in=ended).update(status=status, pending_key=None)
