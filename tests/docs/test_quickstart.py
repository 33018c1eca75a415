"""The host project of the quickstart works as the text says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT


def run_host(tmp_path: Path, script: str, **environ: str) -> Any:
    """Run a script as the host of the quickstart, with its data in a temporary folder, and return its last line."""
    names = {"DJANGO_SETTINGS_MODULE": "host.settings", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0", **environ}
    path = [str(DOCS / "examples"), str(ROOT / "src"), names.pop("PYTHONPATH", "")]
    environment = {**os.environ, **names, "PYTHONPATH": os.pathsep.join(path), "HOST_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        env=environment,
        cwd=tmp_path,
        input=SET_UP + script,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# One process does it all, because most of the time goes into starting.
SET_UP = """
import django, json
django.setup()
from django.core.management import call_command
from django.test import Client, override_settings
client = Client(raise_request_exception=False)

def post(path, body, **headers):
    return client.post(path, body, content_type="application/json", headers=headers)

login = {"email": "ada@example.com", "password": "correct horse battery"}

call_command("check", databases=["default"], fail_level="WARNING")
call_command("makemigrations", check_changes=True, dry_run=True)
call_command("migrate", verbosity=0)
"""

USE_CUSTOM_FIELDS = """
auth = {"Authorization": "Bearer " + someone["access"]}
contact = {"organization": someone["user"]["organizations"][0]["slug"], "first_name": "Grace"}
answers = [
    post("/api/v1/contacts/", {**contact, "custom": custom}, **auth)
    for custom in ({"stage": "customer", "loyalty_points": 3}, {"stage": "friend"}, {"shoe_size": 38})
]
schema = client.get("/api/v1/openapi.json").json()
custom_fields = {
    "statuses": [answer.status_code for answer in answers],
    "custom": answers[0].json()["custom"],
    "where": [answer.json()["errors"][0]["loc"] for answer in answers[1:]],
    "documented": "loyalty_points" in json.dumps(schema),
    "elsewhere": client.get("/nowhere").json()["code"],
}
"""

USE_OTHER_MOUNTS = """
with override_settings(ROOT_URLCONF="host.own_api_urls"):
    auth = {"Authorization": "Bearer " + someone["access"]}
    asked = [client.get("/api/hello"), client.get("/api/users/me", headers=auth), client.get("/api/users/me")]
    own = [answer.json() for answer in asked]
with override_settings(ROOT_URLCONF="host.chosen_urls"):
    auth = {"Authorization": "Bearer " + post("/api/token/pair", login).json()["access"]}
    homes = client.get("/api/organizations/", headers=auth).json()["items"]
    tags = client.get(f"/api/organizations/{homes[0]['slug']}/tags/", headers=auth).json()
    missing = client.get("/api/contacts/", headers=auth).status_code
other_mounts = {"own": own, "homes": homes, "tags": tags, "missing": missing, "slug": someone["user"]["slug"]}
"""

REGISTER = """
someone = post("/api/v1/auth/register", login).json()
"""
REPORT = """
print(json.dumps({"custom fields": custom_fields, "other mounts": other_mounts}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Use the host of the quickstart as it is, once for all tests."""
    script = REGISTER + USE_CUSTOM_FIELDS + USE_OTHER_MOUNTS + REPORT
    told: dict[str, Any] = run_host(tmp_path_factory.mktemp("quickstart"), script)
    return told


@pytest.mark.slow
@pytest.mark.once
def test_the_quickstart_project_has_no_warnings_and_has_custom_fields(answers: dict[str, Any]) -> None:
    answer = answers["custom fields"]
    assert answer["statuses"] == [201, 422, 422]
    assert answer["custom"] == {"stage": "customer", "loyalty_points": 3}
    assert answer["where"] == [["body", "custom", "stage"], ["body", "custom", "shoe_size"]]
    assert answer["documented"] is True
    assert answer["elsewhere"] == "not_found"


@pytest.mark.slow
@pytest.mark.once
def test_routes_can_be_mounted_as_the_quickstart_shows(answers: dict[str, Any]) -> None:
    answer = answers["other mounts"]
    hello, me, refused = answer["own"]
    assert hello == {"hello": "world"}
    assert me["slug"] == answer["slug"]
    assert (refused["status"], refused["code"]) == (401, "unauthenticated")
    assert [home["role"] for home in answer["homes"]] == ["owner"]
    assert answer["tags"]["items"] == []
    assert answer["missing"] == 404


USE_LESS = """
someone = post("/api/token/pair", login).status_code
print(json.dumps({"signed_in": someone}))
"""
LESS = """
from host.settings import *
INSTALLED_APPS = [
    *("django.contrib.auth", "django.contrib.contenttypes"),
    *("ninja_orgkit", "ninja_orgkit.accounts", "ninja_orgkit.organizations", "ninja_orgkit.tags"),
]
ROOT_URLCONF = "host.chosen_urls"
NINJA_ORGKIT = {}
# The Celery app was imported with the settings above, before these apps were known.
from host import celery_app
from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE
celery_app.conf.beat_schedule = {**ORGKIT_BEAT_SCHEDULE}
"""


@pytest.mark.slow
@pytest.mark.once
def test_a_host_can_install_some_of_the_apps_and_mount_their_routers(tmp_path: Path) -> None:
    (tmp_path / "less.py").write_text(LESS)
    fewer = {"DJANGO_SETTINGS_MODULE": "less", "PYTHONPATH": str(tmp_path)}
    answer = run_host(tmp_path, USE_LESS, **fewer)
    assert answer == {"signed_in": 401}
