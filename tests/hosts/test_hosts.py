"""Whole host projects with other user models, other models and fewer apps, each in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.host]


# What else a host goes through runs in the same process as its journey, because starting one takes longest.
@pytest.mark.parametrize(
    ("host", "names"),
    [("people", "backends.py"), ("stock", "late.py policies.py"), ("team", "objects.py"), ("elsewhere", "routed.py")],
)
def test_every_journey_works_with_the_user_model_of_a_host(host: str, names: str) -> None:
    _run_tests(host, "journey.py", *names.split())


@pytest.mark.once
@pytest.mark.parametrize(
    "without",
    ["contacts tags", "images", "exports", "contacts images exports", "contacts images exports tags"],
)
def test_a_host_can_leave_out_apps(without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_WITHOUT", without)
    _run_tests("bare", "fewer.py")


def _run_tests(host: str, *names: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/hosts/{name}" for name in names)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"tests.hosts.{host}.settings"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
