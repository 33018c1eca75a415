"""Batches in which one bad item does not block the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ninja_orgkit.logs import get_logger

logger = get_logger("ninja_orgkit")

T = TypeVar("T")


def try_each(items: Iterable[T], act: Callable[[T], object]) -> list[T]:
    """Call ``act`` with each item, and return the items for which it raised. Each failure is logged."""
    failed = []
    for item in items:
        try:
            act(item)
        except Exception:  # whatever it is, it must not block the other items
            logger.exception("%s failed for %r", act.__qualname__, item)
            failed.append(item)
    return failed
