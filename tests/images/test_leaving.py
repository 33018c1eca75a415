"""What goes with an object, an organization or a creator, and what an export takes along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ninja_orgkit import registry
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.services.images import purge_images
from ninja_orgkit.organizations.models import Membership
from tests.client import Person
from tests.conftest import RunOutbox
from tests.images.conftest import Album, files_in


def test_deleting_an_object_keeps_its_images(album: Album, contact: str) -> None:
    ids = album.fill(2)
    album.attach(contact, *ids)
    slug = contact.strip("/").split("/")[-1]
    assert album.api.delete(f"/contacts/{slug}/").status_code == 204
    assert not ImageAttachment.objects.exists()
    assert album.api.get(album.path).json()["count"] == 2


def test_an_account_that_goes_leaves_the_images_of_others_organizations(
    album: Album, register: Callable[..., Person]
) -> None:
    person = register()
    account = Account.objects.get(slug=person.slug)
    Membership.objects.create(organization=album.row, account=account, role="member")
    image = Album(person.api, album.org).add()
    assert image["creator"] == person.slug
    assert person.api.delete("/auth/delete").status_code == 204
    assert album.api.get(album.one(image["id"])).json()["creator"] is None


def test_a_deleted_organization_leaves_no_row_and_no_file(
    album: Album, contact: str, media_root: Path, run_outbox: RunOutbox
) -> None:
    image = album.add()
    run_outbox()
    album.attach(contact, image["id"], *album.fill(2))
    assert album.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Image.objects.exists()
    assert not ImageAttachment.objects.exists()
    assert not files_in(media_root)


def test_an_organization_is_purged_in_batches(album: Album, foreign: Album) -> None:
    album.fill(401)
    foreign.fill(1)
    assert purge_images(album.row.pk)
    assert Image.objects.count() == 202
    assert purge_images(album.row.pk)
    assert not purge_images(album.row.pk)
    assert not purge_images(album.row.pk)
    assert Image.objects.get().organization.slug == foreign.org


def test_an_organization_deleted_behind_the_kits_back_leaves_no_file(
    album: Album, media_root: Path, run_outbox: RunOutbox
) -> None:
    album.fill(3)
    Membership.objects.filter(organization=album.row)._raw_delete("default")
    album.row.delete()
    run_outbox()
    assert not files_in(media_root)


def _exported(kind: str, album: Album) -> list[dict[str, Any]]:
    found = next(entry for entry in registry.export_kinds() if entry.kind == kind)
    rows: Any = found.rows(album.row)
    if kind == "images":
        columns = [field.validation_alias or name for name, field in found.row.model_fields.items()]
        rows = rows.order_by("pk").values(*columns)
    return [found.row.model_validate(row).model_dump(mode="json") for row in rows]


def test_an_export_has_images_and_attachments_by_public_names(album: Album, foreign: Album, contact: str) -> None:
    image = album.add(title="Beach")
    foreign.fill(1)
    album.attach(contact, image["id"])
    (row,) = _exported("images", album)
    assert (row["id"], row["title"], row["creator"]) == (image["id"], "Beach", image["creator"])
    assert row["file"] == Image.objects.get(pk=image["id"]).file
    (link,) = _exported("attachments", album)
    assert link == {
        "image": image["id"], "app_label": "contacts", "model": "contact", "obj_id": contact.split("/")[-2],
        "is_cover": True, "position": 0, "title": None, "description": None, "alt_text": None,
    }  # fmt: skip
    assert not _exported("attachments", foreign)
