"""``/images/orgs/{org_slug}/``: the images of objects."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from django.http import HttpResponse

from ninja_orgkit import registry
from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.images import schemas, selectors
from ninja_orgkit.images.schemas import ImageId, OrgkitAttachment, present_attachment
from ninja_orgkit.images.services import attachments
from ninja_orgkit.organizations.selectors import get_membership
from ninja_orgkit.protocol.bodies import AnyBody, Json
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug, Target
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.urls import file_urls

router = OrgkitRouter(tags=["images"], auth=bearer)

ORDERINGS = Orderings({"position": "position"}, default="position", tie="image_id")

_OBJECT = "/images/{app_label}/{model}/{obj_id}"


@router.post("/attach/", response=OrgkitAttachment, idempotent=True)
def attach_image(
    request: AuthedRequest, org_slug: OrgSlug, body: AnyBody[schemas.OrgkitImageAndObject]
) -> HttpResponse:
    """Attach an image to an object; nothing changes where it is attached already."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(body.name).get(member.organization, body.obj_id)

    def act() -> HttpResponse:
        attachments.attach_images(member.organization, obj, image_ids=[body.image_id])
        row = selectors.attachment_row(member.organization, obj, body.image_id)
        return reply(OrgkitAttachment, _presenter(request, obj)(row))

    return once(request, body, act)


@router.post("/detach/", response={204: None}, idempotent=True)
def detach_image(
    request: AuthedRequest, org_slug: OrgSlug, body: AnyBody[schemas.OrgkitImageAndObject]
) -> HttpResponse:
    """Detach an image from an object; when it was the cover the next image becomes it."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(body.name).get(member.organization, body.obj_id)

    def act() -> HttpResponse:
        attachments.detach_image(obj, body.image_id)
        return empty()

    return once(request, body, act)


@router.get(f"{_OBJECT}/", response=OrgkitPage[OrgkitAttachment])
def list_images_of_object(request: AuthedRequest, org_slug: OrgSlug, target: Target, page: PageQuery) -> HttpResponse:
    """List the images of an object, by `position`."""
    member = get_membership(request.auth, org_slug, needs="images.read")
    obj = registry.imageable(target.name).get(member.organization, target.obj_id)
    rows = selectors.attachments_of(member.organization, obj)
    present = _presenter(request, obj)
    return paginate(request, rows, page, orderings=ORDERINGS, schema=OrgkitAttachment, present=present)


@router.post(f"{_OBJECT}/", response=list[OrgkitAttachment], idempotent=True)
def attach_images_to_object(
    request: AuthedRequest, org_slug: OrgSlug, target: Target, body: AnyBody[schemas.OrgkitImageIds]
) -> HttpResponse:
    """Attach images to an object, all or none, and return all images of the object."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(target.name).get(member.organization, target.obj_id)

    def act() -> HttpResponse:
        attachments.attach_images(member.organization, obj, image_ids=body.image_ids)
        rows = selectors.attachment_rows(member.organization, obj)
        return reply(list[OrgkitAttachment], list(map(_presenter(request, obj), rows)))

    return once(request, body, act)


@router.post(f"{_OBJECT}/bulk_attach/", response=schemas.OrgkitAttachedImages, idempotent=True)
def bulk_attach_images(
    request: AuthedRequest, org_slug: OrgSlug, target: Target, body: AnyBody[schemas.OrgkitImageIds]
) -> HttpResponse:
    """Attach images to an object, those that are there."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(target.name).get(member.organization, target.obj_id)

    def act() -> HttpResponse:
        done = attachments.attach_found_images(member.organization, obj, image_ids=body.image_ids)
        return reply(schemas.OrgkitAttachedImages, asdict(done))

    return once(request, body, act)


@router.post(f"{_OBJECT}/bulk_detach/", response=schemas.OrgkitDetachedImages, idempotent=True)
def bulk_detach_images(
    request: AuthedRequest, org_slug: OrgSlug, target: Target, body: AnyBody[schemas.OrgkitImageIds]
) -> HttpResponse:
    """Detach images from an object, those that are attached."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(target.name).get(member.organization, target.obj_id)

    def act() -> HttpResponse:
        done = attachments.detach_images(obj, image_ids=body.image_ids)
        return reply(schemas.OrgkitDetachedImages, asdict(done))

    return once(request, body, act)


@router.patch(f"{_OBJECT}/{{int:image_id}}/", response=OrgkitAttachment)
def update_image_of_object(
    request: AuthedRequest,
    org_slug: OrgSlug,
    target: Target,
    image_id: ImageId,
    body: Json[schemas.OrgkitAttachmentChange],
) -> HttpResponse:
    """Make an image the cover of an object, move it, or override its texts for this object; null gives a text back.

    At a new `position` the images in between make room. `is_cover: false` for the cover hands it to the next image, if
    there is another one.
    """
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(target.name).get(member.organization, target.obj_id)
    changes = body.model_dump(exclude_unset=True)
    attachments.update_attachment(member.organization, obj, image_id, changes=changes)
    row = selectors.attachment_row(member.organization, obj, image_id)
    return reply(OrgkitAttachment, _presenter(request, obj)(row))


@router.delete(f"{_OBJECT}/{{int:image_id}}/", response={204: None})
def detach_image_of_object(
    request: AuthedRequest, org_slug: OrgSlug, target: Target, image_id: ImageId
) -> HttpResponse:
    """Detach an image from an object; when it was the cover the next image becomes it."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    obj = registry.imageable(target.name).get(member.organization, target.obj_id)
    attachments.detach_image(obj, image_id)
    return empty()


def _presenter(request: AuthedRequest, obj: Any) -> Any:
    """Return what shows the images of an object."""
    resource = registry.resource_of(type(obj))
    urls = file_urls(request)
    return partial(present_attachment, urls=urls, name=resource.name, obj_id=resource.public_id(obj))
