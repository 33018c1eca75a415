"""Lock the objects whose images change, and give each of them a cover.

Whatever attaches, detaches or deletes images locks first the images and then the objects, each in the order of their
keys. So two transactions never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, F, Model, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat

from ninja_orgkit.database.alias import kit_alias
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.images.selectors import ORDER

Target = tuple[int, str]
"""The two columns that point at an object: content type and key."""


def lock_object(obj: Model) -> None:
    """Lock the row of an object. Raises NotFound if it is gone."""
    if not type(obj)._base_manager.select_for_update().filter(pk=obj.pk).values_list("pk").first():
        raise NotFound


def lock_targets(targets: Iterable[Target]) -> None:
    """Lock the rows of objects, with one statement for each model."""
    for content_type, keys in sorted(_by_type(targets).items()):
        model = ContentType.objects.db_manager(kit_alias()).get_for_id(content_type).model_class()
        if model is not None:
            rows = model._base_manager.select_for_update().filter(pk__in=keys).order_by("pk")
            list(rows.values_list("pk"))


def give_covers(targets: Iterable[Target]) -> None:
    """Give every object that has images but no cover its first image as cover. The objects must be locked."""
    siblings = ImageAttachment.objects.filter(content_type=OuterRef("content_type"), object_id=OuterRef("object_id"))
    first = siblings.order_by(*ORDER).values("pk")[:1]
    among = Q(pk__in=[])
    for content_type, keys in _by_type(targets).items():
        among |= Q(content_type=content_type, object_id__in=keys)
    heirs = ImageAttachment.objects.filter(
        among, ~Exists(siblings.filter(cover_of__isnull=False)), pk=Subquery(first)
    ).values_list("pk", flat=True)
    # Two statements, because MariaDB cannot update a table that the condition reads.
    if found := list(heirs):
        key: Any = Concat(Cast("content_type_id", CharField()), Value(":"), F("object_id"))
        ImageAttachment.objects.filter(pk__in=found).update(cover_of=key)


def _by_type(targets: Iterable[Target]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for content_type, key in targets:
        found.setdefault(content_type, []).append(key)
    return found
