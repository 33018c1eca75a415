"""System checks of the models that a host registers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from ninja_orgkit.database.attachments import MAX_KEY_LENGTH
from ninja_orgkit.registry import resources
from ninja_orgkit.resources import Resource

_NAME = re.compile(r"[\w-]+/[\w-]+")
_ORGANIZATION = "orgkit_organizations.organization"


@register(Tags.models)
def check_registry(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each registered model that does not work as it is registered."""
    return [message for entry in resources() for message in _check_entry(entry)]


def _check_entry(entry: Resource) -> Iterator[CheckMessage]:
    yield from _check_name(entry)
    yield from _check_lookup(entry)
    yield from _check_key(entry)
    yield from _check_organization(entry)


def _check_name(entry: Resource) -> Iterator[CheckMessage]:
    if not _NAME.fullmatch(entry.name):
        hint = 'Use the form "app_label/model".'
        yield Error(f"{entry.name!r} is not a public name.", hint=hint, obj=entry.model, id="orgkit.E036")


def _check_lookup(entry: Resource) -> Iterator[CheckMessage]:
    """Report a field that clients cannot or should not address objects by."""
    try:
        field = entry.lookup_field
    except (FieldDoesNotExist, ImproperlyConfigured):
        text = f"The model of {entry.name!r} has no field {entry.lookup!r}, which is its lookup."
        yield Error(text, hint="Name a unique field of the model.", obj=entry.model, id="orgkit.E010")
        return
    if field.is_relation:
        hint = "Name a field of the model itself."
        yield Error(f"The lookup of {entry.name!r} is a relation.", hint=hint, obj=entry.model, id="orgkit.E037")
    if isinstance(field, models.IntegerField) and not entry.numeric_lookup:
        hint = "Name a field that is safe to publish, or pass numeric_lookup=True to publish this one."
        yield Error(f"The lookup of {entry.name!r} is an integer.", hint=hint, obj=entry.model, id="orgkit.E038")
    if entry.numeric_lookup and not isinstance(field, models.IntegerField):
        text = f"{entry.name!r} has numeric_lookup=True, but its lookup is not an integer."
        yield Error(text, hint="Remove numeric_lookup.", obj=entry.model, id="orgkit.E039")
    if not _is_unique(entry, field):
        yield Warning(
            f"The lookup of {entry.name!r}, {entry.lookup!r}, is not unique within an organization.",
            hint="Add unique=True, or a constraint with the organization. Objects that share a lookup are not found.",
            obj=entry.model,
            id="orgkit.W019",
        )


def _is_unique(entry: Resource, field: models.Field[Any, Any]) -> bool:
    """Tell whether the database lets no two objects of an organization share their lookup."""
    meta = entry.model._meta
    constraints = (*meta.unique_together, *(item.fields for item in meta.total_unique_constraints))
    enough = {field.name, entry.organization}
    return field.unique or any(enough.issuperset(names) for names in constraints)


def _check_key(entry: Resource) -> Iterator[CheckMessage]:
    """Report a primary key that tags and images cannot point at."""
    key: Any = entry.model._meta.pk
    if not (entry.taggable or entry.imageable):
        return
    while key.is_relation:
        key = key.target_field
    if key.get_internal_type() == "CompositePrimaryKey":
        hint = "Tags and images need a primary key of one column."
        text = f"The primary key of {entry.name!r} has several columns."
        yield Error(text, hint=hint, obj=entry.model, id="orgkit.E040")
    elif (key.max_length or 0) > MAX_KEY_LENGTH:
        hint = f"Tags and images need a primary key of at most {MAX_KEY_LENGTH} characters."
        text = f"The primary key of {entry.name!r} can have {key.max_length} characters."
        yield Error(text, hint=hint, obj=entry.model, id="orgkit.E041")


def _check_organization(entry: Resource) -> Iterator[CheckMessage]:
    model: Any = entry.model
    for part in entry.organization.split("__"):
        model = _followed(model, part) if model is not None else None
    if model is None or model._meta.label_lower != _ORGANIZATION:
        hint = 'Name foreign keys, the last of which points at the organization, like "shop__organization".'
        text = f"{entry.organization!r} is not a path from {entry.name!r} to its organization."
        yield Error(text, hint=hint, obj=entry.model, id="orgkit.E042")


def _followed(model: Any, name: str) -> Any:
    """Return the model that a foreign key of a model points at, None when it is not a foreign key."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field.related_model if field.many_to_one or field.one_to_one else None
