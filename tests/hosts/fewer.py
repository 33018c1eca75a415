"""The ready-made routes on a host without some of the apps; ``test_hosts`` runs this file."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from ninja_orgkit import services
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE
from ninja_orgkit.organizations.models import Organization
from tests.celery import app as celery_app
from tests.conftest import Register, RunOutbox

PLACES = {
    "contacts": "/contacts/",
    "tags": "/orgs/{org}/tags/",
    "images": "/images/orgs/{org}/images/",
    "exports": "/orgs/{org}/export/",
    "audit": "/orgs/{org}/audit/",
}


def test_the_migrations_are_complete_and_the_system_checks_pass(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True)
    call_command("check", databases=["default"], fail_level="INFO")


@pytest.mark.parametrize("name", PLACES)
def test_only_the_routes_of_installed_apps_exist(register: Register, name: str) -> None:
    ada = register("ada@example.com")
    answer = ada.api.get(PLACES[name].format(org=ada.org))
    installed = apps.is_installed(f"ninja_orgkit.{name}")
    assert answer.status_code == (200 if installed else 404), answer.content
    assert installed or answer.json()["code"] == "not_found"
    paths = ada.api.get("/openapi.json").json()["paths"]
    if installed and name in ("contacts", "images"):
        # Without the app of tags, no object has one.
        tagged = {"tag": 0, "tag_any": 0, "tag_none": answer.json()["count"]}
        counts = {key: ada.api.get(f"{PLACES[name].format(org=ada.org)}?{key}=vip").json()["count"] for key in tagged}
        assert counts == tagged
    assert installed == (f"/api/v1{PLACES[name].replace('{org}', '{org_slug}')}" in paths)


def test_the_beat_schedule_names_only_tasks_that_exist() -> None:
    named = {entry["task"] for entry in ORGKIT_BEAT_SCHEDULE.values()}
    assert named - set(celery_app.tasks) == set()
    assert ("orgkit.exports.revive" in named) == apps.is_installed("ninja_orgkit.exports")
    assert ("orgkit.images.revive" in named) == apps.is_installed("ninja_orgkit.images")
    assert ("orgkit.audit.purge" in named) == apps.is_installed("ninja_orgkit.audit")
    assert "orgkit.outbox.drain" in named


def test_somebody_registers_works_and_leaves_with_fewer_apps(register: Register, run_outbox: RunOutbox) -> None:
    ada = register("ada@example.com")
    if apps.is_installed("ninja_orgkit.contacts"):
        assert ada.api.post("/contacts/", {"organization": ada.org, "first_name": "Grace"}).status_code == 201
    if apps.is_installed("ninja_orgkit.exports"):
        assert ada.api.post(f"/orgs/{ada.org}/export/").status_code == 202
    run_outbox()
    assert ada.api.get("/users/me").json()["organizations"][0]["role"] == "owner"
    assert ada.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Organization.objects.exists()
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("contacts", "create_contact"),
        ("tags", "tags_of"),
        ("images", "file_url"),
        ("exports", "request_export"),
        ("audit", "record"),
    ],
)
def test_a_function_for_the_hosts_code_says_which_app_it_needs(name: str, function: str) -> None:
    if apps.is_installed(f"ninja_orgkit.{name}"):
        assert getattr(services, function).__module__.startswith("ninja_orgkit.")
        assert getattr(services, function).__module__ != services.__name__
    else:
        with pytest.raises(ImproperlyConfigured, match=f"ninja_orgkit.{name}"):
            getattr(services, function)("anything")
