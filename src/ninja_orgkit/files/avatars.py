"""Avatars as clients see them, of users and contacts alike."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ninja_orgkit.media.avatars import WithAvatar
from ninja_orgkit.protocol.fields import example
from ninja_orgkit.protocol.urls import FileLink


class OrgkitAvatar(BaseModel):
    """The two sizes of an avatar."""

    model_config = example(
        avatar_url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
        avatar_large_url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
    )

    avatar_url: FileLink
    avatar_large_url: FileLink


def represent_avatar(obj: WithAvatar) -> dict[str, Any]:
    """Return the avatar of an object as clients see it."""
    return {"avatar_url": obj.avatar, "avatar_large_url": obj.avatar_large}
