"""The outbox: tasks are enqueued in the caller's transaction, and reach the broker after its commit.

``enqueue`` writes a row. A task of a transaction that is rolled back therefore never runs, and a task of a committed
one is never lost. After the commit, the process tries once to publish the row. If that fails, the row waits for
``drain``.

The row stays until the task is done, because a broker may lose its data. A message that takes longer than
``OUTBOX_LEASE`` is published again, and then less and less often. So a message can reach the broker twice. Every task
is therefore safe to run twice, or is a ``OnceTask``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any
from uuid import UUID

from celery import current_app
from celery.exceptions import QueueNotFound
from django.db.models import QuerySet
from django.utils import timezone, translation
from kombu import pools
from kombu.connection import Connection
from kombu.exceptions import EncodeError
from kombu.messaging import Producer

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import on_commit
from ninja_orgkit.logs import get_logger
from ninja_orgkit.models import OutboxMessage

logger = get_logger("ninja_orgkit.outbox")

_SOCKET_OPTIONS = {
    "redis": ("socket_timeout", "socket_connect_timeout"),
    "rediss": ("socket_timeout", "socket_connect_timeout"),
    "sentinel": ("socket_timeout", "socket_connect_timeout"),
    "amqp": ("read_timeout", "write_timeout"),
    "pyamqp": ("read_timeout", "write_timeout"),
}
_BATCH = 100
_LONGEST_LEASE = timedelta(days=1)
_MARK = "orgkit_outbox"  # a header of messages whose row waits for the end of the task
_LANGUAGE = "orgkit_language"  # a header with the language in which the task was enqueued
_UNSENDABLE = (EncodeError, QueueNotFound, LookupError, TypeError, ValueError)

_connections: dict[int, Connection] = {}
_closed_until = 0.0


def enqueue(task: str, **kwargs: Any) -> None:
    """Enqueue a task by name in the caller's transaction. It reaches the broker after the commit.

    ``kwargs`` are plain JSON values: public identifiers, never secrets.
    """
    enqueue_each(task, [kwargs])


def enqueue_each(task: str, several: Iterable[dict[str, Any]]) -> None:
    """Enqueue a task once for each set of arguments, with as many statements as for a single one."""
    now = timezone.now()
    again = now + settings.OUTBOX_LEASE
    common = {"task": task, "created_at": now, "available_at": again, "language": translation.get_language() or ""}
    messages = [OutboxMessage(kwargs=kwargs, **common) for kwargs in several]
    if messages:
        OutboxMessage.objects.bulk_create(messages)
        on_commit(partial(_publish_claimed, messages), robust=True)


def drain(*, limit: int | None = None) -> int:
    """Publish the messages that are due, oldest first, and return how many reached the broker.

    It stops at the first message that does not, because then the broker cannot be reached. ``limit`` is the maximum
    number of messages.
    """
    sent = 0
    while limit is None or sent < limit:
        now = timezone.now()
        size = _BATCH if limit is None else min(_BATCH, limit - sent)
        waiting = OutboxMessage.objects.filter(available_at__lte=now).order_by("available_at")[:size]
        batch = [message for message in waiting if _claim(message, now)]
        published = _publish_claimed(batch)
        sent += published
        if not batch or published < len(batch):
            return sent
    return sent


def _claim(message: OutboxMessage, now: datetime) -> bool:
    """Take a message that is due, until it is due again. Return False when another process was faster."""
    lease = min(max(settings.OUTBOX_LEASE, now - message.created_at), _LONGEST_LEASE)
    due = OutboxMessage.objects.filter(pk=message.pk, available_at=message.available_at)
    return due.update(available_at=now + lease) == 1


def _publish_claimed(messages: Sequence[OutboxMessage]) -> int:
    """Publish messages that this process has claimed, up to the first one that does not reach the broker.

    Release the others, and return how many reached the broker.
    """
    sent = list(takewhile(send, messages))
    left = messages[len(sent) :]
    if left:
        OutboxMessage.objects.filter(pk__in=[message.pk for message in left]).update(available_at=timezone.now())
    return len(sent)


def send(message: OutboxMessage) -> bool:
    """Send one message to the broker, without a retry. With ``task_always_eager``, run its task here instead.

    After a failure, nothing is sent for ``BROKER_PAUSE`` seconds. A message that cannot be sent although the broker is
    there is logged. It counts as sent, so that it does not keep the others, and is sent again when it is due again.
    """
    global _closed_until
    if current_app.conf.task_always_eager:
        _run_here(message)
        return True
    if time.monotonic() < _closed_until:
        return False
    headers = {_MARK: True, _LANGUAGE: message.language}
    options = {"task_id": str(message.pk), "retries": message.retries, "headers": headers}
    try:
        with _producer() as producer:
            current_app.send_task(message.task, kwargs=message.kwargs, producer=producer, retry=False, **options)
    except _UNSENDABLE:
        logger.exception("The task %s cannot be sent to a queue.", message.task)
    except Exception as exc:
        # Each transport raises errors of its own. Keep the message: losing it would be worse than sending it again.
        logger.warning("The broker cannot be reached (%s); %s waits in the outbox.", type(exc).__name__, message.task)
        _closed_until = time.monotonic() + settings.BROKER_PAUSE
        return False
    return True


def _run_here(message: OutboxMessage) -> None:
    """Run the task of a message in this process, as ``task_always_eager`` asks for. Celery's ``send_task`` does not.

    A task that fails for good is logged and forgotten, as a worker would.
    """
    task = current_app.tasks.get(message.task)
    if task is None:
        logger.error("The task %s does not exist in this process.", message.task)
        return
    headers = {_LANGUAGE: message.language}
    task.apply(kwargs=message.kwargs, task_id=str(message.pk), retries=message.retries, headers=headers, throw=False)
    finish(str(message.pk))


def is_from_outbox(request: Any) -> bool:
    """Tell whether the message of a running task, given its Celery request, is recorded here."""
    return bool(getattr(request, _MARK, False))


def language_of(request: Any) -> str:
    """Return the language in which a running task was enqueued, given its Celery request, "" if that is unknown."""
    return (request.headers or {}).get(_LANGUAGE) or ""


def extend(message: str, *, seconds: float = 0, **values: Any) -> bool:
    """Publish a message again only if its task is not done in ``seconds`` and a lease. Tell whether it is recorded."""
    due = timezone.now() + timedelta(seconds=seconds) + settings.OUTBOX_LEASE
    return _rows(message).update(available_at=due, **values) == 1


def put_back(message: str, task: str, *, seconds: float, **values: Any) -> None:
    """Publish a message again in ``seconds``. One that was sent without the outbox is recorded now."""
    values["available_at"] = timezone.now() + timedelta(seconds=seconds)
    if not _rows(message).update(**values):
        OutboxMessage.objects.create(task=task, **values)


def finish(message: str) -> None:
    """Forget a message whose task is done."""
    _rows(message).delete()


def services_waited_for() -> set[str]:
    """Return the services that failed the latest attempt of a task, such as ``mail``."""
    rows = OutboxMessage.objects.exclude(waits_for="").order_by().values_list("waits_for", flat=True)
    return set(rows.distinct())


def _rows(message: str) -> QuerySet[OutboxMessage]:
    try:
        return OutboxMessage.objects.filter(pk=UUID(message))
    except ValueError:  # a host may name its messages otherwise
        return OutboxMessage.objects.none()


def reset() -> None:
    """Forget the connection to the broker and that the broker failed, as a new process would. For tests."""
    global _closed_until
    _closed_until = 0.0
    _connections.clear()


@contextmanager
def _producer() -> Iterator[Producer]:
    """Yield a pooled producer on a connection with short timeouts, never on one that was opened before a fork."""
    connection: Connection | None = _connections.get(os.getpid())
    if connection is None:
        connection = broker_connection()
        _connections.clear()
        _connections[os.getpid()] = connection
    with pools.producers[connection].acquire(block=True, timeout=settings.BROKER_TIMEOUT) as producer:
        yield producer


def broker_connection() -> Connection:
    """Return a connection to the broker, not yet open, whose sockets time out after ``BROKER_TIMEOUT`` seconds."""
    timeout = settings.BROKER_TIMEOUT
    transport = current_app.connection_for_write().transport_cls
    options = dict.fromkeys(_SOCKET_OPTIONS.get(str(transport), ()), timeout)
    quick = {"connect_timeout": timeout, "transport_options": {**options, "max_retries": 0}}
    connection: Connection = current_app.connection_for_write(**quick)
    return connection
