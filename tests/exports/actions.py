"""What most tests of exports do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ninja_orgkit import registry
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.media import storage
from ninja_orgkit.registry import ExportKind
from shop.models import Product, Shop
from tests.client import Api
from tests.media.pictures import quarters, written
from tests.org import Org


def start_export(org: Org, api: Api | None = None) -> dict[str, Any]:
    """Ask for an export and return its job; the owner asks, unless told otherwise."""
    response = (api or org.api).post(org.exports_path)
    assert response.status_code == 202, response.content
    job: dict[str, Any] = response.json()
    return job


def get_job(org: Org, job_id: str) -> dict[str, Any]:
    """Return an export job as the owner sees it."""
    job: dict[str, Any] = org.api.get(f"{org.exports_path}{job_id}/").json()
    return job


def create_contact(org: Org, **fields: Any) -> Contact:
    """Create the row of a contact."""
    return Contact.objects.create(organization=org.row, **fields)


def create_image(org: Org, title: str = "", content: bytes = b"") -> Image:
    """Create the row of an image, and its file with the name that an upload would give it."""
    # An organization has each picture once, so the pictures of tests differ behind their ends.
    content = content or written(quarters(40, 30), "JPEG").read() + f"{Image.objects.count()}".encode()
    name = storage.save("images", "jpg", content)
    return Image.objects.create(
        organization=org.row,
        title=title,
        format="jpeg",
        width=40,
        height=30,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        placeholder="#dc1414",
        file=name,
        status=Image.Status.READY,
    )


def create_product(org: Org, sku: str, **fields: Any) -> Product:
    """Create the row of a product, in a shop of the organization."""
    shop, _ = Shop.objects.get_or_create(organization=org.row, name="Main street")
    return Product.objects.create(sku=sku, **{"shop": shop, "name": sku, "price": "9.50", **fields})


def export_kind(name: str) -> ExportKind:
    """Return a registered kind of rows."""
    return next(kind for kind in registry.export_kinds() if kind.kind == name)


def replace_rows(name: str, rows: Callable[[Any], Any]) -> None:
    """Let the rows of a kind come from somewhere else; a test that does this needs ``isolated_registry``."""
    registry.export_rows(name, row=export_kind(name).row, rows=rows)


def status_of(url: str) -> int:
    """Return the status of a download by somebody who has nothing but the link."""
    response = Api().get(url)
    if response.streaming:
        b"".join(response.streaming_content)  # the test client closes the file at the end of it
    return int(response.status_code)


def stored_files(media_root: Path) -> list[str]:
    """Return the names of all stored archives."""
    return sorted(path.name for path in (media_root / "exports").glob("*"))
