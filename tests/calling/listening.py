"""Receivers for tests, which remember what they got."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.dispatch import Signal

from ninja_orgkit import signals

ALL = {name: value for name, value in vars(signals).items() if isinstance(value, Signal)}


class Heard:
    """What was sent, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    @property
    def names(self) -> list[str]:
        """Return the names of the signals."""
        return [name for name, _ in self.sent]

    def only(self, name: str) -> dict[str, Any]:
        """Return the keywords of a signal that was sent exactly once."""
        (found,) = (keywords for sent, keywords in self.sent if sent == name)
        return found


@contextmanager
def listening(*names: str) -> Iterator[Heard]:
    """Listen to these signals, or to all of them, during the block."""
    heard, receivers = Heard(), {}
    for name in names or ALL:

        def receive(sender: Any, name: str = name, **keywords: Any) -> None:
            heard.sent.append((name, {"sender": sender, **keywords}))

        receivers[name] = receive
        ALL[name].connect(receive)
    try:
        yield heard
    finally:
        for name, receiver in receivers.items():
            ALL[name].disconnect(receiver)
