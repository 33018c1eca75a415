"""What most tests of images do."""

from __future__ import annotations

import hashlib
from typing import Any

from ninja_orgkit.images.models import Image
from ninja_orgkit.media.storage import save
from tests.org import Org
from tests.rows import insert


def contact_images_path(org: Org, name: str = "Ada") -> str:
    """Create a contact and return the path of its images."""
    return org.images_path_of(org.add_contact(name))


def attach(org: Org, path: str, *image_ids: int) -> list[dict[str, Any]]:
    """Attach images to the object at a path and return all its attachments."""
    response = org.api.post(path, {"image_ids": list(image_ids)})
    assert response.status_code == 200, response.content
    links: list[dict[str, Any]] = response.json()
    return links


def order_of(org: Org, path: str) -> list[int]:
    """Return the ids of an object's images, by position."""
    return [link["image"]["id"] for link in org.api.get(path).json()["items"]]


def covers_of(org: Org, path: str) -> list[int]:
    """Return the ids of the images that are an object's cover."""
    return [link["image"]["id"] for link in org.api.get(path).json()["items"] if link["is_cover"]]


def add_rows(org: Org, count: int) -> list[int]:
    """Create images without uploading them, each with a small file, and return their ids."""
    rows = []
    for number in range(count):
        name = save("images", "png", b"picture %d" % number)
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        rows.append(
            Image(
                organization=org.row,
                title=f"{number:05}",
                title_sort=f"{number:05}",
                format="png",
                width=1,
                height=1,
                size=1,
                sha256=sha256,
                file=name,
            )
        )
    return [image.pk for image in insert(rows)]


def named(target: str) -> dict[str, str]:
    """Return the three names that the path of an object's images holds."""
    app_label, model, obj_id = target.strip("/").split("/")[-3:]
    return {"app_label": app_label, "model": model, "obj_id": obj_id}
