"""``/images/orgs/{org_slug}/``: the images of objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from ninja_orgkit import registry
from ninja_orgkit.images import selectors
from ninja_orgkit.images.schemas import attachments as schemas
from ninja_orgkit.images.schemas.attachments import OrgkitAttachment, represent_attachment
from ninja_orgkit.images.schemas.ids import ImageId
from ninja_orgkit.images.services import attachments
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.bodies import AnyBody, Json
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import Target

router = OrganizationRouter(tags=["images"], auth=organization_bearer)

ORDERINGS = Orderings({"position": "position"}, default="position", tie="image_id")

_OBJECT = "/images/{app_label}/{model}/{obj_id}"


@router.post("/attach/", response=OrgkitAttachment, needs="images.write", idempotent=True)
def attach_image(request: MemberRequest, body: AnyBody[schemas.OrgkitImageAndObject]) -> dict[str, Any]:
    """Attach an image to an object. If it is attached already, nothing changes."""
    obj = registry.imageable(body.name).get(request.organization, body.obj_id)
    attachments.attach_images(obj, [body.image_id])
    return _represent(obj)(selectors.attachment_row(request.organization, obj, body.image_id))


@router.post("/detach/", response={204: None}, needs="images.write", idempotent=True)
def detach_image(request: MemberRequest, body: AnyBody[schemas.OrgkitImageAndObject]) -> None:
    """Detach an image from an object. If it was the cover, the next image becomes the cover."""
    obj = registry.imageable(body.name).get(request.organization, body.obj_id)
    attachments.detach_image(obj, body.image_id)


@router.get(f"{_OBJECT}/", response=OrgkitPage[OrgkitAttachment], needs="images.read")
def list_images_of_object(request: MemberRequest, target: Target, page: PageQuery) -> dict[str, Any]:
    """List the images of an object, by `position`."""
    obj = registry.imageable(target.name).get(request.organization, target.obj_id)
    rows = selectors.attachments_of(request.organization, obj)
    return paginate(request, rows, page, orderings=ORDERINGS, represent=_represent(obj))


@router.post(f"{_OBJECT}/", response=list[OrgkitAttachment], needs="images.write", idempotent=True)
def attach_images_to_object(
    request: MemberRequest, target: Target, body: AnyBody[schemas.OrgkitImageIds]
) -> list[dict[str, Any]]:
    """Attach images to an object, all or none. Returns all images of the object."""
    obj = registry.imageable(target.name).get(request.organization, target.obj_id)
    attachments.attach_images(obj, body.image_ids)
    return list(map(_represent(obj), selectors.attachment_rows(request.organization, obj)))


@router.post(f"{_OBJECT}/bulk_attach/", response=schemas.OrgkitAttachedImages, needs="images.write", idempotent=True)
def bulk_attach_images(request: MemberRequest, target: Target, body: AnyBody[schemas.OrgkitImageIds]) -> dict[str, Any]:
    """Attach those of the given images that exist."""
    obj = registry.imageable(target.name).get(request.organization, target.obj_id)
    return asdict(attachments.attach_found_images(obj, body.image_ids))


@router.post(f"{_OBJECT}/bulk_detach/", response=schemas.OrgkitDetachedImages, needs="images.write", idempotent=True)
def bulk_detach_images(request: MemberRequest, target: Target, body: AnyBody[schemas.OrgkitImageIds]) -> dict[str, Any]:
    """Detach those of the given images that are attached."""
    obj = registry.imageable(target.name).get(request.organization, target.obj_id)
    return asdict(attachments.detach_images(obj, body.image_ids))


@router.patch(f"{_OBJECT}/{{digits:image_id}}/", response=OrgkitAttachment, needs="images.write")
def update_image_of_object(
    request: MemberRequest, target: Target, image_id: ImageId, body: Json[schemas.OrgkitAttachmentChange]
) -> dict[str, Any]:
    """Make an image the cover of an object, move it, or override its texts for this object. Null restores a text.

    A new `position` shifts the images in between. `is_cover: false` on the cover makes the next image the cover, if
    there is one.
    """
    obj = registry.imageable(target.name).get(request.organization, target.obj_id)
    changes = body.model_dump(exclude_unset=True)
    attachments.update_attachment(request.organization, obj, image_id, changes=changes)
    return _represent(obj)(selectors.attachment_row(request.organization, obj, image_id))


@router.delete(f"{_OBJECT}/{{digits:image_id}}/", response={204: None}, needs="images.write")
def detach_image_of_object(request: MemberRequest, target: Target, image_id: ImageId) -> None:
    """Detach an image from an object. If it was the cover, the next image becomes the cover."""
    obj = registry.imageable(target.name).get(request.organization, target.obj_id)
    attachments.detach_image(obj, image_id)


def _represent(obj: Any) -> Callable[[Any], dict[str, Any]]:
    """Return what represents the images of an object."""
    resource = registry.resource_of(type(obj))
    return partial(represent_attachment, name=resource.name, obj_id=resource.public_id(obj))
