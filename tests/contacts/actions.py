"""What most tests of contacts do."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from tests.client import Api
from tests.media.pictures import photo


def names(response: Any) -> list[str]:
    """Return the display names of a page."""
    assert response.status_code == 200, response.content
    return [item["display_name"] for item in response.json()["items"]]


def upload_avatar(api: Api, slug: str, file: BytesIO | None = None) -> Any:
    """Upload the avatar of a contact: a photo, or something else."""
    file = file or photo()
    file.name = "me.jpg"
    return api.upload(f"/contacts/{slug}/avatar/", file=file)
