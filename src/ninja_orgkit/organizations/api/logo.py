"""``/orgs/{org_slug}/logo/``: the logo of an organization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja_orgkit.media.errors import UPLOAD_ERRORS
from ninja_orgkit.organizations.errors import NoLogo
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.organizations.schemas.organizations import OrgkitLogo, represent_logo
from ninja_orgkit.organizations.services import logos
from ninja_orgkit.protocol.multipart import AvatarUpload
from ninja_orgkit.protocol.throttling import per_account

router = OrganizationRouter(tags=["organizations"], auth=organization_bearer)


@router.post(
    "/",
    response=OrgkitLogo,
    needs="org.update",
    errors=UPLOAD_ERRORS,
    throttles=[per_account("upload.user")],
    idempotent=True,
    stores_files=True,
)
def upload_logo(request: MemberRequest, file: AvatarUpload) -> Callable[[], dict[str, Any]]:
    """Set the logo of an organization, also of a personal one."""
    write = logos.store_logo(request.organization, file=file, stored_files=request.stored_files)
    return lambda: represent_logo(write())


@router.delete("/", response={204: None}, needs="org.update", errors=[NoLogo])
def delete_logo(request: MemberRequest) -> None:
    """Remove the logo of an organization."""
    logos.clear_logo(request.organization)
