"""``/orgs/{org_slug}/invitations/``: who was asked to join."""

from __future__ import annotations

from django.http import HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.database.keys import text_key
from ninja_orgkit.organizations import errors, schemas
from ninja_orgkit.organizations.selectors import get_membership, invitations_of
from ninja_orgkit.organizations.services import invitations
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug, UuidPart
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend

router = OrgkitRouter(tags=["invitations"])

_ORDERINGS = Orderings(
    {"created_at": "created_at", "expires_at": "expires_at", "email": "email"}, default="-created_at", tie="id"
)


@router.get("/", auth=bearer, response=OrgkitPage[schemas.OrgkitInvitation])
def list_invitations(request: AuthedRequest, org_slug: OrgSlug, page: PageQuery) -> HttpResponse:
    """List the invitations of an organization, ended ones included, by `created_at`, `expires_at` or `email`."""
    membership = get_membership(request.auth, org_slug, needs=invitations.INVITE)
    return paginate(
        request,
        invitations_of(membership.organization),
        page,
        orderings=_ORDERINGS,
        schema=schemas.OrgkitInvitation,
        present=schemas.present_invitation,
    )


@router.post(
    "/",
    auth=bearer,
    response={201: schemas.OrgkitInvitation},
    errors=[
        errors.PersonalOrganization,
        errors.AlreadyMember,
        errors.AlreadyInvited,
        errors.TooManyInvitations,
    ],
    idempotent=True,
)
def create_invitation(
    request: AuthedRequest, org_slug: OrgSlug, body: Json[schemas.OrgkitNewInvitation]
) -> HttpResponse:
    """Ask somebody, by mail, to join. Nobody grants a role that holds what they do not."""
    membership = get_membership(request.auth, org_slug, needs=invitations.INVITE)
    spend("invite.user", request.auth.slug)
    spend("invite.email", text_key(body.email))

    def act() -> HttpResponse:
        invitation = invitations.invite(by=membership, email=body.email, role=body.role)
        return reply(schemas.OrgkitInvitation, schemas.present_invitation(invitation), status=201)

    return once(request, body, act)


@router.delete("/{invitation_id}/", auth=bearer, response={204: None}, errors=[errors.InvitationEnded])
def cancel_invitation(request: AuthedRequest, org_slug: OrgSlug, invitation_id: UuidPart) -> HttpResponse:
    """Withdraw a pending invitation; its link stops working."""
    membership = get_membership(request.auth, org_slug, needs=invitations.INVITE)
    invitations.cancel(by=membership, invitation_id=invitation_id)
    return empty()
