"""Running something many times at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def in_parallel(times: int, act: Callable[[int], Any]) -> list[Any]:
    """Call ``act`` with 0, 1, … in as many threads, all let go at once, and return what they return.

    Each thread has database connections of its own; the test needs ``transaction=True``.
    """
    ready = threading.Barrier(times)

    def run(number: int) -> Any:
        ready.wait()
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
