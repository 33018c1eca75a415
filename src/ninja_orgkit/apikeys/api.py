"""``/orgs/{org_slug}/api-keys/``: keys with which programs act in an organization."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ninja.decorators import decorate_view

from ninja_orgkit.apikeys import selectors, services
from ninja_orgkit.apikeys.schemas import OrgkitApiKey, represent_api_key
from ninja_orgkit.apikeys.values import OrgkitApiKeyChange, OrgkitApiKeyCreate
from ninja_orgkit.organizations.roles import MANAGE_KEYS
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import unchanged
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.responses import Reply, not_stored

router = OrganizationRouter(tags=["api keys"], auth=organization_bearer, people_only=True)

_ORDERINGS = Orderings({"created_at": "created_at", "name": "sort_key"}, default="-created_at", tie="id")


@router.get("/", response=OrgkitPage[OrgkitApiKey], needs=MANAGE_KEYS)
def list_api_keys(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List the API keys of an organization, by `created_at` or `name`."""
    rows = selectors.api_keys_of(request.organization)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent_api_key)


@router.post("/", response={201: OrgkitApiKey}, needs=MANAGE_KEYS, idempotent=True, tagged=True, located="id")
@decorate_view(not_stored)
def create_api_key(request: MemberRequest, body: Json[OrgkitApiKeyCreate]) -> Reply:
    """Create an API key, which acts in your name in this organization. Its text is in this answer only."""
    key, text = services.create_api_key(request.organization, by=request.auth.account, **body.model_dump())
    return Reply(represent_api_key(key, text=text), repeated=represent_api_key(key))


@router.get("/{key_id}/", response=OrgkitApiKey, needs=MANAGE_KEYS, tagged=True)
def get_api_key(request: MemberRequest, key_id: UuidPart) -> dict[str, Any]:
    """Return an API key."""
    return represent_api_key(selectors.get_api_key(request.organization, key_id))


@router.patch("/{key_id}/", response=OrgkitApiKey, needs=MANAGE_KEYS, tagged=True)
def update_api_key(request: MemberRequest, key_id: UuidPart, body: Json[OrgkitApiKeyChange]) -> dict[str, Any]:
    """Change the given fields of an API key. You must hold all its permissions, before and after."""
    changes = body.model_dump(exclude_unset=True)
    with _unchanged(request, key_id):
        key = services.update_api_key(request.organization, key_id, by=request.auth.account, **changes)
    return represent_api_key(key)


@router.delete("/{key_id}/", response={204: None}, needs=MANAGE_KEYS, tagged=OrgkitApiKey)
def revoke_api_key(request: MemberRequest, key_id: UuidPart) -> None:
    """Delete an API key. It stops working at once."""
    with _unchanged(request, key_id):
        services.revoke_api_key(request.organization, key_id, by=request.auth.account)


def _unchanged(request: MemberRequest, key_id: str) -> AbstractContextManager[None]:
    read = partial(selectors.get_api_key, request.organization, key_id)
    return unchanged(request, request.organization, lambda: represent_api_key(read()))
