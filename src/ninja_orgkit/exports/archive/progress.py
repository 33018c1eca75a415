"""Count the progress of an archive, and tell its builder to stop."""

from __future__ import annotations

import threading


class Stopped(Exception):
    """The job was cancelled or discarded, or another worker has taken it over."""


class Progress:
    """The progress of a build. The builder counts it; the heartbeat records it, and may tell the builder to stop."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self.stopped = threading.Event()

    def step(self) -> None:
        """Count one row or file. Raises Stopped."""
        self.done += 1
        self.check()

    def check(self) -> None:
        """Raise Stopped if the build must end."""
        if self.stopped.is_set():
            raise Stopped
