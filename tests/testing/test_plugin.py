"""pytest loads the plugin in projects of all kinds, and the example suite of the documentation passes with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.once]

# Plugins of this environment that such a project need not have.
OTHERS = ("anyio", "cacheprovider", "hypothesispytest", "platformdirs", "randomly", "schemathesis", "valkey", "xdist")
WITHOUT_OTHERS = [option for plugin in OTHERS for option in ("-p", f"no:{plugin}")]


def run_pytest(folder: Path, *arguments: str, **environment: str) -> str:
    """Run pytest in a folder, in a process that knows nothing of this project, and return what it printed."""
    env = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", *WITHOUT_OTHERS, *arguments],
        cwd=folder,
        env={**env, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_plugin_is_an_entry_point() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"ninja_orgkit.testing": "ninja_orgkit.testing"}


def test_a_project_without_django_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n\n\ndef test_nothing_is_loaded():\n"
        "    assert 'ninja_orgkit.testing' in sys.modules\n"
        "    assert [name for name in sys.modules if name.split('.')[0] in ('django', 'ninja', 'celery')] == []\n"
    )
    plugins = ("-p", "no:django")
    assert "1 passed" in run_pytest(tmp_path, *plugins, "-p", "ninja_orgkit.testing")
    assert "orgkit_client" in run_pytest(tmp_path, *plugins, "-p", "ninja_orgkit.testing", "--fixtures")
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n\n\ndef test_it_can_be_left_out():\n    assert 'ninja_orgkit.testing' not in sys.modules\n"
    )
    assert "1 passed" in run_pytest(tmp_path, *plugins, "-p", "no:ninja_orgkit.testing")


def test_the_example_suite_of_the_documentation_passes(tmp_path: Path) -> None:
    examples = ROOT / "docs" / "examples"
    environment = {"DJANGO_SETTINGS_MODULE": "host.settings", "PYTHONPATH": str(examples), "HOST_DATA": str(tmp_path)}
    options = ("-q", "--rootdir", str(examples), "-c", os.devnull, "-p", "ninja_orgkit.testing")
    assert "6 passed" in run_pytest(examples, *options, "host/tests", **environment)


def test_the_suite_of_the_example_project_passes(tmp_path: Path) -> None:
    project = ROOT / "example_project"
    environment = {"DJANGO_SETTINGS_MODULE": "example.settings", "DEMO_DATA": str(tmp_path)}
    options = ("-q", "--rootdir", str(project), "-c", os.devnull, "-p", "ninja_orgkit.testing", "-o", "pythonpath=.")
    assert "6 passed" in run_pytest(project, *options, "shop/tests", PYTHONPATH=str(project), **environment)
