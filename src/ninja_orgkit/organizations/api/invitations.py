"""``/orgs/{org_slug}/invitations/``: invitations to join an organization."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.errors import Throttled
from ninja_orgkit.organizations import errors
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.organizations.schemas.invitations import (
    OrgkitInvitation,
    OrgkitInvitationChange,
    OrgkitInvitationResults,
    represent_invitation,
    represent_invited,
)
from ninja_orgkit.organizations.selectors.invitations import invitation_of, invitations_of
from ninja_orgkit.organizations.services import invitations
from ninja_orgkit.organizations.values import OrgkitInvitationCreate, OrgkitInvitationsCreate
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import unchanged
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.throttling import per_account, per_value, throttle, throttle_each

router = OrganizationRouter(tags=["invitations"], auth=organization_bearer)

_ORDERINGS = Orderings(
    {"created_at": "created_at", "expires_at": "expires_at", "email": "email_key"}, default="-created_at", tie="id"
)


@router.get("/", response=OrgkitPage[OrgkitInvitation], needs=invitations.INVITE)
def list_invitations(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List all invitations of an organization, including ended ones, by `created_at`, `expires_at` or `email`."""
    rows = invitations_of(request.organization)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent_invitation)


@router.post(
    "/",
    response={201: OrgkitInvitation},
    needs=invitations.INVITE,
    errors=[errors.PersonalOrganization, errors.AlreadyMember, errors.AlreadyInvited, errors.TooManyInvitations],
    throttles=[per_account("invite.user"), per_value("invite.email", lambda body: email_key(body.email) or "")],
    idempotent=True,
    tagged=True,
    located="id",
)
def create_invitation(request: MemberRequest, body: Json[OrgkitInvitationCreate]) -> dict[str, Any]:
    """Invite somebody by mail. You can grant only roles whose permissions you hold.

    Without a `role` the server's own choice is taken, if it has one.
    """
    by = request.auth.account
    return represent_invitation(invitations.invite(request.organization, email=body.email, role=body.role, by=by))


@router.post(
    "/bulk/",
    response=OrgkitInvitationResults,
    needs=invitations.INVITE,
    errors=[errors.PersonalOrganization],
    throttles=[per_account("invite.user", requests=lambda body: len(body.invitations))],
    idempotent=True,
)
def bulk_invite(request: MemberRequest, body: Json[OrgkitInvitationsCreate]) -> dict[str, Any]:
    """Invite up to 100 people by mail. What is wrong with one of them does not keep the others.

    An address that is listed twice is `already_invited` the second time. The errors of a row are those that inviting
    this person alone would give.
    """
    keys = {key for row in body.invitations if (key := email_key(row.email))}
    refused = {key: Throttled() for key in throttle_each("invite.email", keys)}
    rows = [row.model_dump() for row in body.invitations]
    results = invitations.invite_many(request.organization, rows, by=request.auth.account, refused=refused)
    return {"results": [represent_invited(invited) for invited in results]}


@router.get("/{invitation_id}/", response=OrgkitInvitation, needs=invitations.INVITE, tagged=True)
def get_invitation(request: MemberRequest, invitation_id: UuidPart) -> dict[str, Any]:
    """Return an invitation of an organization, also if it has ended."""
    return represent_invitation(invitation_of(request.organization, invitation_id))


@router.patch(
    "/{invitation_id}/",
    response=OrgkitInvitation,
    needs=invitations.INVITE,
    errors=[errors.InvitationEnded],
    tagged=True,
)
def update_invitation(
    request: MemberRequest, invitation_id: UuidPart, body: Json[OrgkitInvitationChange]
) -> dict[str, Any]:
    """Change the role of a pending invitation. Its link keeps working.

    You must hold every permission of the former and of the new role, and become the one who invites.
    """
    with _unchanged(request, invitation_id):
        invitation = invitations.update(request.organization, invitation_id, role=body.role, by=request.auth.account)
    return represent_invitation(invitation)


@router.delete(
    "/{invitation_id}/",
    response={204: None},
    needs=invitations.INVITE,
    errors=[errors.InvitationEnded],
    tagged=OrgkitInvitation,
)
def cancel_invitation(request: MemberRequest, invitation_id: UuidPart) -> None:
    """Cancel a pending invitation. Its link stops working."""
    with _unchanged(request, invitation_id):
        invitations.cancel(request.organization, invitation_id, by=request.auth.account)


def _throttle_resending(request: MemberRequest, _body: Any) -> None:
    """Count the mail against its sender, its invitation and its address, once the caller may send it."""
    match: Any = request.resolver_match
    invitation = invitations.grantable(request.member, match.kwargs["invitation_id"])
    throttle("invite.resend", str(invitation.pk))
    throttle("invite.user", request.auth.identity)
    throttle("invite.email", invitation.email_key)


@router.post(
    "/{invitation_id}/resend/",
    response=OrgkitInvitation,
    needs=invitations.INVITE,
    errors=[errors.InvitationEnded, errors.AlreadyMember, errors.AlreadyInvited, errors.TooManyInvitations],
    throttles=[_throttle_resending],
    idempotent=True,
    tagged=True,
)
def resend_invitation(request: MemberRequest, invitation_id: UuidPart) -> dict[str, Any]:
    """Send a pending or expired invitation again, with a new link and a new time to expire.

    The former link stops working. You must hold every permission of the role, and become the one who invites.
    """
    return represent_invitation(invitations.resend(request.organization, invitation_id, by=request.auth.account))


def _unchanged(request: MemberRequest, invitation_id: str) -> AbstractContextManager[None]:
    """Check the If-Match of a write. Invitations change under the lock of their organization."""
    read = partial(invitation_of, request.organization, invitation_id)
    return unchanged(request, request.organization, lambda: represent_invitation(read()))
