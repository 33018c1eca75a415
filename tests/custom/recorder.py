"""A hook for tests, which remembers how it was called and does what a test asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from ninja_orgkit.errors import Conflict, Forbidden

HOOK = "tests.custom.recorder.hook"


class OutOfSeats(Conflict):
    """Every seat of this plan is taken."""


class NotHere(Forbidden):
    """Nobody from there may come in."""

    code = "host_says_no"


@dataclass
class Recorder:
    """What the hook saw, and what it does."""

    calls: list[tuple[HttpRequest | None, dict[str, Any]]] = field(default_factory=list)
    act: Callable[[], object] = lambda: None

    def raises(self, exc: BaseException) -> None:
        """Let the hook raise an error from now on."""

        def act() -> None:
            raise exc

        self.act = act


recorder = Recorder()


def hook(*, request: HttpRequest | None, **values: Any) -> None:
    """Remember the call, and do what the test wants."""
    recorder.calls.append((request, values))
    recorder.act()
