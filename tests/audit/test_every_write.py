"""Every operation that writes leaves its events, once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction

from ninja_orgkit.audit import announcing
from ninja_orgkit.audit.actions import ACTIONS
from ninja_orgkit.audit.models import Event
from tests.audit.writes import EXCUSED, WRITES, World
from tests.client import Api, count_queries, statements_in
from tests.conftest import Mailbox, RunOutbox
from tests.org import Org
from tests.protocol.problems import PATHS, ROUTES

pytestmark = pytest.mark.usefixtures("shared_org")

READS = ("GET", "HEAD")
WRITING_READS = {"GET /auth/email/verify"}


@pytest.fixture
def world(org: Org, run_outbox: RunOutbox, mailbox: Mailbox, api: Api) -> World:
    """Return what the operations need."""
    return World(org, run_outbox, mailbox, api, {})


@pytest.fixture(autouse=True)
def _audits_content(settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_CONTENT": True}


def _counted() -> Counter[str]:
    return Counter(Event.objects.values_list("action", flat=True))


@pytest.mark.once
def test_every_operation_that_writes_is_in_the_table_or_excused() -> None:
    writing = {f"{method} {route}" for method, route in ROUTES if method not in READS} | WRITING_READS
    assert writing == WRITES.keys() | EXCUSED.keys()
    assert WRITES.keys().isdisjoint(EXCUSED)
    assert all(EXCUSED.values())


def _takes_a_key(operation: str) -> bool:
    method, route = operation.split()
    return any(parameter["name"] == "Idempotency-Key" for parameter in PATHS[route][method.lower()]["parameters"])


@pytest.mark.parametrize("operation", sorted(WRITES))
def test_every_operation_leaves_its_events_and_a_replayed_request_none(world: World, operation: str) -> None:
    expected = WRITES[operation]
    world.key = {"Idempotency-Key": "once"} if _takes_a_key(operation) else {}
    send = expected.prepare(world)
    before = _counted()
    answer = send()
    assert 200 <= answer.status_code < 300, answer.content
    assert sorted((_counted() - before).elements()) == list(expected.events)
    assert {ACTIONS[name].is_content for name in expected.events} == {expected.is_content}
    if world.key:
        after = _counted()
        assert send()["Idempotency-Replayed"] == "true"
        assert _counted() == after


@pytest.mark.once
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_recording_takes_one_statement_more(world: World, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    send = WRITES[operation].prepare(world)

    def statements() -> list[str]:
        with transaction.atomic(), count_queries() as queries:
            assert 200 <= send().status_code < 300
            transaction.set_rollback(True)
        return [sql.partition(" WHERE ")[0][:60] for sql in statements_in(queries)]

    with monkeypatch.context() as without:
        without.setattr(announcing, "_recorders", [])
        statements()  # once before, so that nothing is read for the first time
        unrecorded = statements()
    recorded = statements()
    more = 2 if operation == "DELETE /auth/delete" else 1  # one deletes their security events
    assert len(recorded) - len(unrecorded) == more, Counter(recorded) - Counter(unrecorded)
