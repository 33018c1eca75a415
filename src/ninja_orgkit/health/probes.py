"""Check the services that the application needs, all at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Literal
from uuid import uuid4

from django.core.cache import cache
from django.db import connections

from ninja_orgkit.background.mail import MAIL
from ninja_orgkit.background.outbox import broker_connection, services_waited_for
from ninja_orgkit.database.alias import kit_connection
from ninja_orgkit.logs import get_logger
from ninja_orgkit.media import storage

logger = get_logger("ninja_orgkit.health")

_DEADLINE = 2.0

Verdict = Literal["ok", "unavailable"]


def examine() -> dict[str, Verdict]:
    """Run all probes at once and return their verdicts within two seconds, even if some hang.

    The mail server is asked by workers: it is unavailable while mails wait for it.
    """
    asked = {name: probe.ask() for name, probe in _probes.items()}
    answered, _ = wait(asked.values(), timeout=_DEADLINE)
    return {name: "ok" if future in answered and future.result() else "unavailable" for name, future in asked.items()}


class Probe:
    """A check that runs in its own thread, one at a time. If it hangs, it blocks one thread for all requests."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._lock = Lock()
        self._running: Future[bool] | None = None

    def ask(self) -> Future[bool]:
        """Start the check, or join the running one. The result tells whether it passed."""
        with self._lock:
            if self._running is None or self._running.done():
                self._running = Future()
                Thread(target=self._run, args=(self._running,), name="orgkit-health", daemon=True).start()
            return self._running

    def _run(self, future: Future[bool]) -> None:
        try:
            self._check()
        except Exception as exc:
            # Each backend raises exceptions of its own. All of them mean that the service is not available.
            logger.warning("The check %s failed: %s", self._check.__name__, type(exc).__name__)
            future.set_result(False)
        else:
            future.set_result(True)


def _database() -> None:
    try:
        with kit_connection().cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connections.close_all()  # the connections of this thread


def _cache() -> None:
    key, value = f"orgkit.health.{uuid4()}", uuid4().hex
    cache.set(key, value, timeout=10)
    if cache.get(key) != value:
        raise LookupError
    cache.delete(key)


def _storage() -> None:
    storage.check()


def _broker() -> None:
    with broker_connection() as broker:
        broker.ensure_connection(max_retries=0, timeout=1)


def _mail() -> None:
    try:
        if MAIL in services_waited_for():
            raise ConnectionError
    finally:
        connections.close_all()


_CHECKS = {"mail": _mail, "database": _database, "cache": _cache, "storage": _storage, "broker": _broker}

_probes = {name: Probe(check) for name, check in _CHECKS.items()}


def reset() -> None:
    """Start with new probes, so that no caller joins a check that is already running. For tests."""
    _probes.update({name: Probe(check) for name, check in _CHECKS.items()})
