"""Send, cancel, accept and decline invitations, always under the lock of the organization."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.accounts.services.accounts import mark_verified
from ninja_orgkit.audit.actions import INVITATION_ACCEPTED, INVITATION_CANCELLED, INVITATION_DECLINED, INVITATION_SENT
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import run_hook
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.errors import Forbidden, InvalidLink, NotFound
from ninja_orgkit.organizations import roles, tokens
from ninja_orgkit.organizations.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationEnded,
    PersonalOrganization,
    TooManyInvitations,
    WrongRecipient,
)
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.selectors import get_invitation, invitations_of
from ninja_orgkit.organizations.services.limits import require_room
from ninja_orgkit.organizations.services.members import join, require_role
from ninja_orgkit.organizations.services.organizations import lock_as, lock_organization
from ninja_orgkit.organizations.values import OrgkitInvitationCreate
from ninja_orgkit.protocol.values import valid

MAIL = "orgkit.organizations.mail_invitation"
INVITE = roles.INVITE


@atomic()
def invite(organization: Organization, *, email: str, role: str, by: Any) -> Invitation:
    """Invite an e-mail address to join a group in a role of ``ROLES``, and mail it the link.

    ``by`` is a user or an account, who needs ``invitations.manage`` and every permission of the role. The invitation
    works for ``INVITATION_LIFETIME``. Raises ValidationFailed for an unknown role and for what is not an address,
    Forbidden, NotFound, PersonalOrganization, AlreadyMember, AlreadyInvited, TooManyInvitations, and what the hook
    ``before_invite`` raises.
    """
    values = valid(OrgkitInvitationCreate, {"email": email, "role": role})
    organization, sender = lock_as(organization, by, needs=INVITE)
    require_role(values["role"])
    if sender is None or not sender.may_handle(values["role"]):
        raise Forbidden
    if organization.type == Organization.Type.PERSONAL:
        raise PersonalOrganization
    invitation = Invitation(
        organization=organization,
        email_key=email_key(values["email"]) or "",
        invited_by=sender.account,
        expires_at=timezone.now() + settings.INVITATION_LIFETIME,
        **values,
    )
    _make_room(invitation)
    run_hook("before_invite", organization=organization, by=sender.account, **values)
    with constraint_errors(Invitation, orgkit_invitation_pending=AlreadyInvited):
        invitation.save(force_insert=True)
    enqueue(MAIL, invitation=str(invitation.pk))
    announce(INVITATION_SENT, invitation, by=sender.account)
    return invitation


@atomic()
def cancel(organization: Organization, invitation_id: str, *, by: Account) -> None:
    """Cancel an invitation, as the member ``by``.

    Raises NotFound, Forbidden if ``by`` may not grant its role, and InvitationEnded if it is not pending.
    """
    organization, sender = lock_as(organization, by, needs=INVITE)
    invitation = get_invitation(organization, invitation_id)
    if sender is None or not sender.may_handle(invitation.role):
        raise Forbidden
    if invitation.shown_status != Invitation.Status.PENDING:
        raise InvitationEnded
    _end(invitation, Invitation.Status.CANCELLED)
    announce(INVITATION_CANCELLED, invitation, by=sender.account, organization=organization)


@atomic()
def check(token: str, *, email: str | None = None) -> None:
    """Raise what ``accept`` would raise for a new account with this address, None if it is not known yet.

    Change nothing. Whether the account may own the organization is not asked, because there is no account yet.
    """
    invitation = _find(token)
    _require_pending(invitation)
    if email is not None and invitation.email_key != email_key(email):
        raise WrongRecipient
    require_room(invitation.organization)


def accept(account: Account, token: str) -> Membership:
    """Join an organization with the token of a mailed link. See ``accept_by_id``."""
    return accept_by_id(account, tokens.read(token))


@atomic()
def accept_by_id(account: Account, key: UUID) -> Membership:
    """Join an organization by the invitation of a mailed link, and mark the address as verified.

    An account that is already a member keeps its role. The account that accepted may do it again while its membership
    lasts. Raises InvalidLink if the invitation is unknown or not pending, or if its sender may no longer grant the
    role, WrongRecipient if it was sent to another address, TooManyMembers, TooManyOrganizations, Unauthenticated if the
    account has been deleted, and what the hook ``before_add_member`` raises.
    """
    invitation = _find_by_id(key)
    if invitation.status == Invitation.Status.ACCEPTED:
        return _accepted_before(invitation, account)
    _require_pending(invitation)
    if lock_account(account).email_key != invitation.email_key:
        raise WrongRecipient
    organization = invitation.organization
    membership = Membership.objects.filter(organization=organization, account=account).first()
    if membership is None:
        membership = join(organization, account, role=invitation.role, by=account)
    membership.organization = organization
    invitation.membership = membership
    _end(invitation, Invitation.Status.ACCEPTED)
    mark_verified(account)
    announce(INVITATION_ACCEPTED, invitation, by=account)
    return membership


@atomic()
def decline(token: str) -> None:
    """Decline an invitation with the token of its link. Raises InvalidLink if ``accept`` would."""
    invitation = _find(token)
    _require_pending(invitation)
    _end(invitation, Invitation.Status.DECLINED)
    announce(INVITATION_DECLINED, invitation)


def _make_room(invitation: Invitation) -> None:
    """Raise AlreadyMember, AlreadyInvited or TooManyInvitations. End an earlier invitation that no longer works."""
    organization = invitation.organization
    if Membership.objects.filter(organization=organization, account__email_key=invitation.email_key).exists():
        raise AlreadyMember
    pending = invitations_of(organization).filter(status=Invitation.Status.PENDING)
    for former in pending.filter(email_key=invitation.email_key):
        shown = Invitation.Status(former.shown_status)
        if shown == Invitation.Status.PENDING:
            raise AlreadyInvited
        _end(former, shown)
    in_time = pending.filter(expires_at__gt=timezone.now()).iterator()
    if sum(other.shown_status == Invitation.Status.PENDING for other in in_time) >= settings.INVITATIONS_MAX_PENDING:
        raise TooManyInvitations


def _accepted_before(invitation: Invitation, account: Account) -> Membership:
    """Return what accepting gave to this account. Raises InvalidLink if it was another one, or if that is over."""
    mine = Membership.objects.filter(organization=invitation.organization, account=account)
    membership = mine.first()
    if membership is None or membership.pk != invitation.membership_id:
        raise InvalidLink
    membership.organization = invitation.organization
    return membership


def _find(token: str) -> Invitation:
    return _find_by_id(tokens.read(token))


def _find_by_id(key: UUID) -> Invitation:
    """Lock the organization of an invitation and return it, whatever its status. Raises InvalidLink."""
    organization = Organization.objects.filter(invitations=key).first()
    if organization is None:
        raise InvalidLink
    try:
        organization = lock_organization(organization)
        invitation = get_invitation(organization, str(key))
    except NotFound:
        raise InvalidLink from None
    invitation.organization = organization
    return invitation


def _require_pending(invitation: Invitation) -> None:
    """Raise InvalidLink unless the invitation is pending, and its sender may still grant the role."""
    if invitation.shown_status != Invitation.Status.PENDING:
        raise InvalidLink


def _end(invitation: Invitation, status: Invitation.Status) -> None:
    invitation.status = status
    invitation.save(update_fields=["status", "membership"])
