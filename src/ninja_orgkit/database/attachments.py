"""The generic link from something of ours (a tag, an image) to an object of any registered model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import post_delete

LONGEST_KEY = 64
"""Most characters of a primary key that a link can hold, as text."""

_TOGETHER = "_orgkit_together"
"""On a queryset: the objects (model and primary key) that its deletion looks for no links of, one by one."""


class Attachment(models.Model):
    """A row that points at an object of any model. It goes when the object goes."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=LONGEST_KEY)

    class Meta:
        abstract = True


def kind_of(model: type[models.Model]) -> int:
    """Return what the content type of a link to objects of a model is (a primary key)."""
    return ContentType.objects.get_for_model(model).pk


def target_of(obj: models.Model) -> dict[str, Any]:
    """Return the values of the two columns that point at an object."""
    return {"content_type_id": kind_of(type(obj)), "object_id": str(obj.pk)}


def attachment_models() -> list[type[Attachment]]:
    """Return every concrete kind of attachment that is installed."""
    return [model for model in Attachment.__subclasses__() if not model._meta.abstract]


def watch(model: type[models.Model]) -> None:
    """Have what points at objects of a model go with them, also when they are deleted through a proxy of the model."""
    for kind in apps.get_models():
        if kind._meta.concrete_model is model._meta.concrete_model:
            post_delete.connect(forget, sender=kind, dispatch_uid=f"orgkit.forget.{kind._meta.label}")


def forget(sender: type[models.Model], instance: models.Model, origin: Any = None, **_kwargs: Any) -> None:
    """Delete what points at an object that was just deleted (a ``post_delete`` receiver)."""
    if (sender, instance.pk) not in getattr(origin, _TOGETHER, ()):
        forget_many(sender, [instance.pk])


def forget_many(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Delete what points at objects (primary keys) that go, too, or are gone."""
    content_type, ids = kind_of(model), [str(key) for key in keys]
    for kind in attachment_models():
        delete_rows(kind._default_manager.filter(content_type_id=content_type, object_id__in=ids))


def together(model: type[models.Model], keys: Iterable[Any]) -> models.QuerySet[Any]:
    """Return objects (primary keys) to be deleted together: what points at them is left to ``forget_many``."""
    doomed = list(keys)
    rows = model._default_manager.filter(pk__in=doomed)
    setattr(rows, _TOGETHER, frozenset((model, key) for key in doomed))
    return rows


def delete_rows(rows: models.QuerySet[Any]) -> None:
    """Delete rows by one statement, without loading them; rows that a host has a say in as Django does.

    Those are the rows of its own models, and those that its models point at. Who calls this sees to what receivers of
    the kit would do.
    """
    if not _is_ours(rows.model) or any(not _is_ours(model) for model in _pointing_at(rows.model)):
        rows.delete()
    else:
        rows._raw_delete(rows.db)


def _pointing_at(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """Yield the models that have a foreign key to a model, also those without a way back."""
    for field in model._meta.get_fields(include_hidden=True):
        if field.auto_created and not field.concrete and field.related_model is not None:
            yield field.related_model


def _is_ours(model: type[models.Model]) -> bool:
    return model.__module__.startswith("ninja_orgkit.")
