"""The generic link from something of ours (a tag, an image) to an object of any registered model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import post_delete

LONGEST_KEY = 64
"""Most characters of a primary key that a link can hold, as text."""


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


def forget(sender: type[models.Model], instance: models.Model, **_kwargs: Any) -> None:
    """Delete what points at an object that was just deleted (a ``post_delete`` receiver)."""
    for model in attachment_models():
        model._default_manager.filter(**target_of(instance)).delete()


def forget_many(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Delete what points at the objects with these primary keys, for deletions that send no signals."""
    content_type = ContentType.objects.get_for_model(model).pk
    ids = [str(key) for key in keys]
    for kind in attachment_models():
        kind._default_manager.filter(content_type_id=content_type, object_id__in=ids).delete()
