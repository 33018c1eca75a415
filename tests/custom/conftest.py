"""Hooks that tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.custom.recorder import HOOK, Recorder, recorder

SetHook = Callable[[str], Recorder]


@pytest.fixture
def set_hook(settings: Any) -> Iterator[SetHook]:
    """Return a function that makes the recorder a hook, and returns it."""

    def _set(name: str) -> Recorder:
        settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "HOOKS": {name: HOOK}}
        return recorder

    recorder.__init__()  # type: ignore[misc]
    yield _set
    recorder.__init__()  # type: ignore[misc]
