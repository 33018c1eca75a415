"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(true: Callable[[], bool], *, seconds: float = 40, pause: float = 0.03) -> bool:
    """Wait until something is true, and return whether it became true in time. It is asked after each pause."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True
