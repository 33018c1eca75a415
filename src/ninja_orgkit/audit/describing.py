"""How an event names what it happened to: its kind, its public identifier and its name."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import models

from ninja_orgkit.registry import resource_of


class Target(NamedTuple):
    """What an event happened to. The identifier is the public one: an integer for tags and images only."""

    kind: str
    id: str
    name: str


_KINDS = {
    "orgkit_accounts.account": ("account", "slug", "shown_name"),
    "orgkit_accounts.session": ("session", "id", "device"),
    "orgkit_organizations.organization": ("organization", "slug", "name"),
    "orgkit_organizations.membership": ("member", "account.slug", "account.shown_name"),
    "orgkit_organizations.invitation": ("invitation", "id", "email"),
    "orgkit_apikeys.apikey": ("api_key", "id", "name"),
    "orgkit_exports.exportjob": ("export", "id", ""),
    "orgkit_contacts.contact": ("contact", "slug", "display_name"),
    "orgkit_tags.tag": ("tag", "id", "name"),
    "orgkit_images.image": ("image", "id", "title"),
}
"""For each model of the kit the kind, and the attributes that hold the identifier and the name."""

KINDS = tuple(kind for kind, _, _ in _KINDS.values())
"""The kinds of the kit. The kind of a host's model is its registered name, such as ``shop/product``."""


def describe(instance: models.Model) -> Target:
    """Return how events name an object. Raises LookupError if its model is neither the kit's nor registered."""
    known = _KINDS.get(str((instance._meta.concrete_model or type(instance))._meta.label_lower))
    if known is None:
        resource = resource_of(type(instance))
        # Django's own ``__str__`` would tell the primary key.
        name = "" if type(instance).__str__ is models.Model.__str__ else str(instance)
        return Target(resource.name, resource.public_id(instance), name)
    kind, key, name = known
    return Target(kind, str(attrgetter(key)(instance)), str(attrgetter(name)(instance)) if name else "")


def target_of(described: Any) -> Target:
    """Return what a host names as a target: an object, a mapping with ``kind``, ``id`` and ``name``, or None."""
    if described is None:
        return Target("", "", "")
    if isinstance(described, Mapping):
        return Target(**{"id": "", "name": "", **{key: str(value) for key, value in described.items()}})
    return describe(described)
