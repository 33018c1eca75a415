"""One running demo for all tests that only use one."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.example.demo import Demo


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
