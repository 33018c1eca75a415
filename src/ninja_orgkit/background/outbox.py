"""The outbox: tasks are enqueued in the caller's transaction, and reach the broker after its commit.

``enqueue`` writes a row. A task of a transaction that is rolled back therefore never runs, and a task of a committed
one is never lost. After the commit, the process tries once to publish the row. If that fails, the row stays in the
table for ``drain``. A message can reach the broker twice, because a process may die between sending and deleting it.
Every task is therefore safe to run twice, or is a ``OnceTask``.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from typing import Any

from celery import current_app
from django.utils import timezone
from kombu import pools
from kombu.connection import Connection
from kombu.messaging import Producer

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import on_commit
from ninja_orgkit.models import OutboxMessage

logger = logging.getLogger("ninja_orgkit.outbox")

_SOCKET_OPTIONS = {
    "redis": ("socket_timeout", "socket_connect_timeout"),
    "rediss": ("socket_timeout", "socket_connect_timeout"),
    "sentinel": ("socket_timeout", "socket_connect_timeout"),
    "amqp": ("read_timeout", "write_timeout"),
    "pyamqp": ("read_timeout", "write_timeout"),
}
_BATCH = 100

_connections: dict[int, Connection] = {}
_closed_until = 0.0


def enqueue(task: str, **kwargs: Any) -> None:
    """Enqueue a task by name in the caller's transaction. It reaches the broker after the commit.

    ``kwargs`` are plain JSON values: public identifiers, never secrets.
    """
    enqueue_each(task, [kwargs])


def enqueue_each(task: str, several: Iterable[dict[str, Any]]) -> None:
    """Enqueue a task once for each set of arguments, with as many statements as for a single one."""
    lease = timezone.now() + settings.OUTBOX_LEASE
    messages = [OutboxMessage(task=task, kwargs=kwargs, available_at=lease) for kwargs in several]
    if messages:
        OutboxMessage.objects.bulk_create(messages)
        on_commit(partial(_publish_held, messages), robust=True)


def drain(*, limit: int | None = None) -> int:
    """Publish the waiting messages, oldest first, and return how many reached the broker.

    It stops at the first message that does not, because then the broker cannot be reached. ``limit`` is the maximum
    number of messages.
    """
    sent = 0
    while limit is None or sent < limit:
        now = timezone.now()
        size = _BATCH if limit is None else min(_BATCH, limit - sent)
        waiting = OutboxMessage.objects.filter(available_at__lte=now).order_by("available_at")[:size]
        batch = [message for message in waiting if _claim(message, now + settings.OUTBOX_LEASE)]
        published = _publish_held(batch)
        sent += published
        if not batch or published < len(batch):
            return sent
    return sent


def _claim(message: OutboxMessage, until: Any) -> bool:
    """Claim a message for one lease. Return False when another process was faster."""
    held = OutboxMessage.objects.filter(pk=message.pk, available_at=message.available_at)
    return held.update(available_at=until) == 1


def _publish_held(messages: Sequence[OutboxMessage]) -> int:
    """Publish messages that this process has claimed, up to the first one that does not reach the broker.

    Delete the rows of those that do, release the others, and return how many reached the broker.
    """
    sent = list(takewhile(lambda held: send(held.task, held.kwargs, task_id=str(held.pk)), messages))
    left = messages[len(sent) :]
    if sent:
        OutboxMessage.objects.filter(pk__in=[message.pk for message in sent]).delete()
    if left:
        OutboxMessage.objects.filter(pk__in=[message.pk for message in left]).update(available_at=timezone.now())
    return len(sent)


def send(task: str, kwargs: dict[str, Any], *, task_id: str) -> bool:
    """Send one task to the broker, without a retry. After a failure, nothing is sent for ``BROKER_PAUSE`` seconds."""
    global _closed_until
    if time.monotonic() < _closed_until:
        return False
    try:
        with _producer() as producer:
            current_app.send_task(task, kwargs=kwargs, task_id=task_id, producer=producer, retry=False)
    except Exception as exc:
        # Each transport raises errors of its own. Keep the message: losing it would be worse than sending it again.
        logger.warning("The broker cannot be reached (%s); %s waits in the outbox.", type(exc).__name__, task)
        _closed_until = time.monotonic() + settings.BROKER_PAUSE
        return False
    return True


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
