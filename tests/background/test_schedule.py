"""The beat schedule has the tasks of the installed apps, wherever a host reads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ninja_orgkit.apps import ORGKIT_APPS
from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE
from tests.celery import app as celery_app

KERNEL = {"orgkit.outbox.drain", "orgkit.protocol.purge", "orgkit.accounts.purge_sessions"}
CONFIGS = {
    "ninja_orgkit": "ninja_orgkit.apps.OrgKitConfig",
    "ninja_orgkit.images": "ninja_orgkit.images.apps.ImagesConfig",
}
APPS_WITHOUT_EXPORTS = [CONFIGS.get(app, app) for app in ORGKIT_APPS if app != "ninja_orgkit.exports"]

READ = "import celery_app; print(sorted(entry['task'] for entry in celery_app.SCHEDULE.values()))"
CELERY_APP = "from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE\nSCHEDULE = {**ORGKIT_BEAT_SCHEDULE}\n"


def _tasks() -> set[str]:
    return {entry["task"] for entry in ORGKIT_BEAT_SCHEDULE.values()}


def test_every_task_of_the_schedule_exists() -> None:
    assert len(ORGKIT_BEAT_SCHEDULE) == len({**ORGKIT_BEAT_SCHEDULE}) == len(_tasks())
    assert _tasks() - set(celery_app.tasks) == set()
    assert {*KERNEL, "orgkit.exports.revive", "orgkit.exports.expire", "orgkit.images.revive"} <= _tasks()


@pytest.mark.once
@pytest.mark.parametrize(
    ("settings_module", "code"),
    [
        pytest.param(f"INSTALLED_APPS = {APPS_WITHOUT_EXPORTS}\n", READ, id="before the settings"),
        pytest.param(
            f"INSTALLED_APPS = {APPS_WITHOUT_EXPORTS}\nimport celery_app\nLANGUAGE_CODE = 'de'\n",
            f"{READ}; from django.conf import settings; assert settings.LANGUAGE_CODE == 'de'",
            id="inside the settings",
        ),
        pytest.param(
            f"INSTALLED_APPS = {APPS_WITHOUT_EXPORTS}\nimport celery_app\nLANGUAGE_CODE = 'de'\n",
            f"import host_settings; {READ}; from django.conf import settings; assert settings.LANGUAGE_CODE == 'de'",
            id="inside settings that are imported as a module",
        ),
    ],
)
def test_a_host_may_read_the_schedule_before_django_knows_its_apps(
    tmp_path: Path, settings_module: str, code: str
) -> None:
    (tmp_path / "host_settings.py").write_text(settings_module)
    (tmp_path / "celery_app.py").write_text(CELERY_APP)
    environment = {"DJANGO_SETTINGS_MODULE": "host_settings", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "orgkit.exports" not in done.stdout
    assert "orgkit.images.revive" in done.stdout


def test_without_settings_the_schedule_is_complete() -> None:
    code = f"{CELERY_APP}print(len(SCHEDULE))"
    done = subprocess.run([sys.executable, "-c", code], env={}, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) == len(ORGKIT_BEAT_SCHEDULE)
