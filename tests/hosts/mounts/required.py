"""Routes of a host behind ``require``: on plain routers and APIs of ninja."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from ninja import NinjaAPI, Router

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.organizations.guard import GuardedRequest
from ninja_orgkit.organizations.routing import ANY_ROLE
from ninja_orgkit.protocol.problems import add_error_handlers
from ninja_orgkit.services import get_membership, invite, require

router = Router()


@router.get("/orgs/{org_slug}/products/", auth=require("contacts.read"))
def list_products(request: GuardedRequest, org_slug: str) -> dict[str, Any]:
    caller = request.auth
    return {
        "account": caller.account.slug,
        "organization": caller.organization.slug,
        "membership": caller.membership.role,
        "permissions": sorted(caller.permissions),
        "session": caller.session is not None,
        "key": caller.key,
    }


@router.post("/orgs/{org_slug}/products/", auth=require("contacts.write"))
def create_product(request: GuardedRequest, org_slug: str) -> str:
    return request.auth.organization.name


@router.get("/teams/{team}/", auth=require(ANY_ROLE, parameter="team"))
def show_team(request: GuardedRequest, team: str) -> str:
    return request.auth.membership.role


@router.get("/teams/{team}/async", auth=require("org.read", parameter="team"))
async def show_team_later(request: GuardedRequest, team: str) -> str:
    return request.auth.organization.slug


@router.get("/lost/", auth=require("org.read"))
def lost(request: GuardedRequest) -> str:
    return "never"


@router.post("/orgs/{org_slug}/invited/", auth=require("invitations.manage"))
def invite_member(request: GuardedRequest, org_slug: str, email: str) -> str:
    caller = request.auth
    return invite(caller.organization, email=email, role="member", by=caller.account).email


@router.post("/invited/{org_slug}", auth=bearer)
def invite_by_bearer(request: AuthedRequest, org_slug: str, email: str) -> str:
    member = get_membership(request.auth, org_slug, needs="invitations.manage")
    return invite(member.organization, email=email, role="member", by=request.auth.account).email


guarded = Router(auth=require("org.delete", parameter="team"))


@guarded.get("/")
def only_owners(request: GuardedRequest) -> str:
    return request.auth.membership.role


router.add_router("/owners/{team}", guarded)

api = NinjaAPI(title="Host", urls_namespace="required")
add_error_handlers(api)
api.add_router("", router)

bare = NinjaAPI(title="Bare", urls_namespace="bare")
bare.add_router("", router)

urlpatterns = [path("host/", api.urls), path("", include("tests.urls"))]
