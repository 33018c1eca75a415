"""Preview, accept and decline invitations: what the invited person does, always under the lock of the organization."""

from __future__ import annotations

from uuid import UUID

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.accounts.services.accounts import mark_verified
from ninja_orgkit.audit.actions import INVITATION_ACCEPTED, INVITATION_DECLINED
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import InvalidLink, NotFound
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.errors import WrongRecipient
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.selectors.invitations import invitation_of, invitation_with_organization
from ninja_orgkit.organizations.services.limits import require_room
from ninja_orgkit.organizations.services.members import join
from ninja_orgkit.organizations.services.organizations import lock_organization


def preview(token: str) -> Invitation:
    """Return the invitation of a mailed link with its organization, also if it has ended. Takes one statement.

    Raises InvalidLink if the invitation is unknown, if it has been resent since, and if the organization is gone.
    """
    link = tokens.read(token)
    invitation = invitation_with_organization(link.invitation)
    if invitation is None or invitation.resends != link.resends:
        raise InvalidLink
    return invitation


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


@atomic()
def accept(account: Account, token: str) -> Membership:
    """Join an organization with the token of a mailed link, and mark the address as verified.

    An account that is already a member keeps its role. The account that accepted may do it again while its membership
    lasts. Raises InvalidLink if the invitation is unknown or not pending, if its sender may no longer grant the role,
    or if it has been resent since, WrongRecipient if it was sent to another address, TooManyMembers,
    TooManyOrganizations, Unauthenticated if the account has been deleted, and what the hook ``before_add_member``
    raises.
    """
    return _accept_mailed(account, _find(token))


@atomic()
def accept_by_id(account: Account, key: UUID) -> Membership:
    """Join an organization by an invitation whose link the account had when it registered. Raises as ``accept``."""
    return _accept_mailed(account, _find_by_id(key))


@atomic()
def accept_received(account: Account, invitation_id: str) -> Membership:
    """Join an organization by an invitation to the verified address of an account, which needs no token.

    The account that accepted may do it again while its membership lasts. Raises NotFound for any other invitation, and
    for one that is not pending, and otherwise as ``accept``.
    """
    invitation = _find_received(account, invitation_id)
    if invitation.status == Invitation.Status.ACCEPTED:
        membership = _accepted_before(invitation, account)
        if membership is None:
            raise NotFound
        return membership
    _require_received(invitation, account)
    return _join(invitation, account)


@atomic()
def decline(token: str) -> None:
    """Decline an invitation with the token of its link. Raises InvalidLink if ``accept`` would."""
    invitation = _find(token)
    _require_pending(invitation)
    _decline(invitation)


@atomic()
def decline_received(account: Account, invitation_id: str) -> None:
    """Decline a pending invitation to the verified address of an account. Raises NotFound for any other."""
    invitation = _find_received(account, invitation_id)
    _require_received(invitation, account)
    _decline(invitation, by=account)


def _accept_mailed(account: Account, invitation: Invitation) -> Membership:
    if invitation.status == Invitation.Status.ACCEPTED:
        accepted = _accepted_before(invitation, account)
        if accepted is None:
            raise InvalidLink
        return accepted
    _require_pending(invitation)
    if lock_account(account).email_key != invitation.email_key:
        raise WrongRecipient
    membership = _join(invitation, account)
    mark_verified(account)
    return membership


def _join(invitation: Invitation, account: Account) -> Membership:
    organization = invitation.organization
    membership = Membership.objects.filter(organization=organization, account=account).first()
    if membership is None:
        membership = join(organization, account, role=invitation.role, by=account)
    membership.organization = organization
    invitation.membership = membership
    invitation.end(Invitation.Status.ACCEPTED)
    announce(INVITATION_ACCEPTED, invitation, by=account)
    return membership


def _decline(invitation: Invitation, *, by: Account | None = None) -> None:
    invitation.end(Invitation.Status.DECLINED)
    announce(INVITATION_DECLINED, invitation, by=by)


def _accepted_before(invitation: Invitation, account: Account) -> Membership | None:
    """Return what accepting gave to this account, None if it was another one, or if that is over."""
    membership = Membership.objects.filter(organization=invitation.organization, account=account).first()
    if membership is None or membership.pk != invitation.membership_id:
        return None
    membership.organization = invitation.organization
    return membership


def _find(token: str) -> Invitation:
    """Lock the organization of an invitation and return it by its token, whatever its status. Raises InvalidLink."""
    link = tokens.read(token)
    invitation = _find_by_id(link.invitation)
    if invitation.resends != link.resends:
        raise InvalidLink
    return invitation


def _find_by_id(key: UUID) -> Invitation:
    organization = Organization.objects.filter(invitations=key).first()
    if organization is None:
        raise InvalidLink
    try:
        return _locked(organization, key)
    except NotFound:
        raise InvalidLink from None


def _find_received(account: Account, invitation_id: str) -> Invitation:
    """Lock the organization of an invitation to the verified address of an account, and return it. Raises NotFound.

    What is somebody else's and what does not exist take the same statement.
    """
    if account.email_verified_at is None or account.email_key is None:
        raise NotFound
    mine = Invitation.objects.filter(pk=invitation_id, email_key=account.email_key)
    organization = Organization.objects.filter(pk__in=mine.values("organization")).first()
    if organization is None:
        raise NotFound
    return _locked(organization, invitation_id)


def _locked(organization: Organization, key: UUID | str) -> Invitation:
    """Lock an organization and return an invitation of it. Raises NotFound."""
    organization = lock_organization(organization)
    invitation = invitation_of(organization, str(key))
    invitation.organization = organization
    return invitation


def _require_pending(invitation: Invitation) -> None:
    """Raise InvalidLink unless the invitation is pending, and its sender may still grant the role."""
    if invitation.shown_status != Invitation.Status.PENDING:
        raise InvalidLink


def _require_received(invitation: Invitation, account: Account) -> None:
    """Lock an account, and raise NotFound unless a pending invitation is to its address, which is verified."""
    account = lock_account(account)
    mine = account.email_verified_at is not None and account.email_key == invitation.email_key
    if not mine or invitation.shown_status != Invitation.Status.PENDING:
        raise NotFound
