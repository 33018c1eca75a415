"""The generic link from something of ours (a tag, an image) to an object of any registered model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import post_delete

from ninja_orgkit.database.alias import kit_alias

MAX_KEY_LENGTH = 64
"""The maximum length of the primary key that a link points at, in characters, as text."""

_WITHOUT_CASCADE = "_orgkit_without_cascade"
"""The attribute of a queryset that names the objects (model and primary key) whose links its deletion leaves alone."""


class Attachment(models.Model):
    """A row that points at an object of any model. It is deleted with the object."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=MAX_KEY_LENGTH)

    class Meta:
        abstract = True


def content_type_id(model: type[models.Model]) -> int:
    """Return the primary key of a model's content type, which links to its objects hold."""
    return ContentType.objects.db_manager(kit_alias()).get_for_model(model).pk


def target_of(obj: models.Model) -> dict[str, Any]:
    """Return the values of the two columns that point at an object."""
    return {"content_type_id": content_type_id(type(obj)), "object_id": str(obj.pk)}


def attachment_models() -> list[type[Attachment]]:
    """Return every concrete model of links that is installed."""
    return [model for model in Attachment.__subclasses__() if not model._meta.abstract]


def cascade_from(model: type[models.Model]) -> None:
    """Delete the links to objects of a model with the objects, also when a proxy of the model deletes them."""
    for variant in apps.get_models():
        if variant._meta.concrete_model is model._meta.concrete_model:
            post_delete.connect(_cascade, sender=variant, dispatch_uid=f"orgkit.cascade.{variant._meta.label}")


def _cascade(sender: type[models.Model], instance: models.Model, origin: Any = None, **_kwargs: Any) -> None:
    if (sender, instance.pk) not in getattr(origin, _WITHOUT_CASCADE, ()):
        delete_links(sender, [instance.pk])


def delete_links(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Delete the links to objects (given by primary key), in one statement for each model of links."""
    content_type, ids = content_type_id(model), [str(key) for key in keys]
    for links in attachment_models():
        fast_delete(links._default_manager.filter(content_type_id=content_type, object_id__in=ids))


def without_cascade(model: type[models.Model], keys: Iterable[Any]) -> models.QuerySet[Any]:
    """Return a queryset of objects (given by primary key) whose deletion does not look for the links to each of them.

    The caller deletes those links with ``delete_links``, all at once.
    """
    doomed = list(keys)
    rows = model._default_manager.filter(pk__in=doomed)
    setattr(rows, _WITHOUT_CASCADE, frozenset((model, key) for key in doomed))
    return rows


def fast_delete(rows: models.QuerySet[Any]) -> None:
    """Delete rows in one statement, without loading them and without signals.

    Rows of a host's model, and rows that a host's model points at, are deleted in Django's usual way instead. The
    caller does what receivers of the kit would do.
    """
    if not _is_ours(rows.model) or any(not _is_ours(model) for model in _pointing_at(rows.model)):
        rows.delete()
    else:
        rows._raw_delete(rows.db)


def _pointing_at(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """Yield the models that have a foreign key to a model, also those without a reverse accessor."""
    for field in model._meta.get_fields(include_hidden=True):
        if field.auto_created and not field.concrete and field.related_model is not None:
            yield field.related_model


def _is_ours(model: type[models.Model]) -> bool:
    return model.__module__.startswith("ninja_orgkit.")
