"""Send, cancel, accept and decline invitations, always under the lock of the organization."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.accounts.services.accounts import mark_verified
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.keys import email_key
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
from ninja_orgkit.organizations.selectors import get_invitation
from ninja_orgkit.organizations.services.members import lock_membership, require_role
from ninja_orgkit.organizations.services.organizations import lock_organization

MAIL = "orgkit.organizations.mail_invitation"
INVITE = "invitations.manage"


@transaction.atomic
def invite(*, by: Membership, email: str, role: str) -> Invitation:
    """Invite an e-mail address to join the organization of the member ``by`` in a role.

    Raises ValidationFailed for an unknown role, Forbidden for a role with a permission that ``by`` does not have,
    PersonalOrganization, AlreadyMember, AlreadyInvited and TooManyInvitations.
    """
    by = lock_membership(by, needs=INVITE)
    require_role(role)
    if not roles.may_handle(by.role, role):
        raise Forbidden
    if by.organization.type == Organization.Type.PERSONAL:
        raise PersonalOrganization
    invitation = Invitation(
        organization=by.organization,
        email=email,
        email_key=email_key(email) or "",
        role=role,
        invited_by=by.account,
        expires_at=timezone.now() + settings.INVITATION_LIFETIME,
    )
    _make_room(invitation)
    with constraint_errors(Invitation, orgkit_invitation_pending=AlreadyInvited):
        invitation.save(force_insert=True)
    enqueue(MAIL, invitation=str(invitation.pk))
    return invitation


@transaction.atomic
def cancel(*, by: Membership, invitation_id: str) -> None:
    """Cancel an invitation, as the member ``by``.

    Raises NotFound, Forbidden if ``by`` may not grant its role, and InvitationEnded if it is not pending.
    """
    by = lock_membership(by, needs=INVITE)
    invitation = get_invitation(by.organization, invitation_id)
    if not roles.may_handle(by.role, invitation.role):
        raise Forbidden
    if invitation.shown_status != Invitation.Status.PENDING:
        raise InvitationEnded
    _end(invitation, Invitation.Status.CANCELLED)


@transaction.atomic
def check(token: str, *, email: str) -> None:
    """Raise what ``accept`` would raise for an account with this address. Change nothing."""
    if _granted(token).email_key != email_key(email):
        raise WrongRecipient


@transaction.atomic
def accept(account: Account, token: str) -> Membership:
    """Join an organization with the token of a mailed link, and mark the address as verified.

    An account that is already a member keeps its role. Raises InvalidLink if the invitation is unknown or not pending,
    or if its sender may no longer grant the role, WrongRecipient if it was sent to another address, and Unauthenticated
    if the account has been deleted.
    """
    invitation = _granted(token)
    if lock_account(account).email_key != invitation.email_key:
        raise WrongRecipient
    membership, _ = Membership.objects.get_or_create(
        organization=invitation.organization, account=account, defaults={"role": invitation.role}
    )
    membership.organization = invitation.organization
    _end(invitation, Invitation.Status.ACCEPTED)
    mark_verified(account)
    return membership


@transaction.atomic
def decline(token: str) -> None:
    """Decline an invitation with the token of its link. Raises InvalidLink if ``accept`` would."""
    _end(_granted(token), Invitation.Status.DECLINED)


def _make_room(invitation: Invitation) -> None:
    """Raise AlreadyMember, AlreadyInvited or TooManyInvitations. End an earlier invitation that no longer works."""
    organization = invitation.organization
    if Membership.objects.filter(organization=organization, account__email_key=invitation.email_key).exists():
        raise AlreadyMember
    pending = Invitation.objects.filter(organization=organization, status=Invitation.Status.PENDING)
    for former in pending.filter(email_key=invitation.email_key):
        if former.shown_status == Invitation.Status.PENDING and _still_granted(former):
            raise AlreadyInvited
        _end(former, Invitation.Status.EXPIRED)
    if pending.filter(expires_at__gt=timezone.now()).count() >= settings.INVITATIONS_MAX_PENDING:
        raise TooManyInvitations


def _granted(token: str) -> Invitation:
    """Return the pending invitation of a token. Raises InvalidLink also if its sender may no longer grant the role."""
    invitation = _pending(token)
    if not _still_granted(invitation):
        raise InvalidLink
    return invitation


def _pending(token: str) -> Invitation:
    """Lock the organization of a token and return the invitation. Raises InvalidLink unless it is pending."""
    key = tokens.read(token)
    organization = Organization.objects.filter(invitations=key).first()
    if organization is None:
        raise InvalidLink
    try:
        organization = lock_organization(organization)
        invitation = get_invitation(organization, str(key))
    except NotFound:
        raise InvalidLink from None
    if invitation.shown_status != Invitation.Status.PENDING:
        raise InvalidLink
    invitation.organization = organization
    return invitation


def _still_granted(invitation: Invitation) -> bool:
    """Tell whether the sender is still an active member who may grant the role."""
    sender = (
        Membership.objects.select_related("account__user")
        .filter(organization=invitation.organization, account=invitation.invited_by_id)
        .first()
    )
    if sender is None or not sender.account.user.is_active or not roles.exists(invitation.role):
        return False
    return INVITE in roles.permissions_of(sender.role) and roles.may_handle(sender.role, invitation.role)


def _end(invitation: Invitation, status: Invitation.Status) -> None:
    invitation.status = status
    invitation.save(update_fields=["status"])
