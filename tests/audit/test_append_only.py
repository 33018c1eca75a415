"""Nothing changes or deletes an event but the retention, and the deletion of an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ninja_orgkit.audit import purging
from ninja_orgkit.audit.errors import AppendOnly
from ninja_orgkit.audit.models import Event
from ninja_orgkit.audit.tasks import purge_events
from ninja_orgkit.database.uuids import uuid7
from tests.org import Org


def _aged(days: int, number: int = 1) -> None:
    at = timezone.now() - timedelta(days=days)
    base = {"trail": "organization:0", "owner": "gone", "action": "member.added", "actor_kind": "system"}
    Event.objects.bulk_create([Event(id=uuid7(at), created_at=at, **base) for _ in range(number)])


WAYS: dict[str, Callable[[Event], object]] = {
    "save": lambda event: event.save(),
    "delete": lambda event: event.delete(),
    "update": lambda event: Event.objects.filter(pk=event.pk).update(action="x"),
    "update all": lambda event: Event.objects.update(action="x"),
    "delete many": lambda event: Event.objects.all().delete(),
    "delete by the base manager": lambda event: Event._base_manager.all().delete(),
    "bulk_update": lambda event: Event.objects.bulk_update([event], ["action"]),
    "bulk_create": lambda event: Event.objects.bulk_create(
        [event], update_conflicts=True, update_fields=["action"], unique_fields=["id"]
    ),
    "update_or_create": lambda event: Event.objects.update_or_create(pk=event.pk, defaults={"action": "x"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_orm_refuses_to_change_or_delete_an_event(org: Org, way: str) -> None:
    event = Event.objects.filter(owner=org.slug).latest("id")
    with pytest.raises(AppendOnly):
        WAYS[way](event)
    assert Event.objects.get(pk=event.pk).action == event.action


def test_an_event_of_the_same_id_is_not_written_over(org: Org) -> None:
    event = Event.objects.filter(owner=org.slug).latest("id")
    values = {field.attname: getattr(event, field.attname) for field in Event._meta.concrete_fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        Event(**{**values, "action": "x"}).save()
    assert Event.objects.get(pk=event.pk).action == event.action


@pytest.mark.postgres
@pytest.mark.parametrize("statement", ["UPDATE {} SET action = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("purging", [False, True])
def test_postgresql_refuses_it_to_everybody(org: Org, statement: str, *, purging: bool) -> None:
    table = Event._meta.db_table
    before = Event.objects.count()

    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            if purging:
                cursor.execute("SELECT set_config('orgkit.audit_purge', 'on', true)")
            cursor.execute(statement.format(table))

    if purging and statement.startswith("DELETE"):
        run()
        assert Event.objects.count() == 0
    else:
        with pytest.raises(IntegrityError, match="never changed or deleted"):
            run()
        assert Event.objects.count() == before


@pytest.mark.parametrize("how", ["task", "command"])
def test_the_retention_deletes_what_is_older_in_batches(
    org: Org, how: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(purging, "BATCH", 2)
    kept = Event.objects.count()
    _aged(401, 5)
    _aged(399)
    if how == "task":
        purge_events()
    else:
        call_command("orgkit_purge_audit")
    assert Event.objects.count() == kept + 1
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_LIFETIME": timedelta(days=398)}
    assert purging.purge_events() == 1
    with pytest.raises(AppendOnly):
        Event.objects.all().delete()


@pytest.mark.postgres
def test_the_retention_leaves_the_trigger_on(org: Org) -> None:
    _aged(401)
    with transaction.atomic():
        assert purging.purge_events() == 1
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {Event._meta.db_table}")
