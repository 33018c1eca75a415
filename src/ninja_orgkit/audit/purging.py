"""Delete events: those that are older than ``AUDIT_LIFETIME``, and those of accounts that are gone.

Nothing else does. On PostgreSQL a trigger lets only a transaction delete that says it is one of these two.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from ninja_orgkit.audit.append_only import PURGING
from ninja_orgkit.audit.models import Event, EventQuerySet
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic, kit_alias, kit_connection
from ninja_orgkit.database.uuids import uuid7

BATCH = 5000


def purge_events() -> int:
    """Delete the events that are older than ``AUDIT_LIFETIME``, in batches, and return their number."""
    end = timezone.now() - settings.AUDIT_LIFETIME
    # The key sorts by time, too, and has an index.
    past = Event.objects.filter(pk__lt=uuid7(end), created_at__lt=end).order_by("pk")
    deleted = 0
    while batch := list(past.values_list("pk", flat=True)[:BATCH]):
        deleted += delete_events(Event.objects.filter(pk__in=batch))
    return deleted


def delete_trails(trails: Collection[str]) -> None:
    """Delete all events of accounts that are gone."""
    delete_events(Event.objects.filter(trail__in=trails))


@atomic()
def delete_events(events: EventQuerySet) -> int:
    """Delete events, and return their number."""
    _say("on")
    deleted: Any = events._raw_delete(kit_alias())
    _say("off")  # the transaction may go on
    return int(deleted or 0)


def _say(value: str) -> None:
    connection = kit_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [PURGING, value])
