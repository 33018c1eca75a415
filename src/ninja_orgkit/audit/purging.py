"""Delete events: those that are older than ``AUDIT_LIFETIME``, and those of accounts that are gone.

Nothing else does. On PostgreSQL a trigger lets only a transaction delete that says it is one of these two.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from ninja_orgkit.audit.append_only import PURGING
from ninja_orgkit.audit.models import Event
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic, kit_connection
from ninja_orgkit.database.uuids import uuid7

BATCH = 5000

# A row is joined with what allows the deletion before it is deleted, and counted before that is taken back: the
# transaction may go on.
_DELETE = """
WITH allowed AS MATERIALIZED (SELECT set_config(%s, 'on', true)),
    deleted AS (DELETE FROM {table} USING allowed WHERE {column} = ANY(%s) RETURNING 1),
    counted AS MATERIALIZED (SELECT count(*) AS total FROM deleted)
SELECT total, set_config(%s, 'off', true) FROM counted
"""


def purge_events() -> int:
    """Delete the events that are older than ``AUDIT_LIFETIME``, in batches, and return their number."""
    end = timezone.now() - settings.AUDIT_LIFETIME
    # The key sorts by time, too, and has an index.
    past = Event.objects.filter(pk__lt=uuid7(end), created_at__lt=end).order_by("pk")
    deleted = 0
    while batch := list(past.values_list("pk", flat=True)[:BATCH]):
        deleted += delete_events("id", batch)
    return deleted


def delete_trails(trails: Collection[str]) -> None:
    """Delete all events of accounts that are gone."""
    delete_events("trail", list(trails))


@atomic()
def delete_events(column: str, values: list[Any]) -> int:
    """Delete the events with one of these values in a column, and return their number. Takes one statement."""
    connection = kit_connection()
    if connection.vendor != "postgresql":
        events = Event.objects.filter(**{f"{column}__in": values})
        deleted: Any = events._raw_delete(connection.alias)
        return int(deleted or 0)
    with connection.cursor() as cursor:
        cursor.execute(_DELETE.format(column=column, table=Event._meta.db_table), [PURGING, values, PURGING])
        return int(cursor.fetchone()[0])
