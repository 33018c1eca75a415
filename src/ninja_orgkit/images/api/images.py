"""``/images/orgs/{org_slug}/``: the images of an organization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from django.http import HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.images import schemas, selectors
from ninja_orgkit.images.schemas import ImageId, OrgkitImage, present_image
from ninja_orgkit.images.services import images, uploads
from ninja_orgkit.media.errors import UPLOAD_ERRORS, FileTooLarge, StorageUnavailable, TooManyFiles
from ninja_orgkit.media.storage import saving
from ninja_orgkit.organizations.selectors import get_membership
from ninja_orgkit.protocol.bodies import AnyBody, Json
from ninja_orgkit.protocol.conditional import Check, check_of, reply_tagged
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.multipart import BulkForm, ImageForm
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend
from ninja_orgkit.protocol.urls import file_urls, url_below

router = OrgkitRouter(tags=["images"], auth=bearer)

_DUPLICATE = {
    "description": "These bytes were there already.",
    "headers": {"Image-Duplicate": {"required": True, "schema": {"type": "string", "enum": ["true"]}}},
}

ORDERINGS = Orderings({"created_at": "created_at", "title": "title", "size": "size"}, default="-created_at", tie="id")


@router.get("/images/", response=OrgkitPage[OrgkitImage])
def list_images(request: AuthedRequest, org_slug: OrgSlug, page: PageQuery) -> HttpResponse:
    """List the images of an organization, by `created_at` (newest first by default), `title` or `size`."""
    member = get_membership(request.auth, org_slug, needs="images.read")
    rows = selectors.images_of(member.organization)
    present = partial(present_image, urls=file_urls(request))
    return paginate(request, rows, page, orderings=ORDERINGS, schema=OrgkitImage, present=present)


@router.post(
    "/images/",
    response={200: OrgkitImage, 201: OrgkitImage},
    errors=UPLOAD_ERRORS,
    tagged=True,
    idempotent=True,
    located=True,
    openapi_extra={"responses": {200: _DUPLICATE}},
)
def upload_image(request: AuthedRequest, org_slug: OrgSlug, body: ImageForm[schemas.OrgkitImageUpload]) -> HttpResponse:
    """Upload an image: JPEG, PNG, WebP, AVIF or GIF, as its bytes tell.

    The same bytes again in the same organization: 200 with the image that is there, and `Image-Duplicate: true`.
    """
    member = get_membership(request.auth, org_slug, needs="images.write")
    spend("upload.user", request.auth.slug)
    texts = body.model_dump(exclude={"file"})
    with saving() as saver:

        def act() -> HttpResponse:
            done = uploads.upload_image(member.organization, member.account, file=body.file, saver=saver, **texts)
            if not done.is_new:
                return _image(request, done.row, headers={"Image-Duplicate": "true"})
            location = url_below(request, str(done.image_id))
            return _image(request, done.row, status=201, headers={"Location": location})

        return once(request, [body.file, texts], act)


@router.get("/images/{int:image_id}/", response=OrgkitImage, tagged=True)
def get_image(request: AuthedRequest, org_slug: OrgSlug, image_id: ImageId) -> HttpResponse:
    """Return an image."""
    member = get_membership(request.auth, org_slug, needs="images.read")
    return _image(request, selectors.image_row(member.organization, image_id))


@router.patch("/images/{int:image_id}/", response=OrgkitImage, tagged=True)
def update_image(
    request: AuthedRequest, org_slug: OrgSlug, image_id: ImageId, body: Json[schemas.OrgkitImageChange]
) -> HttpResponse:
    """Change the title, the description or the alternative text of an image."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    read = partial(selectors.image_row, member.organization, image_id)
    changes = body.model_dump(exclude_unset=True)
    images.update_image(member.organization, image_id, changes=changes, check=_check(request, read))
    return _image(request, read())


@router.delete("/images/{int:image_id}/", response={204: None}, tagged=True)
def delete_image(request: AuthedRequest, org_slug: OrgSlug, image_id: ImageId) -> HttpResponse:
    """Delete an image with its files; it disappears from all objects that have it."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    read = partial(selectors.image_row, member.organization, image_id)
    images.delete_image(member.organization, image_id, check=_check(request, read))
    return empty()


@router.post(
    "/bulk-upload/",
    response=schemas.OrgkitUploadResults,
    errors=[FileTooLarge, TooManyFiles, StorageUnavailable],
    idempotent=True,
)
def bulk_upload_images(
    request: AuthedRequest, org_slug: OrgSlug, body: BulkForm[schemas.OrgkitBulkUpload]
) -> HttpResponse:
    """Upload up to 50 images, each for itself: a wrong one does not keep the others."""
    member = get_membership(request.auth, org_slug, needs="images.write")
    spend("upload.user", request.auth.slug)
    with saving() as saver:

        def act() -> HttpResponse:
            done = uploads.upload_images(member.organization, member.account, files=body.files, saver=saver)
            urls = file_urls(request)
            results = [schemas.present_result(item, urls) for item in done]
            return reply(schemas.OrgkitUploadResults, {"results": results})

        return once(request, body.files, act)


@router.post("/bulk-delete/", response=schemas.OrgkitDeletedImages, idempotent=True)
def bulk_delete_images(
    request: AuthedRequest, org_slug: OrgSlug, body: AnyBody[schemas.OrgkitImagesToDelete]
) -> HttpResponse:
    """Delete images with their files, those that are there."""
    member = get_membership(request.auth, org_slug, needs="images.write")

    def act() -> HttpResponse:
        return reply(schemas.OrgkitDeletedImages, asdict(images.delete_images(member.organization, image_ids=body.ids)))

    return once(request, body, act)


def _image(
    request: AuthedRequest, row: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    return reply_tagged(request, OrgkitImage, partial(present_image, row), status=status, headers=headers)


def _check(request: AuthedRequest, read: Callable[[], dict[str, Any]]) -> Check | None:
    return check_of(request, OrgkitImage, lambda: partial(present_image, read()))
