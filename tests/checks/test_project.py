"""Problems of the project around the kit are reported: apps, databases, storages, the user model, deployments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django
import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from tests.checks.messages import found_by_id, messages_of_the_kit


@pytest.mark.parametrize(
    ("missing", "needs"),
    [
        ("ninja_orgkit.tags", "ninja_orgkit.contacts needs the app ninja_orgkit.tags"),
        ("ninja_orgkit.organizations", "ninja_orgkit.accounts needs the app ninja_orgkit.organizations"),
    ],
)
def test_a_missing_app_that_another_app_needs_is_reported(
    monkeypatch: pytest.MonkeyPatch, missing: str, needs: str
) -> None:
    present = {label: app for label, app in apps.app_configs.items() if app.name != missing}
    monkeypatch.setattr(apps, "app_configs", present)
    assert f"{needs}." in [message.msg for message in messages_of_the_kit() if message.id == "orgkit.E008"]


def test_api_documentation_loaded_from_a_cdn_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        apps, "app_configs", {label: app for label, app in apps.app_configs.items() if label != "ninja"}
    )
    assert list(found_by_id()) == ["orgkit.I029"]


def test_a_setting_of_the_audit_trail_without_its_app_gets_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_CONTENT": True}
    assert found_by_id() == {}
    monkeypatch.setattr(
        apps, "app_configs", {label: app for label, app in apps.app_configs.items() if label != "orgkit_audit"}
    )
    assert "AUDIT_CONTENT" in found_by_id()["orgkit.W100"]


@pytest.mark.parametrize("value", [timedelta(0), timedelta(days=-1)])
def test_a_lifetime_of_events_that_cannot_be_is_an_error(settings: Any, value: timedelta) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_LIFETIME": value}
    assert "AUDIT_LIFETIME" in found_by_id()["orgkit.E018"]


def test_switching_time_zones_off_is_an_error(settings: Any) -> None:
    settings.USE_TZ = False
    assert list(found_by_id()) == ["orgkit.E009"]


def test_templates_that_django_cannot_find_are_an_error(settings: Any) -> None:
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    assert "APP_DIRS" in found_by_id()["orgkit.E016"]


@pytest.mark.parametrize(
    "options", [{"timeout": 20}, {"transaction_mode": "IMMEDIATE"}, {"init_command": "PRAGMA journal_mode=WAL"}]
)
def test_sqlite_without_immediate_transactions_and_wal_gets_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x", "OPTIONS": options}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    assert "'default'" in found_by_id()["orgkit.W020"]
    assert "journal_mode=WAL" in found_by_id()["orgkit.W020"]


def test_sqlite_with_exclusive_transactions_and_wal_passes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"transaction_mode": "EXCLUSIVE", "init_command": "pragma journal_mode = wal;"}
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x", "OPTIONS": options}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    assert found_by_id() == {}


class Elsewhere:
    """Sends the models of one app to another database."""

    def __init__(self, app_label: str) -> None:
        self.app_label = app_label

    def db_for_write(self, model: type[models.Model], **_hints: Any) -> str | None:
        return "other" if model._meta.app_label == self.app_label else None

    db_for_read = db_for_write


def test_a_sqlite_that_the_kit_does_not_use_is_not_its_concern(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES, "other", {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"})
    assert found_by_id() == {}


@pytest.mark.parametrize(
    ("moved", "reported"),
    [
        ("auth", "The database of orgkit_tags.Tag is 'default', but that of the user model is 'other'."),
        ("orgkit_tags", "The database of orgkit_tags.Tag is 'other', but that of the user model is 'default'."),
        ("shop", "The database of shop.Product is 'other', but that of the user model is 'default'."),
    ],
)
def test_models_away_from_the_user_model_are_an_error(
    settings: Any, monkeypatch: pytest.MonkeyPatch, moved: str, reported: str
) -> None:
    monkeypatch.setitem(settings.DATABASES, "other", settings.DATABASES["default"])
    settings.DATABASE_ROUTERS = [Elsewhere(moved)]
    found = [message for message in messages_of_the_kit() if message.id == "orgkit.E050"]
    assert reported in [message.msg for message in found]
    settings.DATABASE_ROUTERS = ["ninja_orgkit.database.routers.WithUserModel", Elsewhere(moved)]
    left = {message.obj._meta.app_label for message in messages_of_the_kit() if message.id == "orgkit.E050"}
    assert left <= {"shop"}


@pytest.mark.parametrize("way", ["own", "twice", "some"])
def test_atomic_requests_get_a_warning_if_a_host_mounts_its_own_api(
    settings: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    settings.ROOT_URLCONF = f"tests.hosts.mounts.{way}"
    assert found_by_id() == {}
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert "ninja_orgkit.urls" in found_by_id()["orgkit.W022"]


@pytest.mark.parametrize("urls", ["tests.urls", "tests.hosts.mounts.outer"])
def test_atomic_requests_pass_with_the_ready_made_routes(
    settings: Any, monkeypatch: pytest.MonkeyPatch, urls: str
) -> None:
    settings.ROOT_URLCONF = urls
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert found_by_id() == {}


def test_storing_files_without_a_media_root_gets_a_warning(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT = ""
    assert list(found_by_id()) == ["orgkit.W025"]
    settings.MEDIA_ROOT = "/srv/media"
    assert found_by_id() == {}


def test_a_deployment_gets_warnings_about_settings_for_development(settings: Any) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT, settings.MEDIA_URL = "/srv/media", "/media/"
    assert found_by_id() == {}
    assert set(found_by_id(deploy=True)) == {"orgkit.W026", "orgkit.W027", "orgkit.W028"}


@pytest.mark.parametrize("sender", ["webmaster@localhost", "Kit <hello@localhost>", "", "nobody"])
def test_a_deployment_is_warned_of_a_sender_that_mail_servers_refuse(settings: Any, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    settings.NINJA_ORGKIT = {"API_URL": "https://api.example.com/v1", "FRONTEND_URL": "https://example.com"}
    assert "orgkit.W068" in found_by_id(deploy=True)
    assert "orgkit.W068" not in found_by_id()
    settings.DEFAULT_FROM_EMAIL = "Kit <hello@example.com>"
    assert "orgkit.W068" not in found_by_id(deploy=True)


@pytest.mark.parametrize("kind", ["console", "dummy", "filebased", "smtp", "locmem"])
def test_a_deployment_is_warned_of_mails_that_reach_nobody(settings: Any, kind: str) -> None:
    backend = f"django.core.mail.backends.{kind}.EmailBackend"
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": backend}}
    else:
        settings.EMAIL_BACKEND = backend
    assert ("orgkit.W069" in found_by_id(deploy=True)) == (kind in ("console", "dummy", "filebased"))


def test_a_deployment_with_its_own_addresses_passes(settings: Any) -> None:
    settings.NINJA_ORGKIT = {"API_URL": "https://example.com/api/v1", "FRONTEND_URL": "https://app.example.com"}
    assert found_by_id(deploy=True) == {}


def _unfilled(monkeypatch: pytest.MonkeyPatch, user_model: type[models.Model]) -> list[str]:
    """Return the fields that the check of the user model reports."""
    for module in ("checks", "host_user"):
        monkeypatch.setattr(f"ninja_orgkit.accounts.{module}.get_user_model", lambda: user_model)
    found = [str(message.msg) for message in messages_of_the_kit() if message.id == "orgkit.W021"]
    return [text.split("'")[1] for text in found]


class _SignsInByEmail:
    USERNAME_FIELD = "email"

    @staticmethod
    def get_email_field_name() -> str:
        return "email"


@isolate_apps("tests")
def test_a_user_model_with_extra_required_fields_gets_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient(_SignsInByEmail, models.Model):  # noqa: DJ008
        born_on = models.DateField()
        number = models.CharField(max_length=9, unique=True)
        note = models.TextField()
        seen_at = models.DateTimeField(auto_now=True)
        email = models.EmailField()

        class Meta:
            app_label = "tests"

    assert _unfilled(monkeypatch, Patient) == ["born_on", "number"]


@isolate_apps("tests")
@pytest.mark.parametrize("explicit", [False, True])
def test_a_user_model_that_extends_another_model_needs_no_value_for_the_link(
    monkeypatch: pytest.MonkeyPatch, explicit: bool
) -> None:
    class Party(models.Model):  # noqa: DJ008
        email = models.EmailField()
        born_on = models.DateField()

        class Meta:
            app_label = "tests"

    link = models.OneToOneField(Party, on_delete=models.CASCADE, parent_link=True, primary_key=True)
    named = {"party": link} if explicit else {}
    meta = type("Meta", (), {"app_label": "tests"})
    member = type("Member", (_SignsInByEmail, Party), {"__module__": __name__, "Meta": meta, **named})
    assert _unfilled(monkeypatch, member) == ["born_on"]
