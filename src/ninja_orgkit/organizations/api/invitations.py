"""``/orgs/{org_slug}/invitations/``: invitations to join an organization."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.organizations import errors, selectors
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.organizations.schemas import OrgkitInvitation, represent_invitation
from ninja_orgkit.organizations.services import invitations
from ninja_orgkit.organizations.values import OrgkitInvitationCreate
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.throttling import per_account, per_value

router = OrganizationRouter(tags=["invitations"], auth=organization_bearer)

_ORDERINGS = Orderings(
    {"created_at": "created_at", "expires_at": "expires_at", "email": "email_key"}, default="-created_at", tie="id"
)


@router.get("/", response=OrgkitPage[OrgkitInvitation], needs=invitations.INVITE)
def list_invitations(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List all invitations of an organization, including ended ones, by `created_at`, `expires_at` or `email`."""
    rows = selectors.invitations_of(request.organization)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent_invitation)


@router.post(
    "/",
    response={201: OrgkitInvitation},
    needs=invitations.INVITE,
    errors=[errors.PersonalOrganization, errors.AlreadyMember, errors.AlreadyInvited, errors.TooManyInvitations],
    throttles=[per_account("invite.user"), per_value("invite.email", lambda body: email_key(body.email) or "")],
    idempotent=True,
)
def create_invitation(request: MemberRequest, body: Json[OrgkitInvitationCreate]) -> dict[str, Any]:
    """Invite somebody by mail. You can grant only roles whose permissions you hold.

    Without a `role` the server's own choice is taken, if it has one.
    """
    by = request.auth.account
    return represent_invitation(invitations.invite(request.organization, email=body.email, role=body.role, by=by))


@router.delete("/{invitation_id}/", response={204: None}, needs=invitations.INVITE, errors=[errors.InvitationEnded])
def cancel_invitation(request: MemberRequest, invitation_id: UuidPart) -> None:
    """Cancel a pending invitation. Its link stops working."""
    invitations.cancel(request.organization, invitation_id, by=request.auth.account)
