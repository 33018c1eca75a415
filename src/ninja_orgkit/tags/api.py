"""``/orgs/{org_slug}/tags/``: the tags of an organization, and the objects that have them."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Path, Query

from ninja_orgkit import registry
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import precondition
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import NUMBER, Slug, Target
from ninja_orgkit.tags import schemas, selectors, services
from ninja_orgkit.tags.errors import TagExists
from ninja_orgkit.tags.schemas import OrgkitTag, represent_tag
from ninja_orgkit.tags.values import OrgkitTagNames

router = OrganizationRouter(tags=["tags"], auth=organization_bearer)

TagId = Annotated[int, NUMBER, Path(description="Id of the tag.")]
ORDERINGS = Orderings(
    columns={"name": "sort_key", "usage_count": "usage_count", "created_at": "created_at"}, default="name", tie="id"
)


@router.get("/", response=OrgkitPage[OrgkitTag], needs="tags.read")
def list_tags(request: MemberRequest, page: PageQuery, search: Query[schemas.OrgkitTagSearch]) -> dict[str, Any]:
    """List the tags of an organization, by `name` (default), `usage_count` or `created_at`."""
    rows = selectors.tags_in(request.organization, search=search.search)
    return paginate(request, rows, page, orderings=ORDERINGS, represent=represent_tag)


@router.post(
    "/",
    response={201: OrgkitTag},
    needs="tags.write",
    errors=[TagExists],
    idempotent=True,
    tagged=True,
    located="id",
)
def create_tag(request: MemberRequest, body: Json[schemas.OrgkitTagCreate]) -> dict[str, Any]:
    """Create a tag. Without a slug, it gets one derived from its name."""
    tag = services.create_tag(request.organization, name=body.name, slug=body.slug or "", color=body.color)
    return represent_tag(selectors.tag_row(tag))


@router.get("/{digits:tag_id}/", response=OrgkitTag, needs="tags.read", tagged=True)
def get_tag(request: MemberRequest, tag_id: TagId) -> dict[str, Any]:
    """Return a tag."""
    return represent_tag(selectors.tag_row(selectors.get_tag(request.organization, tag_id)))


@router.patch("/{digits:tag_id}/", response=OrgkitTag, needs="tags.write", errors=[TagExists], tagged=True)
def update_tag(request: MemberRequest, tag_id: TagId, body: Json[schemas.OrgkitTagChange]) -> dict[str, Any]:
    """Change the name, slug or color of a tag."""
    tag = selectors.get_tag(request.organization, tag_id)
    check = precondition(request, lambda: represent_tag(selectors.tag_row(tag)))
    tag = services.update_tag(tag, changes=body.model_dump(exclude_unset=True), check=check)
    return represent_tag(selectors.tag_row(tag))


@router.delete("/{digits:tag_id}/", response={204: None}, needs="tags.write", tagged=OrgkitTag)
def delete_tag(request: MemberRequest, tag_id: TagId) -> None:
    """Delete a tag and remove it from every object."""
    tag = selectors.get_tag(request.organization, tag_id)
    services.delete_tag(tag, check=precondition(request, lambda: represent_tag(selectors.tag_row(tag))))


@router.get("/{app_label}/{model}/{obj_id}/", response=OrgkitPage[OrgkitTag], needs="tags.read")
def list_tags_of_object(request: MemberRequest, target: Target, page: PageQuery) -> dict[str, Any]:
    """List the tags of an object."""
    obj = registry.taggable(target.name).get(request.organization, target.obj_id)
    rows = selectors.tags_of_object(request.organization, obj)
    return paginate(request, rows, page, orderings=ORDERINGS, represent=represent_tag)


@router.post(
    "/{app_label}/{model}/{obj_id}/",
    response=list[OrgkitTag],
    needs="tags.write",
    errors=[TagExists],
    idempotent=True,
)
def assign_tags(request: MemberRequest, target: Target, body: Json[OrgkitTagNames]) -> list[dict[str, Any]]:
    """Assign tags to an object by name. Missing tags are created. Returns all tags of the object."""
    obj = registry.taggable(target.name).get(request.organization, target.obj_id)
    services.assign_tags(obj, body.tags)
    rows = selectors.tags_of_object(request.organization, obj).order_by("sort_key", "id")
    return [represent_tag(row) for row in rows]


@router.delete("/{app_label}/{model}/{obj_id}/{slug}/", response={204: None}, needs="tags.write")
def unassign_tag(request: MemberRequest, target: Target, slug: Slug) -> None:
    """Remove a tag from an object."""
    obj = registry.taggable(target.name).get(request.organization, target.obj_id)
    services.unassign_slug(obj, slug)
