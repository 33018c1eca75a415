"""The outbox: tasks are asked for in the caller's transaction and reach the broker after it, sooner or later.

``enqueue`` writes a row, so what a rolled-back transaction asked for is never done and what a committed one asked for
is never lost. After the commit one publish is tried; what fails stays in the table for ``drain``. A message can reach
the broker twice (a process may die between sending and deleting), so every task is safe to run twice, or
is a ``OnceTask``.
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
from django.db import transaction
from django.utils import timezone
from kombu import pools
from kombu.connection import Connection
from kombu.messaging import Producer

from ninja_orgkit.conf import settings
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
    """Ask for a task by name, in the transaction of the change that wants it.

    ``kwargs`` are plain JSON values: public identifiers, never secrets. It reaches the broker after the commit.
    """
    enqueue_each(task, [kwargs])


def enqueue_each(task: str, several: Iterable[dict[str, Any]]) -> None:
    """Ask for a task once for each of several sets of arguments, as ``enqueue`` does; as many statements as for one."""
    lease = timezone.now() + settings.OUTBOX_LEASE
    messages = [OutboxMessage(task=task, kwargs=kwargs, available_at=lease) for kwargs in several]
    if messages:
        OutboxMessage.objects.bulk_create(messages)
        transaction.on_commit(partial(_publish_held, messages), robust=True)


def drain(*, limit: int | None = None) -> int:
    """Publish what is waiting, oldest first, and return how many messages reached the broker.

    Stops at the first one that does not: the broker is away then. ``limit`` bounds the number of messages.
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
    """Take a message for one lease, unless another process was faster."""
    held = OutboxMessage.objects.filter(pk=message.pk, available_at=message.available_at)
    return held.update(available_at=until) == 1


def _publish_held(messages: Sequence[OutboxMessage]) -> int:
    """Publish messages that this process holds, up to the first one that does not reach the broker.

    Deletes the rows of those that do, lets go of the others, and returns how many reached it.
    """
    sent = list(takewhile(lambda held: send(held.task, held.kwargs, task_id=str(held.pk)), messages))
    left = messages[len(sent) :]
    if sent:
        OutboxMessage.objects.filter(pk__in=[message.pk for message in sent]).delete()
    if left:
        OutboxMessage.objects.filter(pk__in=[message.pk for message in left]).update(available_at=timezone.now())
    return len(sent)


def send(task: str, kwargs: dict[str, Any], *, task_id: str) -> bool:
    """Hand one task to the broker, without retry. After a failure the broker is left alone for a while."""
    global _closed_until
    if time.monotonic() < _closed_until:
        return False
    try:
        with _producer() as producer:
            current_app.send_task(task, kwargs=kwargs, task_id=task_id, producer=producer, retry=False)
    except Exception as exc:
        # Whatever a transport raises, the message stays: losing it would be worse than trying again.
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
    """Yield a pooled producer on a connection whose sockets give up soon; never one made before a fork."""
    connection: Connection | None = _connections.get(os.getpid())
    if connection is None:
        connection = broker_connection()
        _connections.clear()
        _connections[os.getpid()] = connection
    with pools.producers[connection].acquire(block=True, timeout=settings.BROKER_TIMEOUT) as producer:
        yield producer


def broker_connection() -> Connection:
    """Return a connection to the broker, not yet opened, whose sockets give up after ``BROKER_TIMEOUT``."""
    timeout = settings.BROKER_TIMEOUT
    transport = current_app.connection_for_write().transport_cls
    options = dict.fromkeys(_SOCKET_OPTIONS.get(str(transport), ()), timeout)
    quick = {"connect_timeout": timeout, "transport_options": {**options, "max_retries": 0}}
    connection: Connection = current_app.connection_for_write(**quick)
    return connection
