"""``/users/*``: the caller's profile and avatar, and whether a username is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer, profile_bearer
from ninja_orgkit.accounts.errors import UsernameTaken
from ninja_orgkit.accounts.services.profiles import update_profile
from ninja_orgkit.accounts.services.usernames import check_username
from ninja_orgkit.files.avatars import OrgkitAvatar, represent_avatar
from ninja_orgkit.media.avatars import clear_avatar, store_avatar
from ninja_orgkit.media.errors import UPLOAD_ERRORS, NoAvatar
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.fields import Line
from ninja_orgkit.protocol.multipart import AvatarUpload
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import per_account, per_client
from ninja_orgkit.users.schemas import OrgkitProfileChange, OrgkitUser, OrgkitUsernameCheck, represent_user

router = OrgkitRouter(tags=["users"], people_only=True)

# Longer than any username may be: a name that is too long gets an answer, not an error.
Name = Annotated[str, Line(1024), Query(description="The desired username.")]


@router.get("/me", auth=profile_bearer, response=OrgkitUser)
def get_me(request: AuthedRequest) -> dict[str, Any]:
    """Return the caller's profile."""
    return represent_user(request.auth.account)


@router.patch("/me", auth=bearer, response=OrgkitUser, errors=[UsernameTaken])
def update_me(request: AuthedRequest, body: Json[OrgkitProfileChange]) -> dict[str, Any]:
    """Change the given fields of the caller's profile."""
    return represent_user(update_profile(request.auth.account, body.model_dump(exclude_unset=True)))


@router.post(
    "/avatar",
    auth=bearer,
    response=OrgkitAvatar,
    errors=UPLOAD_ERRORS,
    throttles=[per_account("upload.user")],
    idempotent=True,
    stores_files=True,
)
def upload_my_avatar(request: AuthedRequest, file: AvatarUpload) -> Callable[[], dict[str, Any]]:
    """Set the caller's avatar."""
    write = store_avatar(request.auth.account, file=file, stored_files=request.stored_files)
    return lambda: represent_avatar(write())


@router.delete("/avatar", auth=bearer, response={204: None}, errors=[NoAvatar])
def delete_my_avatar(request: AuthedRequest) -> None:
    """Remove the caller's avatar."""
    clear_avatar(request.auth.account)


@router.get("/check_username", response=OrgkitUsernameCheck, throttles=[per_client("username_check.address")])
def check_username_availability(request: HttpRequest, username: Name) -> dict[str, Any]:
    """Check whether a username is available."""
    reason = check_username(username)
    return {"username": username, "available": reason is None, "reason": reason}
