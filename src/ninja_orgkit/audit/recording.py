"""Write events: all those of a transaction by one statement at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from ninja_orgkit.audit import actions
from ninja_orgkit.audit.acting import Actor
from ninja_orgkit.audit.actions import ACCOUNT, Action
from ninja_orgkit.audit.changes import shown_changes
from ninja_orgkit.audit.describing import Target, describe
from ninja_orgkit.audit.models import Event, trail_of
from ninja_orgkit.audit.purging import delete_trails
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import write_at_end
from ninja_orgkit.database.uuids import uuid7
from ninja_orgkit.logs import current_request_id
from ninja_orgkit.protocol.clients import client_address, client_device

_MAX_LENGTHS: dict[str, Any] = {field.name: field.max_length for field in Event._meta.concrete_fields}


def record_event(
    action: Action,
    instance: models.Model,
    *,
    owner: Any,
    actor: Actor,
    changes: Mapping[str, Mapping[str, Any]] | None,
) -> None:
    """Record what happened to an object, which knows its ``owner`` if there is none here."""
    if owner is None:
        owner = getattr(instance, action.scope, instance)
    add_event(action.name, action.scope, owner, actor=actor, target=describe(instance), changes=changes)


def add_event(
    action: str,
    scope: str,
    owner: Any,
    *,
    actor: Actor,
    target: Target,
    changes: Mapping[str, Mapping[str, Any]] | None,
) -> None:
    """Record an event of an organization or an account (``owner``), as ``scope`` says."""
    now = timezone.now()
    texts = {
        "trail": trail_of(scope, owner),
        "owner": owner.slug,
        "action": action,
        "actor_kind": actor.kind,
        "target_kind": target.kind,
        "target": target.id,
        "target_name": target.name,
        "request_id": current_request_id(),
    }
    if actor.account is not None:
        texts |= {"actor": actor.account.slug, "actor_name": actor.account.shown_name}
    if actor.key is not None:
        texts |= {"key_id": str(actor.key.id), "key_name": actor.key.name}
    if actor.request is not None and (scope == ACCOUNT or settings.AUDIT_ADDRESSES):
        texts |= {"address": client_address(actor.request), "device": client_device(actor.request)}
    fitting = {name: text[: _MAX_LENGTHS[name]] for name, text in texts.items()}
    write_at_end(_write, Event(id=uuid7(now), created_at=now, changes=shown_changes(changes), **fitting))


def _write(events: Sequence[Event]) -> None:
    """Insert events. Those of an account that goes, go with it, and only its deletion is told."""
    gone = {event.trail for event in events if event.action == actions.ACCOUNT_DELETED.name}
    if gone:
        delete_trails(gone)
        events = [event for event in events if event.trail not in gone or event.action == actions.ACCOUNT_DELETED.name]
    Event.objects.bulk_create(events)
