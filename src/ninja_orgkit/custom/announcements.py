"""Tell what has happened: the one place that every service, task and receiver passes with each change that it made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.db import models
from django.dispatch import Signal

from ninja_orgkit.custom.hooks import current_request
from ninja_orgkit.database.alias import on_commit

Changes = Mapping[str, Mapping[str, Any]]


def announce(
    signal: Signal, instance: models.Model, *, by: models.Model | None = None, changes: Changes | None = None
) -> None:
    """Send a signal after the commit of the current transaction, if anybody listens.

    ``by`` is the account in whose name it is done; without one, the account that the current request is authenticated
    for. Call it in the transaction of the change.
    """
    if not signal.has_listeners(type(instance)):
        return
    actor = by if by is not None else current_account()
    send = partial(signal.send_robust, type(instance), instance=instance, by=actor, changes=dict(changes or {}))
    on_commit(send)


def current_account() -> Any:
    """Return the account that the current request is authenticated for, or None."""
    return getattr(getattr(current_request(), "auth", None), "account", None)


def values_of(instance: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """Return the values of these fields, to compare them later."""
    return {field: getattr(instance, field) for field in fields}


def changes_since(before: Mapping[str, Any], instance: models.Model) -> dict[str, dict[str, Any]]:
    """Return how the fields of an instance differ from what ``values_of`` returned before."""
    now = values_of(instance, before)
    return {field: {"old": old, "new": now[field]} for field, old in before.items() if old != now[field]}
