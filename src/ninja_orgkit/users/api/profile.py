"""``/users/*``: one's own profile and avatar, and whether a username is free."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.accounts.errors import UsernameTaken
from ninja_orgkit.accounts.services.accounts import check_username, update_profile
from ninja_orgkit.errors import Throttled
from ninja_orgkit.media.avatars import clear_avatar, set_avatar
from ninja_orgkit.media.errors import UPLOAD_ERRORS, NoAvatar
from ninja_orgkit.media.storage import saving
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.fields import Line1024
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.multipart import AvatarUpload
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend, spend_address
from ninja_orgkit.protocol.urls import file_urls
from ninja_orgkit.users import schemas

router = OrgkitRouter(tags=["users"])

# Longer than any name may be, so that too long is an answer and no error.
Name = Annotated[Line1024, Query(description="The name that is wanted.")]


@router.get("/me", auth=bearer, response=schemas.OrgkitUser)
def get_me(request: AuthedRequest) -> HttpResponse:
    """Return the caller's profile."""
    return reply(schemas.OrgkitUser, schemas.present_user(request.auth.account, file_urls(request)))


@router.patch("/me", auth=bearer, response=schemas.OrgkitUser, errors=[UsernameTaken])
def update_me(request: AuthedRequest, body: Json[schemas.OrgkitProfileChange]) -> HttpResponse:
    """Change the given fields of the caller's profile."""
    account = update_profile(request.auth.account, body.model_dump(exclude_unset=True))
    return reply(schemas.OrgkitUser, schemas.present_user(account, file_urls(request)))


@router.post("/avatar", auth=bearer, response=schemas.OrgkitAvatar, errors=UPLOAD_ERRORS, idempotent=True)
def upload_my_avatar(request: AuthedRequest, file: AvatarUpload) -> HttpResponse:
    """Set the caller's avatar."""
    spend("upload.user", request.auth.slug)
    account = request.auth.account
    with saving() as saver:

        def act() -> HttpResponse:
            set_avatar(account, file=file, saver=saver)
            urls = file_urls(request)
            body = {"avatar_url": urls(account.avatar), "avatar_large_url": urls(account.avatar_large)}
            return reply(schemas.OrgkitAvatar, body)

        return once(request, file, act)


@router.delete("/avatar", auth=bearer, response={204: None}, errors=[NoAvatar])
def delete_my_avatar(request: AuthedRequest) -> HttpResponse:
    """Remove the caller's avatar."""
    clear_avatar(request.auth.account)
    return empty()


@router.get("/check_username", response=schemas.OrgkitUsernameCheck, errors=[Throttled])
def check_username_availability(request: HttpRequest, username: Name) -> HttpResponse:
    """Tell whether a username can be had."""
    spend_address("username_check.address", request)
    reason = check_username(username)
    return reply(schemas.OrgkitUsernameCheck, {"username": username, "available": reason is None, "reason": reason})
