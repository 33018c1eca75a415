"""``/invitations/*``: seeing, accepting and declining invitations to oneself, by the mailed link or without it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.accounts.selectors import account_by_email
from ninja_orgkit.errors import InvalidLink, NotFound
from ninja_orgkit.organizations.errors import TooManyMembers, TooManyOrganizations, WrongRecipient
from ninja_orgkit.organizations.schemas.invitations import (
    OrgkitInvitationAnswer,
    OrgkitInvitationPreview,
    OrgkitReceivedInvitation,
    represent_preview,
    represent_received,
)
from ninja_orgkit.organizations.schemas.organizations import OrgkitOrganization, represent_organization
from ninja_orgkit.organizations.selectors.invitations import received_invitations
from ninja_orgkit.organizations.services import answers
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import per_client

router = OrgkitRouter(tags=["invitations"], people_only=True)

_ORDERINGS = Orderings({"created_at": "created_at", "expires_at": "expires_at"}, default="-created_at", tie="id")


@router.get("/", auth=bearer, response=OrgkitPage[OrgkitReceivedInvitation])
def list_received_invitations(request: AuthedRequest, page: PageQuery) -> dict[str, Any]:
    """List the pending invitations to the caller's address, if it is verified, by `created_at` or `expires_at`."""
    rows = received_invitations(request.auth.account)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent_received)


@router.post(
    "/preview", response=OrgkitInvitationPreview, errors=[InvalidLink], throttles=[per_client("invite.address")]
)
def preview_invitation(request: HttpRequest, body: Json[OrgkitInvitationAnswer]) -> dict[str, Any]:
    """Return what an invitation is about, with its true status, also if it has ended. This needs only its link."""
    invitation = answers.preview(body.token)
    return represent_preview(invitation, has_account=account_by_email(invitation.email) is not None)


@router.post(
    "/accept",
    auth=bearer,
    response=OrgkitOrganization,
    errors=[InvalidLink, WrongRecipient, TooManyMembers, TooManyOrganizations],
    tagged=True,
)
def accept_invitation(request: AuthedRequest, body: Json[OrgkitInvitationAnswer]) -> dict[str, Any]:
    """Join an organization with the token of an invitation that was sent to the caller's address."""
    return represent_organization(answers.accept(request.auth.account, body.token))


@router.post("/decline", response={204: None}, errors=[InvalidLink])
def decline_invitation(request: HttpRequest, body: Json[OrgkitInvitationAnswer]) -> None:
    """Decline an invitation. This needs only its link, not an account."""
    answers.decline(body.token)


@router.post(
    "/{invitation_id}/accept",
    auth=bearer,
    response=OrgkitOrganization,
    errors=[NotFound, TooManyMembers, TooManyOrganizations],
    tagged=True,
)
def accept_received_invitation(request: AuthedRequest, invitation_id: UuidPart) -> dict[str, Any]:
    """Join an organization by a pending invitation to the caller's verified address. This needs no token."""
    return represent_organization(answers.accept_received(request.auth.account, invitation_id))


@router.post("/{invitation_id}/decline", auth=bearer, response={204: None}, errors=[NotFound])
def decline_received_invitation(request: AuthedRequest, invitation_id: UuidPart) -> None:
    """Decline a pending invitation to the caller's verified address. This needs no token."""
    answers.decline_received(request.auth.account, invitation_id)
