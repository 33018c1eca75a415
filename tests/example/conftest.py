"""Fixtures of the example's journeys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.example.demo import Demo
from tests.example.running import end

StartDemo = Callable[..., Demo]


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[StartDemo]:
    """Return a function that starts a demo; what it started is ended after the test."""
    started: list[Demo] = []

    def _start(*options: str, data: str = "data", **environment: str) -> Demo:
        started.append(Demo(tmp_path / data, *options, cwd=tmp_path, **environment))
        return started[-1]

    yield _start
    for demo in started:
        end(demo)
