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


def walk(api: Api, **query: Any) -> list[str]:
    """Return the slugs on all pages, one after the other; going back must give the same."""
    pages: list[list[str]] = []
    response = api.get("/contacts/", **query)
    while True:
        page = response.json()
        pages.append([item["slug"] for item in page["items"]])
        if page["next"] is None:
            break
        response = api.get(page["next"])
    back = [pages[-1]]
    while page["previous"] is not None:
        page = api.get(page["previous"]).json()
        back.insert(0, [item["slug"] for item in page["items"]])
    assert [slug for part in back for slug in part] == [slug for part in pages for slug in part]
    return [slug for part in pages for slug in part]


def upload_avatar(api: Api, slug: str, file: BytesIO | None = None) -> Any:
    """Upload the avatar of a contact: a photo, or something else."""
    file = file or photo()
    file.name = "me.jpg"
    return api.upload(f"/contacts/{slug}/avatar/", file=file)
