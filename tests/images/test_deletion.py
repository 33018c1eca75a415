"""What is deleted with an object, an organization or an account, and what an export contains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ninja_orgkit import registry
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.services.images import purge_images
from ninja_orgkit.organizations.models import Membership
from tests.client import Person
from tests.conftest import RunOutbox
from tests.images.actions import add_rows, attach
from tests.media.files import files_in
from tests.org import Org


def test_deleting_an_object_keeps_its_images(org: Org, contact: str) -> None:
    ids = add_rows(org, 2)
    attach(org, contact, *ids)
    slug = contact.strip("/").split("/")[-1]
    assert org.api.delete(f"/contacts/{slug}/").status_code == 204
    assert not ImageAttachment.objects.exists()
    assert org.api.get(org.images_path).json()["count"] == 2


def test_images_stay_in_the_organization_when_their_creators_account_is_deleted(
    org: Org, register: Callable[..., Person]
) -> None:
    person = register()
    org.join(person, "member")
    image = org.add_image(api=person.api)
    assert image["creator"] == person.slug
    assert person.api.delete("/auth/delete").status_code == 204
    assert org.api.get(org.image_path(image["id"])).json()["creator"] is None


def test_a_deleted_organization_leaves_no_row_and_no_file(
    org: Org, contact: str, media_root: Path, run_outbox: RunOutbox
) -> None:
    image = org.add_image()
    run_outbox()
    attach(org, contact, image["id"], *add_rows(org, 2))
    assert org.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Image.objects.exists()
    assert not ImageAttachment.objects.exists()
    assert not files_in(media_root)


def test_an_organization_is_purged_in_batches(org: Org, other_org: Org) -> None:
    add_rows(org, 401)
    add_rows(other_org, 1)
    assert purge_images(org.row.pk)
    assert Image.objects.count() == 202
    assert purge_images(org.row.pk)
    assert not purge_images(org.row.pk)
    assert not purge_images(org.row.pk)
    assert Image.objects.get().organization.slug == other_org.slug


def test_an_organization_deleted_through_the_orm_leaves_no_file(
    org: Org, media_root: Path, run_outbox: RunOutbox
) -> None:
    add_rows(org, 3)
    Membership.objects.filter(organization=org.row)._raw_delete("default")
    org.row.delete()
    run_outbox()
    assert not files_in(media_root)


def _exported(kind: str, org: Org) -> list[dict[str, Any]]:
    found = next(entry for entry in registry.export_kinds() if entry.kind == kind)
    rows: Any = found.rows(org.row)
    if kind == "images":
        columns = [field.validation_alias or name for name, field in found.row.model_fields.items()]
        rows = rows.order_by("pk").values(*columns)
    return [found.row.model_validate(row).model_dump(mode="json") for row in rows]


def test_an_export_lists_images_and_attachments_by_public_names(org: Org, other_org: Org, contact: str) -> None:
    image = org.add_image(title="Beach")
    add_rows(other_org, 1)
    attach(org, contact, image["id"])
    (row,) = _exported("images", org)
    assert (row["id"], row["title"], row["creator"]) == (image["id"], "Beach", image["creator"])
    assert row["file"] == Image.objects.get(pk=image["id"]).file
    (link,) = _exported("attachments", org)
    assert link == {
        "image": image["id"], "app_label": "contacts", "model": "contact", "obj_id": contact.split("/")[-2],
        "is_cover": True, "position": 0, "title": None, "description": None, "alt_text": None,
    }  # fmt: skip
    assert not _exported("attachments", other_org)
