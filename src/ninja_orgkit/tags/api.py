"""``/orgs/{org_slug}/tags/``: the tags of an organization, and what has them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from django.http import HttpResponse
from ninja import Path, Query

from ninja_orgkit import registry
from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.organizations.selectors import get_membership
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import check_of, reply_tagged
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug, Slug, Target
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.urls import url_below
from ninja_orgkit.tags import schemas, selectors, services
from ninja_orgkit.tags.errors import TagExists
from ninja_orgkit.tags.schemas import OrgkitTag, present_tag, show_tag

router = OrgkitRouter(tags=["tags"], auth=bearer)

TagId = Annotated[int, Path(description="Id of the tag.")]
ORDERINGS = Orderings(
    columns={"name": "sort_key", "usage_count": "usage_count", "created_at": "created_at"}, default="name", tie="id"
)


@router.get("/", response=OrgkitPage[OrgkitTag])
def list_tags(
    request: AuthedRequest, org_slug: OrgSlug, page: PageQuery, search: Query[schemas.OrgkitTagSearch]
) -> HttpResponse:
    """List the tags of an organization, by `name` (default), `usage_count` or `created_at`."""
    member = get_membership(request.auth, org_slug, needs="tags.read")
    rows = selectors.tags_of(member.organization, search=search.search)
    return paginate(request, rows, page, orderings=ORDERINGS, schema=OrgkitTag, present=present_tag)


@router.post("/", response={201: OrgkitTag}, errors=[TagExists], tagged=True, idempotent=True, located=True)
def create_tag(request: AuthedRequest, org_slug: OrgSlug, body: Json[schemas.OrgkitTagCreate]) -> HttpResponse:
    """Create a tag. Without a slug it gets one made of its name."""
    member = get_membership(request.auth, org_slug, needs="tags.write")

    def act() -> HttpResponse:
        tag = services.create_tag(member.organization, name=body.name, slug=body.slug or "", color=body.color)
        location = url_below(request, str(tag.pk))
        return reply_tagged(request, OrgkitTag, show_tag(tag), status=201, headers={"Location": location})

    return once(request, body, act)


@router.get("/{int:tag_id}/", response=OrgkitTag, tagged=True)
def get_tag(request: AuthedRequest, org_slug: OrgSlug, tag_id: TagId) -> HttpResponse:
    """Return a tag."""
    member = get_membership(request.auth, org_slug, needs="tags.read")
    tag = selectors.get_tag(member.organization, tag_id)
    return reply_tagged(request, OrgkitTag, show_tag(tag))


@router.patch("/{int:tag_id}/", response=OrgkitTag, errors=[TagExists], tagged=True)
def update_tag(
    request: AuthedRequest, org_slug: OrgSlug, tag_id: TagId, body: Json[schemas.OrgkitTagChange]
) -> HttpResponse:
    """Change the name, the slug or the color of a tag."""
    member = get_membership(request.auth, org_slug, needs="tags.write")
    tag = selectors.get_tag(member.organization, tag_id)
    check = check_of(request, OrgkitTag, partial(show_tag, tag))
    tag = services.update_tag(tag, changes=body.model_dump(exclude_unset=True), check=check)
    return reply_tagged(request, OrgkitTag, show_tag(tag))


@router.delete("/{int:tag_id}/", response={204: None}, tagged=True)
def delete_tag(request: AuthedRequest, org_slug: OrgSlug, tag_id: TagId) -> HttpResponse:
    """Delete a tag, and take it from everything that has it."""
    member = get_membership(request.auth, org_slug, needs="tags.write")
    tag = selectors.get_tag(member.organization, tag_id)
    services.delete_tag(tag, check=check_of(request, OrgkitTag, partial(show_tag, tag)))
    return empty()


@router.get("/{app_label}/{model}/{obj_id}/", response=OrgkitPage[OrgkitTag])
def list_tags_of_object(request: AuthedRequest, org_slug: OrgSlug, target: Target, page: PageQuery) -> HttpResponse:
    """List the tags of an object."""
    member = get_membership(request.auth, org_slug, needs="tags.read")
    obj = registry.taggable(target.name).get(member.organization, target.obj_id)
    rows = selectors.tags_of_object(member.organization, obj)
    return paginate(request, rows, page, orderings=ORDERINGS, schema=OrgkitTag, present=present_tag)


@router.post("/{app_label}/{model}/{obj_id}/", response=list[OrgkitTag], errors=[TagExists], idempotent=True)
def assign_tags(
    request: AuthedRequest, org_slug: OrgSlug, target: Target, body: Json[schemas.OrgkitTagNames]
) -> HttpResponse:
    """Assign tags to an object by name, creating the missing ones, and return all tags of the object."""
    member = get_membership(request.auth, org_slug, needs="tags.write")
    obj = registry.taggable(target.name).get(member.organization, target.obj_id)

    def act() -> HttpResponse:
        services.assign_tags(member.organization, obj, names=body.tags)
        rows = selectors.tags_of_object(member.organization, obj).order_by("sort_key", "id")
        return reply(list[OrgkitTag], [present_tag(row) for row in rows])

    return once(request, body, act)


@router.delete("/{app_label}/{model}/{obj_id}/{slug}/", response={204: None})
def unassign_tag(request: AuthedRequest, org_slug: OrgSlug, target: Target, slug: Slug) -> HttpResponse:
    """Take a tag from an object."""
    member = get_membership(request.auth, org_slug, needs="tags.write")
    obj = registry.taggable(target.name).get(member.organization, target.obj_id)
    services.unassign_tag(member.organization, obj, slug=slug)
    return empty()
