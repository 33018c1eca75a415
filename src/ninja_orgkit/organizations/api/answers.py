"""``/invitations/*``: what who was asked to join answers, by the token of the mailed link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.errors import InvalidToken
from ninja_orgkit.organizations import schemas
from ninja_orgkit.organizations.errors import WrongRecipient
from ninja_orgkit.organizations.services import invitations
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import reply_tagged
from ninja_orgkit.protocol.responses import empty
from ninja_orgkit.protocol.routing import OrgkitRouter

router = OrgkitRouter(tags=["invitations"])


@router.post(
    "/accept",
    auth=bearer,
    response=schemas.OrgkitOrganization,
    errors=[InvalidToken, WrongRecipient],
    tagged=True,
)
def accept_invitation(request: AuthedRequest, body: Json[schemas.OrgkitInvitationAnswer]) -> HttpResponse:
    """Join an organization by the token of an invitation that went to the caller's address."""
    membership = invitations.accept(request.auth.account, body.token)
    return reply_tagged(request, schemas.OrgkitOrganization, schemas.show_organization(membership))


@router.post("/decline", response={204: None}, errors=[InvalidToken])
def decline_invitation(request: HttpRequest, body: Json[schemas.OrgkitInvitationAnswer]) -> HttpResponse:
    """Turn an invitation down. Who holds its link needs no account for that."""
    invitations.decline(body.token)
    return empty()
