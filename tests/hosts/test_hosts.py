"""Whole host projects with other user models, other models and fewer apps, each in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.processes import environment

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

WITHOUT_ALLAUTH = """
import pkgutil, sys
from importlib import import_module

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "allauth":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import django, ninja_orgkit
django.setup()
for module in pkgutil.walk_packages(ninja_orgkit.__path__, "ninja_orgkit."):
    if not module.name.startswith("ninja_orgkit.contrib."):
        import_module(module.name)
"""

# What the tests of a host do not use, because starting a process takes longest.
WITHOUT_PLUGINS = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist"]


# What else a host goes through runs in the same process as its journey, because starting one takes longest.
# Every run has the host that is most unlike the one of the other tests; those that differ less run once.
@pytest.mark.parametrize(
    ("host", "names"),
    [
        pytest.param("people", "backends.py", marks=pytest.mark.host),
        pytest.param("stock", "late.py policies.py", marks=pytest.mark.once),
        pytest.param("team", "objects.py", marks=pytest.mark.once),
        pytest.param("elsewhere", "routed.py", marks=pytest.mark.once),
    ],
)
def test_every_journey_works_with_the_user_model_of_a_host(host: str, names: str) -> None:
    _run_tests(host, "journey.py", *names.split())


# Not in the smoke set: the bridge follows the version of allauth rather than those of Python and Django.
def test_every_journey_works_beside_allauth() -> None:
    _run_tests("allauth", "journey.py", "beside_allauth.py")


@pytest.mark.once
@pytest.mark.parametrize(
    "without",
    ["contacts tags", "audit images", "exports", "contacts images exports", "audit contacts images exports tags"],
)
def test_a_host_can_leave_out_apps(without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_WITHOUT", without)
    _run_tests("bare", "fewer.py")


@pytest.mark.once
def test_the_kit_works_where_allauth_is_not_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ALLAUTH],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _run_tests(host: str, *names: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *WITHOUT_PLUGINS, *(f"tests/hosts/{name}" for name in names)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"tests.hosts.{host}.settings"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
