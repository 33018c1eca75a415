"""``/invitations/*``: what who was asked to join answers, by the token of the mailed link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.organizations import schemas
from ninja_orgkit.organizations.services import invitations
from ninja_orgkit.protocol.payload import Json
from ninja_orgkit.protocol.replies import empty, reply
from ninja_orgkit.protocol.signatures import OrgkitRouter

router = OrgkitRouter(tags=["invitations"])


@router.post("/accept", auth=bearer, response=schemas.OrgkitOrganization)
def accept_invitation(request: AuthedRequest, body: Json[schemas.OrgkitInvitationAnswer]) -> HttpResponse:
    """Join an organization by the token of an invitation that went to the caller's address."""
    membership = invitations.accept(request.auth.account, body.token)
    return reply(schemas.OrgkitOrganization, schemas.present_organization(membership))


@router.post("/decline", response={204: None})
def decline_invitation(request: HttpRequest, body: Json[schemas.OrgkitInvitationAnswer]) -> HttpResponse:
    """Turn an invitation down. Who holds its link needs no account for that."""
    invitations.decline(body.token)
    return empty()
