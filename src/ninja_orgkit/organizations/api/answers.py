"""``/invitations/*``: accepting and declining, with the token of the mailed link."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.organizations.errors import TooManyMembers, TooManyOrganizations, WrongRecipient
from ninja_orgkit.organizations.schemas import OrgkitInvitationAnswer, OrgkitOrganization, represent_organization
from ninja_orgkit.organizations.services import invitations
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.routing import OrgkitRouter

router = OrgkitRouter(tags=["invitations"], people_only=True)


@router.post(
    "/accept",
    auth=bearer,
    response=OrgkitOrganization,
    errors=[InvalidLink, WrongRecipient, TooManyMembers, TooManyOrganizations],
    tagged=True,
)
def accept_invitation(request: AuthedRequest, body: Json[OrgkitInvitationAnswer]) -> dict[str, Any]:
    """Join an organization with the token of an invitation that was sent to the caller's address."""
    return represent_organization(invitations.accept(request.auth.account, body.token))


@router.post("/decline", response={204: None}, errors=[InvalidLink])
def decline_invitation(request: HttpRequest, body: Json[OrgkitInvitationAnswer]) -> None:
    """Decline an invitation. This needs only its link, not an account."""
    invitations.decline(body.token)
