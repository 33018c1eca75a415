"""Tell what has happened: the one place that every service, task and receiver passes with each change that it made.

The event of the audit trail and the signal for hosts come from the same call. Without the app ``ninja_orgkit.audit``
there are signals only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django.db import models

from ninja_orgkit.audit.acting import USER, Actor, current_actor
from ninja_orgkit.audit.actions import Action
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import on_commit

Changes = Mapping[str, Mapping[str, Any]]
Record = Callable[..., None]

_recorders: list[Record] = []


def record_with(record: Record) -> None:
    """Let a function record what is announced; the app of the audit trail does this when it is installed."""
    _recorders[:] = [record]


def announce(
    action: Action,
    instance: models.Model,
    *,
    by: Any = None,
    asked_by: Any = None,
    changes: Changes | None = None,
    organization: Any = None,
    account: Any = None,
) -> None:
    """Record an event, and send the signal of the action after the commit. Call it in the transaction of the change.

    ``instance`` is the object that it happened to. ``by`` is the account in whose name it is done; without one, that of
    who acts (see ``acting``). ``asked_by`` is the account that has asked for what a worker does now: the signal names
    it, and the event says that the system has done it. ``changes`` is ``{field: {"old": …, "new": …}}``. The event
    belongs to the ``organization`` of the instance, or to its ``account``, as the action says; give the one that the
    instance lacks.
    """
    if not is_heard(action, type(instance)):
        return
    actor = current_actor()
    if by is not None and (actor.account is None or actor.account.pk != by.pk):
        actor = Actor(USER, by, request=actor.request)
    if _is_recorded(action):
        owner = {"organization": organization, "account": account}[action.scope]
        for record in _recorders:
            record(action, instance, owner=owner, actor=actor, changes=changes)
    if action.signal is not None and action.signal.has_listeners(type(instance)):
        keywords = {"instance": instance, "by": asked_by or actor.account, "changes": dict(changes or {})}
        on_commit(partial(action.signal.send_robust, type(instance), **keywords))


def is_heard(action: Action, model: type[models.Model]) -> bool:
    """Tell whether announcing an action that happens to an object of a model would have an effect."""
    is_sent = action.signal is not None and action.signal.has_listeners(model)
    return is_sent or _is_recorded(action)


def _is_recorded(action: Action) -> bool:
    return bool(_recorders) and (settings.AUDIT_CONTENT or not action.is_content)


def values_of(instance: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """Return the values of these fields, to compare them later."""
    return {field: getattr(instance, field) for field in fields}


def changes_since(before: Mapping[str, Any], instance: models.Model) -> dict[str, dict[str, Any]]:
    """Return how the fields of an instance differ from what ``values_of`` returned before."""
    now = values_of(instance, before)
    return {field: {"old": old, "new": now[field]} for field, old in before.items() if old != now[field]}
