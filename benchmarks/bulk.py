"""Bulk: 1,000 tags and images on one object. Run it as ``python benchmarks/bulk.py [number]``.

Measured at the services, each run on an object and with names or images of its own. The floor is set-based SQL written
by hand, with the object's row locked, as ours has it; naive is a loop of ``get_or_create``. The runs are interleaved,
and only ratios within one run count. What counts is the CPU of this process and of the server's process for its
connection (Linux tells it in nanoseconds), because time on the clock depends on what else the machine does.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import host
from django.db import connection, transaction

ROUNDS = 5

_LOCK = "SELECT 1 FROM orgkit_contacts_contact WHERE id = %s FOR UPDATE"
_TAGS = """
INSERT INTO orgkit_tags_tag (organization_id, name, name_key, sort_key, slug, created_at)
SELECT %s, name, lower(name), lower(name), lower(name), now() FROM unnest(%s::text[]) AS name
ON CONFLICT DO NOTHING
"""
_ASSIGN = """
INSERT INTO orgkit_tags_tagassignment (content_type_id, object_id, tag_id)
SELECT %s, %s, id FROM orgkit_tags_tag WHERE organization_id = %s AND name_key = ANY(%s) ON CONFLICT DO NOTHING
"""
_ATTACH = """
INSERT INTO orgkit_images_imageattachment (content_type_id, object_id, image_id, position)
SELECT %s, %s, id, row_number() OVER (ORDER BY id) FROM orgkit_images_image WHERE organization_id = %s AND id = ANY(%s)
ON CONFLICT DO NOTHING
"""


class World:
    """An organization, in which each run gets a contact and names of its own."""

    def __init__(self, number: int) -> None:
        from ninja_orgkit.images.models import Image  # noqa: PLC0415
        from ninja_orgkit.organizations.models import Organization  # noqa: PLC0415

        self.number = number
        self.counter = itertools.count()
        self.organization = Organization.objects.create(slug="acme", name="Acme")
        images = [
            Image(
                organization=self.organization, format="jpeg", width=1, height=1, size=1, sha256=f"{at:064x}",
                placeholder="#000000", file=f"images/{at}.jpg",
            )
            for at in range(number)
        ]  # fmt: skip
        self.image_ids = [image.pk for image in Image.objects.bulk_create(images)]

    def contact(self) -> Any:
        """Return a new contact."""
        from ninja_orgkit.contacts.models import Contact  # noqa: PLC0415

        return Contact.objects.create(organization=self.organization, display_name="Grace")

    def names(self) -> list[str]:
        """Return names that no tag has."""
        run = next(self.counter)
        return [f"tag-{run}-{at}" for at in range(self.number)]


def floor_of_tags(world: World, contact: Any, names: list[str]) -> None:
    """Three statements."""
    from ninja_orgkit.database.attachments import target_of  # noqa: PLC0415

    with transaction.atomic():
        host.execute(_LOCK, [contact.pk])
        host.execute(_TAGS, [world.organization.pk, names])
        host.execute(_ASSIGN, [*target_of(contact).values(), world.organization.pk, names])


def our_tags(world: World, contact: Any, names: list[str]) -> None:
    """The service. It checks the names, as the route does for a body."""
    from ninja_orgkit.tags.services import assign_tags  # noqa: PLC0415

    assign_tags(contact, names)


def naive_tags(world: World, contact: Any, names: list[str]) -> None:
    """A loop."""
    from ninja_orgkit.database.attachments import target_of  # noqa: PLC0415
    from ninja_orgkit.tags.models import Tag, TagAssignment  # noqa: PLC0415

    with transaction.atomic():
        for name in names:
            tag, _ = Tag.objects.get_or_create(
                organization=world.organization, name_key=name, defaults={"name": name, "slug": name}
            )
            TagAssignment.objects.get_or_create(tag=tag, **target_of(contact))


def floor_of_images(world: World, contact: Any, image_ids: list[int]) -> None:
    """Two statements."""
    from ninja_orgkit.database.attachments import target_of  # noqa: PLC0415

    with transaction.atomic():
        host.execute(_LOCK, [contact.pk])
        host.execute(_ATTACH, [*target_of(contact).values(), world.organization.pk, image_ids])


def our_images(world: World, contact: Any, image_ids: list[int]) -> None:
    """The service."""
    from ninja_orgkit.images.services.attachments import attach_images  # noqa: PLC0415

    attach_images(contact, image_ids)


def naive_images(world: World, contact: Any, image_ids: list[int]) -> None:
    """A loop."""
    from ninja_orgkit.database.attachments import target_of  # noqa: PLC0415
    from ninja_orgkit.images.models import Image, ImageAttachment  # noqa: PLC0415

    with transaction.atomic():
        for position, key in enumerate(image_ids):
            image = Image.objects.get(organization=world.organization, pk=key)
            defaults = {"position": position}
            ImageAttachment.objects.get_or_create(image=image, **target_of(contact), defaults=defaults)


CASES: dict[str, dict[str, Callable[..., None]]] = {
    "tags": {"floor": floor_of_tags, "ours": our_tags, "naive": naive_tags},
    "images": {"floor": floor_of_images, "ours": our_images, "naive": naive_images},
}


def seconds_of_cpu(server: int) -> float:
    """Return the CPU that this process and a process of the server have spent."""
    return time.process_time() + int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) / 1e9


def process_of_connection() -> int:
    """Return the id of the server's process for the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def measure(number: int) -> None:
    """Print one line for each shape of each case, and how many statements ours takes, savepoints aside."""
    world, server = World(number), process_of_connection()
    for case, shapes in CASES.items():

        def run(shape: Callable[..., None], case: str = case) -> float:
            contact, given = world.contact(), world.names() if case == "tags" else world.image_ids
            started = seconds_of_cpu(server)
            shape(world, contact, given)
            return seconds_of_cpu(server) - started

        shapes["ours"](world, world.contact(), world.names() if case == "tags" else world.image_ids)  # warm
        times = host.medians({name: partial(run, shape) for name, shape in shapes.items()}, ROUNDS)
        for name, seconds in times.items():
            ratio = seconds / times["floor"]
            goal = host.verdict(ratio, 3) if name == "ours" else ""
            print(f"{number} {case}, {name:6} {seconds * 1e3:8.1f} ms  {ratio:6.2f} × floor {goal}")
        contact, given = world.contact(), world.names() if case == "tags" else world.image_ids
        for what, target in (("first", 5), ("again", 3)):
            with host.recorded() as record:
                shapes["ours"](world, contact, given)
            count = sum("SAVEPOINT" not in sql for sql, _ in record.statements)
            print(f"  {what}: {count} statements {host.verdict(count, target)}")


if __name__ == "__main__":
    with host.running():
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
