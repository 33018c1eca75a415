"""Fixtures of the example's journeys."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.example.demo import Demo

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


@pytest.fixture(scope="session")
def running_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Return a demo that tests share: they add to its data, and change nothing that they find."""
    folder = tmp_path_factory.mktemp("demo")
    demo = Demo(folder / "data", cwd=folder)
    yield demo
    end(demo)


def end(demo: Demo) -> None:
    """End a demo that still runs."""
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGTERM)
        demo.wait_until_ended()
