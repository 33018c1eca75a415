"""Send, change, resend and cancel invitations, always under the lock of the organization."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.utils import timezone

from ninja_orgkit.audit.actions import INVITATION_CANCELLED, INVITATION_RESENT, INVITATION_SENT, INVITATION_UPDATED
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.background.outbox import enqueue, enqueue_each
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import hook_first
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.errors import Forbidden, OrgKitError
from ninja_orgkit.organizations import roles
from ninja_orgkit.organizations.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationEnded,
    PersonalOrganization,
)
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.selectors.invitations import invitation_of
from ninja_orgkit.organizations.services.invitable import Invitable
from ninja_orgkit.organizations.services.members import require_role
from ninja_orgkit.organizations.services.organizations import lock_as
from ninja_orgkit.organizations.values import OrgkitInvitationCreate
from ninja_orgkit.protocol.values import valid

MAIL = "orgkit.organizations.mail_invitation"
INVITE = roles.INVITE
MAX_INVITED = 100
"""How many addresses one request can invite."""

_PENDING = Invitation.Status.PENDING


@dataclass(frozen=True)
class Invited:
    """What became of one address of several: it has an ``invitation`` or an ``error``, which is one of the kit."""

    email: str
    invitation: Invitation | None = None
    error: OrgKitError | None = None

    @property
    def status(self) -> str:
        """``created``, ``already_member``, ``already_invited``, or ``error`` for any other."""
        if self.error is None:
            return "created"
        return self.error.code if isinstance(self.error, AlreadyMember | AlreadyInvited) else "error"


@atomic()
def invite(organization: Organization, *, email: str, role: str, by: Any) -> Invitation:
    """Invite an e-mail address to join a group in a role of ``ROLES``, and mail it the link.

    ``by`` is a user or an account, who needs ``invitations.manage`` and every permission of the role. The invitation
    works for ``INVITATION_LIFETIME``. Raises ValidationFailed for an unknown role and for what is not an address,
    Forbidden, NotFound, PersonalOrganization, AlreadyMember, AlreadyInvited, TooManyInvitations, and what the hook
    ``before_invite`` raises.
    """
    (invited,) = invite_many(organization, [{"email": email, "role": role}], by=by)
    if invited.error is not None:
        raise invited.error
    return cast("Invitation", invited.invitation)


@atomic()
def invite_many(
    organization: Organization,
    invitations: Iterable[Mapping[str, str]],
    *,
    by: Any,
    refused: Mapping[str, OrgKitError] | None = None,
) -> list[Invited]:
    """Invite several addresses, and tell for each what became of it, in their order.

    ``invitations`` are mappings with ``email`` and ``role``. What ``invite`` raises for one address becomes the error
    of that address. An address that comes twice is invited once. ``refused`` has the errors of addresses, in the form
    of ``email_key``, that are not to be invited. Takes as many statements as for one address. Raises Forbidden,
    NotFound and PersonalOrganization, which concern all addresses.
    """
    organization, sender = lock_as(organization, by, needs=INVITE)
    if sender is None:
        raise Forbidden
    if organization.type == Organization.Type.PERSONAL:
        raise PersonalOrganization
    rows = [(str(row.get("email", "")), row) for row in invitations]
    invitable = Invitable(organization, {key for email, _ in rows if (key := email_key(email))})
    results = []
    for email, row in rows:
        try:
            invitation = _prepare(invitable, sender, row, refused or {})
        except OrgKitError as exc:
            results.append(Invited(email, error=exc))
        else:
            results.append(Invited(invitation.email, invitation))
    new = [invited.invitation for invited in results if invited.invitation is not None]
    invitable.end_former({invitation.email_key for invitation in new})
    with constraint_errors(Invitation, orgkit_invitation_pending=AlreadyInvited):
        Invitation.objects.bulk_create(new)
    enqueue_each(MAIL, ({"invitation": str(invitation.pk)} for invitation in new))
    for invitation in new:
        announce(INVITATION_SENT, invitation, by=sender.account)
    return results


@atomic()
def update(organization: Organization, invitation_id: str, *, role: str, by: Any) -> Invitation:
    """Change the role of a pending invitation, and return it. Its link keeps working.

    ``by`` is a user or an account, who needs every permission of both roles, and now answers for the invitation. Raises
    NotFound, Forbidden, ValidationFailed for an unknown role, InvitationEnded if it is not pending, and what the hook
    ``before_invite`` raises.
    """
    invitation, sender = _lock(organization, invitation_id, by)
    require_role(role)
    _require_power(sender, role)
    if invitation.shown_status != _PENDING:
        raise InvitationEnded
    before = values_of(invitation, ["role"])
    if role == invitation.role:
        return invitation
    invitation.role = role
    _take_over(invitation, sender)
    invitation.save(update_fields=["role", "invited_by"])
    announce(INVITATION_UPDATED, invitation, by=sender.account, changes=changes_since(before, invitation))
    return invitation


@atomic()
def resend(organization: Organization, invitation_id: str, *, by: Any) -> Invitation:
    """Send a pending or expired invitation again, with a new link and a new time to expire, and return it.

    The former link stops working. ``by`` is a user or an account, who may grant the role, and now answers for the
    invitation. Raises NotFound, Forbidden, InvitationEnded if it has ended otherwise, AlreadyMember, AlreadyInvited if
    the address has a newer invitation, TooManyInvitations, and what the hook ``before_invite`` raises.
    """
    invitation, sender = _lock(organization, invitation_id, by)
    if invitation.shown_status not in (_PENDING, Invitation.Status.EXPIRED):
        raise InvitationEnded
    invitable = Invitable(organization, {invitation.email_key}, but=invitation)
    invitable.check(invitation.email_key)
    _take_over(invitation, sender)
    invitable.end_former({invitation.email_key})
    before = values_of(invitation, ["expires_at"])
    invitation.status = _PENDING
    invitation.expires_at = timezone.now() + settings.INVITATION_LIFETIME
    invitation.resends += 1
    with constraint_errors(Invitation, orgkit_invitation_pending=AlreadyInvited):
        invitation.save(update_fields=["status", "expires_at", "resends", "invited_by"])
    enqueue(MAIL, invitation=str(invitation.pk))
    announce(INVITATION_RESENT, invitation, by=sender.account, changes=changes_since(before, invitation))
    return invitation


@atomic()
def cancel(organization: Organization, invitation_id: str, *, by: Any) -> None:
    """Cancel an invitation, as the member ``by``.

    Raises NotFound, Forbidden if ``by`` may not grant its role, and InvitationEnded if it is not pending.
    """
    invitation, sender = _lock(organization, invitation_id, by)
    if invitation.shown_status != _PENDING:
        raise InvitationEnded
    invitation.end(Invitation.Status.CANCELLED)
    announce(INVITATION_CANCELLED, invitation, by=sender.account)


def grantable(member: Membership, invitation_id: str) -> Invitation:
    """Return an invitation of the member's organization whose role the member may grant.

    Raises NotFound and Forbidden.
    """
    invitation = invitation_of(member.organization, invitation_id)
    _require_power(member, invitation.role)
    invitation.organization = member.organization
    return invitation


def _lock(organization: Organization, invitation_id: str, by: Any) -> tuple[Invitation, Membership]:
    """Lock the organization, and return an invitation of it with the membership of ``by``, who may grant its role."""
    _, sender = lock_as(organization, by, needs=INVITE)
    if sender is None:
        raise Forbidden
    return grantable(sender, invitation_id), sender


def _require_power(sender: Membership, role: str) -> None:
    """Raise Forbidden unless a member may grant a role."""
    if not sender.may_handle(role):
        raise Forbidden


def _prepare(
    invitable: Invitable, sender: Membership, row: Mapping[str, str], refused: Mapping[str, OrgKitError]
) -> Invitation:
    """Return the invitation that a row asks for, not saved yet. Raises what keeps it from being sent."""
    values = {"role": settings.INVITATION_ROLE, **valid(OrgkitInvitationCreate, dict(row))}
    require_role(values["role"])
    _require_power(sender, values["role"])
    key = email_key(values["email"]) or ""
    if key in refused:
        raise refused[key]
    invitable.check(key)
    expires_at = timezone.now() + settings.INVITATION_LIFETIME
    invitation = Invitation(organization=invitable.organization, email_key=key, expires_at=expires_at, **values)
    invitation.derive()
    _take_over(invitation, sender)
    invitable.pending.add(key)
    return invitation


def _take_over(invitation: Invitation, sender: Membership) -> None:
    """Let a member answer for an invitation, unless the hook of the host refuses it: then what it wrote is undone."""
    values = {"email": invitation.email, "role": invitation.role}
    with hook_first("before_invite", organization=invitation.organization, by=sender.account, **values):
        invitation.invited_by = sender.account
        invitation.sender_role = sender.role
