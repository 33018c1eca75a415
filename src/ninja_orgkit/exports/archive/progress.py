"""How far an archive is, and whether to go on with it."""

from __future__ import annotations

import threading


class Stopped(Exception):
    """The job was cancelled or discarded, or another worker has taken it over."""


class Progress:
    """How far a build is: counted by the builder, recorded by the heartbeat, which in turn tells it to stop."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self.stopped = threading.Event()

    def step(self) -> None:
        """Count one row or file. Raises Stopped."""
        self.done += 1
        self.check()

    def check(self) -> None:
        """Raise Stopped when somebody wants the build to end."""
        if self.stopped.is_set():
            raise Stopped
