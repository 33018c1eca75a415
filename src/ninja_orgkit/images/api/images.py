"""``/images/orgs/{org_slug}/``: the images of an organization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ninja import Query

from ninja_orgkit.database.locks import Check
from ninja_orgkit.database.searching import search_terms
from ninja_orgkit.images import selectors
from ninja_orgkit.images.schemas import images as schemas
from ninja_orgkit.images.schemas.ids import ImageId
from ninja_orgkit.images.schemas.images import OrgkitImage, represent_image
from ninja_orgkit.images.services import images, uploads
from ninja_orgkit.images.values import OrgkitImageChange
from ninja_orgkit.media.errors import UPLOAD_ERRORS, FileTooLarge, StorageUnavailable, TooManyFiles
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.bodies import AnyBody, Json
from ninja_orgkit.protocol.conditional import precondition
from ninja_orgkit.protocol.multipart import BulkForm, ImageForm
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.responses import Reply
from ninja_orgkit.protocol.throttling import per_account

router = OrganizationRouter(tags=["images"], auth=organization_bearer)

_DUPLICATE = {
    "description": "The organization already has an image with these bytes.",
    "headers": {"Image-Duplicate": {"required": True, "schema": {"type": "string", "enum": ["true"]}}},
}

ORDERINGS = Orderings(
    {"created_at": "created_at", "title": "title_sort", "size": "size"}, default="-created_at", tie="id"
)


@router.get("/images/", response=OrgkitPage[OrgkitImage], needs="images.read")
def list_images(request: MemberRequest, page: PageQuery, filters: Query[schemas.OrgkitImageFilters]) -> dict[str, Any]:
    """List the images of an organization, by `created_at` (newest first by default), `title` or `size`."""
    rows = selectors.images_in(
        request.organization,
        terms=search_terms(filters.search),
        tags=filters.tag_terms(),
        unattached=filters.unattached,
    )
    return paginate(request, rows, page, orderings=ORDERINGS, represent=represent_image)


@router.post(
    "/images/",
    response={200: OrgkitImage, 201: OrgkitImage},
    needs="images.write",
    errors=UPLOAD_ERRORS,
    throttles=[per_account("upload.user")],
    idempotent=True,
    stores_files=True,
    tagged=True,
    located="id",
    openapi_extra={"responses": {200: _DUPLICATE}},
)
def upload_image(request: MemberRequest, body: ImageForm[schemas.OrgkitImageUpload]) -> Callable[[], Reply]:
    """Upload an image. Its bytes must be a JPEG, PNG, WebP, AVIF or GIF.

    If the organization already has an image with the same bytes, the answer is 200 with that image and
    `Image-Duplicate: true`.
    """
    stored = uploads.store_images(
        request.organization,
        request.auth.account,
        files=[body.file],
        stored_files=request.stored_files,
        **body.model_dump(exclude={"file"}),
    )

    def write() -> Reply:
        done = stored.write_one()
        image = represent_image(done.row)
        return Reply(image, status=201) if done.is_new else Reply(image, headers={"Image-Duplicate": "true"})

    return write


@router.get("/images/{digits:image_id}/", response=OrgkitImage, needs="images.read", tagged=True)
def get_image(request: MemberRequest, image_id: ImageId) -> dict[str, Any]:
    """Return an image."""
    return represent_image(selectors.image_row(request.organization, image_id))


@router.patch("/images/{digits:image_id}/", response=OrgkitImage, needs="images.write", tagged=True)
def update_image(request: MemberRequest, image_id: ImageId, body: Json[OrgkitImageChange]) -> dict[str, Any]:
    """Change the title, description or alternative text of an image."""
    changes, check = body.model_dump(exclude_unset=True), _check(request, image_id)
    images.update_image(request.organization, image_id, changes=changes, check=check)
    return represent_image(selectors.image_row(request.organization, image_id))


@router.delete("/images/{digits:image_id}/", response={204: None}, needs="images.write", tagged=OrgkitImage)
def delete_image(request: MemberRequest, image_id: ImageId) -> None:
    """Delete an image and its files. It is detached from every object."""
    images.delete_image(request.organization, image_id, check=_check(request, image_id))


@router.post(
    "/bulk-upload/",
    response=schemas.OrgkitUploadResults,
    needs="images.write",
    errors=[FileTooLarge, TooManyFiles, StorageUnavailable],
    throttles=[per_account("upload.user")],
    idempotent=True,
    stores_files=True,
)
def bulk_upload_images(
    request: MemberRequest, body: BulkForm[schemas.OrgkitBulkUpload]
) -> Callable[[], dict[str, Any]]:
    """Upload up to 50 images. Each succeeds or fails on its own."""
    stored = uploads.store_images(
        request.organization, request.auth.account, files=body.files, stored_files=request.stored_files
    )
    return lambda: {"results": [schemas.represent_result(item) for item in stored.write()]}


@router.post("/bulk-delete/", response=schemas.OrgkitDeletedImages, needs="images.write", idempotent=True)
def bulk_delete_images(request: MemberRequest, body: AnyBody[schemas.OrgkitImagesToDelete]) -> dict[str, Any]:
    """Delete those of the given images that exist, with their files."""
    return asdict(images.delete_images(request.organization, image_ids=body.ids))


def _check(request: MemberRequest, image_id: int) -> Check | None:
    return precondition(request, lambda: represent_image(selectors.image_row(request.organization, image_id)))
