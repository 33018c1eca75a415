"""What is wrong with the models that a host registered, for the system checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from ninja_orgkit.database.attachments import LONGEST_KEY
from ninja_orgkit.registry import Resource, resources

_NAME = re.compile(r"[\w-]+/[\w-]+")
_ORGANIZATION = "orgkit_organizations.organization"


def faults() -> Iterator[tuple[Resource, str, str]]:
    """Yield each faulty entry with what is wrong and what helps."""
    for resource in resources():
        for text, hint in (*_faults_of_lookup(resource), *_faults_of_key(resource)):
            yield resource, text, hint
        if not _NAME.fullmatch(resource.name):
            yield resource, f"{resource.name!r} is no public name.", 'Use "app_label/model".'
        if not _leads_to_organization(resource):
            hint = 'Name foreign keys, the last of which points at the organization, like "shop__organization".'
            yield resource, f"{resource.organization!r} is no path from {resource.name!r} to its organization.", hint


def ambiguous() -> Iterator[Resource]:
    """Yield each entry whose lookup no constraint makes unique in an organization: two objects might share it."""
    for resource in resources():
        try:
            field = resource.lookup_field
        except (FieldDoesNotExist, ImproperlyConfigured):
            continue
        meta = resource.model._meta
        total = [item.fields for item in meta.total_unique_constraints]
        enough = {field.name, resource.organization}
        if not field.unique and not any(enough.issuperset(names) for names in (*meta.unique_together, *total)):
            yield resource


def _faults_of_lookup(resource: Resource) -> Iterator[tuple[str, str]]:
    try:
        field = resource.lookup_field
    except (FieldDoesNotExist, ImproperlyConfigured):
        yield f"{resource.model._meta.label} has no field {resource.lookup!r}.", "Name a unique field."
        return
    if field.is_relation:
        yield f"{resource.name!r} would be addressed by a relation.", "Name a field of the model's own."
    if isinstance(field, models.IntegerField) and not resource.numeric_lookup:
        hint = "Name a field that is safe to publish, or say numeric_lookup=True on purpose."
        yield f"{resource.name!r} would be addressed by an integer.", hint
    if resource.numeric_lookup and not isinstance(field, models.IntegerField):
        yield f"{resource.name!r} says numeric_lookup=True, but its lookup is no integer.", "Leave it out."


def _faults_of_key(resource: Resource) -> Iterator[tuple[str, str]]:
    """Say why tags and images could not point at the objects."""
    key: Any = resource.model._meta.pk
    if not (resource.taggable or resource.imageable):
        return
    while key.is_relation:
        key = key.target_field
    if key.get_internal_type() == "CompositePrimaryKey":
        yield f"{resource.name!r} has a key of several columns.", "Tags and images need a key of one column."
    elif (key.max_length or 0) > LONGEST_KEY:
        hint = f"Tags and images need a key of at most {LONGEST_KEY} characters."
        yield f"{resource.name!r} has keys of {key.max_length} characters.", hint


def _leads_to_organization(resource: Resource) -> bool:
    model: Any = resource.model
    for part in resource.organization.split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if not (field.many_to_one or field.one_to_one):
            return False
        model = field.related_model
    return bool(model._meta.label_lower == _ORGANIZATION)
