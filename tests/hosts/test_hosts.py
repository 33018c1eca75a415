"""Any host: projects with other user models, other models and fewer apps, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


# The one with keys of another kind goes its way on both databases.
@pytest.mark.parametrize(
    "host", [*(pytest.param(host, marks=pytest.mark.own_database) for host in ("people", "stock")), "team"]
)
def test_a_host_goes_all_the_way_with_its_own_user_model(host: str) -> None:
    _run_tests("journey.py", host)


@pytest.mark.own_database
def test_a_project_that_has_users_already_takes_the_kit_in() -> None:
    _run_tests("late.py", "stock")


def test_a_model_with_uuids_is_tagged_pictured_exported_and_deleted() -> None:
    _run_tests("objects.py", "team")


@pytest.mark.own_database
@pytest.mark.parametrize(
    "without", ["contacts", "images", "exports", "contacts images exports", "contacts images exports tags"]
)
def test_a_host_may_leave_out_apps_that_it_does_not_want(without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_WITHOUT", without)
    _run_tests("fewer.py", "bare")


def _run_tests(name: str, host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/hosts/{name}"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"tests.hosts.{host}.settings"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
