"""System checks report what is set up wrongly, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.apps import apps
from django.core.checks import CheckMessage
from django.core.checks.registry import registry as checks
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps

from docs import generate
from ninja_orgkit import registry
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import Settings
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.models import Tag
from shop.models import Product, Shop
from tests.celery import app as celery_app

ROOT = Path(__file__).parent.parent


def _found(*, deploy: bool = False) -> dict[str, str]:
    """Return the text of each message of the kit by its id."""
    return {str(item.id): f"{item.msg} {item.hint}" for item in _messages(deploy=deploy)}


def _messages(*, deploy: bool = False) -> list[CheckMessage]:
    """Return what the checks of the kit say; those of Django take their time."""
    own = [check for check in checks.get_checks(deploy) if check.__module__.startswith("ninja_orgkit.")]
    return [message for check in own for message in check(app_configs=None, databases=["default"])]


# --- silence


def test_nothing_is_said_about_the_settings_of_the_tests() -> None:
    assert _found() == {}


@pytest.mark.slow
def test_nothing_is_said_about_the_settings_of_the_example(tmp_path: Path) -> None:
    names = {"DJANGO_SETTINGS_MODULE": "example.settings", "DEMO_DATA": str(tmp_path)}
    checking = [sys.executable, "-m", "django", "check", "--database", "default", "--fail-level", "DEBUG"]
    environment = {**os.environ, **names, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT / "example_project")])}
    done = subprocess.run(checking, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "orgkit" not in done.stdout + done.stderr


def test_every_fault_has_an_id_of_its_own() -> None:
    ids = [line.split("`")[1] for line in generate.checks_page().splitlines() if line.startswith("| `orgkit.")]
    assert len(ids) > 40
    assert ids == sorted(set(ids))


# --- settings


@pytest.mark.parametrize(
    ("key", "value", "found", "says"),
    [
        ("RESET_TOKEN_LIFETIM", timedelta(hours=1), "E001", "RESET_TOKEN_LIFETIME"),
        ("EMAIL_VERIFICATION", "always", "E002", "mandatory"),
        ("CREATOR_ROLE", "admin", "E003", "owners.manage"),
        ("STORAGE", "private", "E004", "'private'"),
        ("THROTTLE_STORE", "redis", "E005", "'redis'"),
        ("THROTTLE_STORE", "default", "E006", "LocMemCache"),
        ("THROTTLES", {"login.account": "ten a minute"}, "E007", "login.account"),
        ("RESET_TOKEN_LIFETIME", 7200, "E011", "timedelta(seconds=7200)"),
        ("EMAIL_CHANGE_REQUIRES_PASSWORD", "no", "E011", "EMAIL_CHANGE_REQUIRES_PASSWORD"),
        ("USERNAME_MAX_LENGTH", "30", "E011", "USERNAME_MAX_LENGTH"),
        ("USERNAME_MAX_LENGTH", True, "E011", "USERNAME_MAX_LENGTH"),
        ("BROKER_TIMEOUT", "1", "E011", "BROKER_TIMEOUT"),
        ("ROLES", ["owner"], "E011", "ROLES"),
        ("ROLES", {"viewer": "org.read"}, "E011", "ROLES"),
        ("THROTTLES", {"login.account": 10}, "E011", "THROTTLES"),
        ("RENDITIONS", {"thumb": 160}, "E011", "RENDITIONS"),
        ("RENDITIONS", {"xl": (3840,)}, "E011", "RENDITIONS"),
        ("RENDITIONS", {"xl": (3840, 85, 1)}, "E011", "RENDITIONS"),
        ("AVATAR_SIZES", (160,), "E011", "AVATAR_SIZES"),
        ("AVATAR_SIZES", (160, 600, 1200), "E011", "AVATAR_SIZES"),
        ("THROTTLES", None, "E011", "THROTTLES"),
        ("RESERVED_SLUGS", [1], "E011", "RESERVED_SLUGS"),
        ("CUSTOM_FIELDS", {"contacts": "host.fields.ContactFields"}, "E012", "'contacts'"),
        ("CUSTOM_FIELDS", {"contact": "nowhere.Fields"}, "E031", "nowhere.Fields"),
        ("CUSTOM_FIELDS", {"contact": 5}, "E031", "'contact'"),
        ("USERNAME_PATTERN", "[a-z", "E013", "USERNAME_PATTERN"),
        ("FRONTEND_URL", "https://app.example.com/", "E014", "FRONTEND_URL"),
        ("API_URL", "example.com/api/v1", "E014", "API_URL"),
        ("FRONTEND_PATHS", {"invitation": None}, "E015", "'invitation'"),
        ("FRONTEND_PATHS", {"verify_email": "verify"}, "E015", "'verify_email'"),
        ("MEDIA_URL_WINDOW", timedelta(0), "E018", "MEDIA_URL_WINDOW"),
        ("ACCESS_TOKEN_LIFETIME", timedelta(minutes=-15), "E018", "ACCESS_TOKEN_LIFETIME"),
        ("JSON_MAX_BYTES", 0, "E018", "JSON_MAX_BYTES"),
        ("BROKER_TIMEOUT", 0.0, "E018", "BROKER_TIMEOUT"),
        ("TRUSTED_PROXIES", -1, "E018", "TRUSTED_PROXIES"),
        ("PAGE_SIZE", 300, "E032", "PAGE_MAX_SIZE"),
        ("USERNAME_MIN_LENGTH", 40, "E032", "USERNAME_MAX_LENGTH"),
        ("RENDITIONS", dict.fromkeys(("thumb", "sm", "md", "lg")), "E033", "RENDITIONS"),
        ("RENDITIONS", {"xl": (0, 85)}, "E034", "RENDITIONS"),
        ("RENDITIONS", {"xl": (3840, 101)}, "E035", "RENDITIONS"),
        ("AVATAR_SIZES", (160, 16_384), "E034", "AVATAR_SIZES"),
    ],
)
def test_a_wrong_setting_is_named(settings: Any, key: str, value: Any, found: str, says: str) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, key: value}
    messages = _found()
    assert list(messages) == [f"orgkit.{found}"]
    assert says in messages[f"orgkit.{found}"]


@pytest.mark.parametrize("key", Settings.names())
def test_a_setting_of_another_type_is_named_and_hinders_no_check(settings: Any, key: str) -> None:
    for value in (None, object(), b"x", [object()]):
        settings.NINJA_ORGKIT = {key: value}
        assert key in _found()["orgkit.E011"]


@pytest.mark.parametrize("key", Settings.names())
def test_every_default_is_right(settings: Any, key: str) -> None:
    settings.NINJA_ORGKIT = {key: getattr(Settings, key)}
    assert _found() == {}


@pytest.mark.parametrize(
    "right",
    [
        {"ROLES": {"viewer": None, "guest": ("org.read",)}},
        {"BROKER_TIMEOUT": 2, "RENDITIONS": {"xl": [3840, 85], "sm": None}, "AVATAR_SIZES": [100, 400]},
        {"JWT": {"LEEWAY": 3}, "THROTTLES": {"username_check.address": None}},
        {"CUSTOM_FIELDS": {"profile": "pydantic.BaseModel"}, "FRONTEND_PATHS": {"more": "/more"}},
        {"REFRESH_GRACE": timedelta(0), "INVITATIONS_MAX_PENDING": 0, "PREFERENCES_MAX_KEYS": 0, "BROKER_PAUSE": 0},
    ],
)
def test_a_right_setting_is_fine_in_each_of_its_forms(settings: Any, right: dict[str, Any]) -> None:
    settings.NINJA_ORGKIT = right
    assert _found() == {}


# --- the project around


@pytest.mark.parametrize(
    ("missing", "needs"),
    [
        ("ninja_orgkit.tags", "ninja_orgkit.contacts needs the app ninja_orgkit.tags"),
        ("ninja_orgkit.organizations", "ninja_orgkit.accounts needs the app ninja_orgkit.organizations"),
    ],
)
def test_an_app_that_another_one_needs_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, needs: str) -> None:
    present = {label: app for label, app in apps.app_configs.items() if app.name != missing}
    monkeypatch.setattr(apps, "app_configs", present)
    assert f"{needs}." in [message.msg for message in _messages() if message.id == "orgkit.E008"]


def test_documentation_from_elsewhere_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        apps, "app_configs", {label: app for label, app in apps.app_configs.items() if label != "ninja"}
    )
    assert list(_found()) == ["orgkit.I029"]


def test_times_without_a_zone_are_refused(settings: Any) -> None:
    settings.USE_TZ = False
    assert list(_found()) == ["orgkit.E009"]


def test_mails_without_templates_are_refused(settings: Any) -> None:
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    assert "APP_DIRS" in _found()["orgkit.E016"]


@pytest.mark.parametrize(
    "options", [{"timeout": 20}, {"transaction_mode": "IMMEDIATE"}, {"init_command": "PRAGMA journal_mode=WAL"}]
)
def test_a_sqlite_whose_users_hinder_each_other_is_warned_of(
    settings: Any, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x", "OPTIONS": options}
    monkeypatch.setitem(settings.DATABASES, "other", database)
    assert "'other'" in _found()["orgkit.W020"]
    assert "journal_mode=WAL" in _found()["orgkit.W020"]


def test_a_sqlite_with_a_lock_and_a_log_is_fine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"transaction_mode": "EXCLUSIVE", "init_command": "pragma journal_mode = wal;"}
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x", "OPTIONS": options}
    monkeypatch.setitem(settings.DATABASES, "other", database)
    assert _found() == {}


@pytest.mark.parametrize("way", ["own", "twice", "some"])
def test_atomic_requests_are_warned_of_on_an_api_of_the_hosts(
    settings: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    settings.ROOT_URLCONF = f"tests.hosts.mounts.{way}"
    assert _found() == {}
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert "ninja_orgkit.urls" in _found()["orgkit.W022"]


@pytest.mark.parametrize("urls", ["tests.urls", "tests.hosts.mounts.outer"])
def test_atomic_requests_are_fine_with_the_ready_made_routes(
    settings: Any, monkeypatch: pytest.MonkeyPatch, urls: str
) -> None:
    settings.ROOT_URLCONF = urls
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert _found() == {}


def test_private_files_without_a_folder_are_warned_of(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT = ""
    assert list(_found()) == ["orgkit.W025"]
    settings.MEDIA_ROOT = "/srv/media"
    assert _found() == {}


# --- Celery


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that makes another Celery app the current one."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)

    def _make(**configuration: Any) -> None:
        app = Celery("other", fixups=[])
        app.conf.update(configuration)
        app.set_current()

    yield _make
    celery_app.set_current()


def test_a_project_without_a_celery_app_is_warned(current: Any) -> None:
    current()
    assert "__init__.py" in _found()["orgkit.W023"]


@pytest.mark.parametrize("url", ["redis://127.0.0.1/0", "rediss://127.0.0.1/0", "sentinel://127.0.0.1:26379"])
def test_a_silent_redis_is_warned_of(current: Any, url: str) -> None:
    current(broker_url=url)
    assert "socket_timeout" in _found()["orgkit.W024"]
    current(broker_url=url, broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5})
    assert _found() == {}


@pytest.mark.parametrize("url", ["amqp://127.0.0.1//", "memory://", "filesystem://"])
def test_brokers_that_are_never_silent_are_fine_as_they_are(current: Any, url: str) -> None:
    current(broker_url=url)
    assert _found() == {}


def test_a_broker_whose_client_is_not_installed_is_refused(current: Any) -> None:
    current(broker_url="zookeeper://127.0.0.1/")
    assert "ninja-orgkit[redis]" in _found()["orgkit.E017"]


# --- deployments


def test_a_deployment_is_warned_of_what_is_fine_on_a_desk(settings: Any) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT, settings.MEDIA_URL = "/srv/media", "/media/"
    assert _found() == {}
    assert set(_found(deploy=True)) == {"orgkit.W026", "orgkit.W027", "orgkit.W028"}


def test_a_deployment_with_its_own_addresses_is_fine(settings: Any) -> None:
    settings.NINJA_ORGKIT = {"API_URL": "https://example.com/api/v1", "FRONTEND_URL": "https://app.example.com"}
    assert _found(deploy=True) == {}


# --- the user model


@isolate_apps("tests")
def test_a_user_whom_nobody_can_register_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient(models.Model):  # noqa: DJ008
        born_on = models.DateField()
        number = models.CharField(max_length=9, unique=True)
        note = models.TextField()
        seen_at = models.DateTimeField(auto_now=True)
        email = models.EmailField()
        USERNAME_FIELD = "email"

        class Meta:
            app_label = "tests"

        @staticmethod
        def get_email_field_name() -> str:
            return "email"

    for module in ("checks", "host_user"):
        monkeypatch.setattr(f"ninja_orgkit.accounts.{module}.get_user_model", lambda: Patient)
    found = [str(message.msg) for message in _messages() if message.id == "orgkit.W021"]
    assert [text.split("'")[1] for text in found] == ["born_on", "number"]


# --- the registry


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_resources", {})
    monkeypatch.setattr(registry, "_export_kinds", {})


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize(
    ("model", "entry", "found", "says"),
    [
        (Product, {"name": "product"}, "E036", "app_label/model"),
        (Product, {"name": "shop/"}, "E036", "app_label/model"),
        (Product, {"lookup": "barcode"}, "E010", "no field 'barcode'"),
        (Product, {"lookup": "id"}, "E038", "numeric_lookup=True"),
        (Product, {"lookup": "pk"}, "E038", "numeric_lookup=True"),
        (Account, {"lookup": "pk", "organization": "personal_organization"}, "E037", "relation"),
        (Product, {"numeric_lookup": True}, "E039", "not an integer"),
        (Product, {"organization": "owner"}, "E042", "'owner'"),
        (Product, {"organization": "shop"}, "E042", "not a path"),
        (Product, {"organization": "shop__name"}, "E042", "not a path"),
        (Product, {"organization": "shop__organization__memberships"}, "E042", "not a path"),
        (Product, {"lookup": "name"}, "W019", "not unique"),
        (Contact, {"lookup": "slug", "organization": "organization"}, "", ""),
        (Tag, {"lookup": "slug", "organization": "organization"}, "", ""),
        (Product, {}, "", ""),
        (Product, {"lookup": "id", "numeric_lookup": True}, "", ""),
    ],
)
def test_a_faulty_entry_of_the_registry_is_named(model: Any, entry: dict[str, Any], found: str, says: str) -> None:
    registry.register(model, **{"lookup": "sku", "organization": "shop__organization", **entry})
    messages = _found()
    assert list(messages) == ([f"orgkit.{found}"] if found else [])
    assert says in json.dumps(messages)


@pytest.mark.usefixtures("own_registry")
@isolate_apps("tests")
def test_a_key_that_no_tag_can_hold_is_named() -> None:
    class Long(models.Model):  # noqa: DJ008
        code = models.CharField(max_length=65, primary_key=True)
        organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "tests"

    class Pair(models.Model):  # noqa: DJ008
        pk = models.CompositePrimaryKey("organization", "number")
        number = models.IntegerField()
        code = models.SlugField(unique=True)
        organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "tests"

    registry.register(Long, lookup="code", organization="organization", taggable=True)
    assert "65 characters" in _found()["orgkit.E041"]
    registry.register(Long, lookup="code", organization="organization")
    assert _found() == {}
    registry.register(Pair, lookup="code", organization="organization", imageable=True)
    assert "several columns" in _found()["orgkit.E040"]


@pytest.mark.usefixtures("own_registry")
def test_names_models_and_kinds_are_registered_once() -> None:
    class Row(registry.BaseModel):
        name: str

    class OtherRow(registry.BaseModel):
        name: str

    registry.register(Shop, name="shop/thing", lookup="name", organization="organization", export=Row)
    registry.register(Shop, name="shop/thing", lookup="name", organization="organization", export=Row)
    with pytest.raises(ImproperlyConfigured, match="give name="):
        registry.register(Product, name="shop/thing", lookup="sku", organization="shop__organization")
    with pytest.raises(ImproperlyConfigured, match="already registered as 'shop/thing'"):
        registry.register(Shop, lookup="name", organization="organization")
    with pytest.raises(ImproperlyConfigured, match="export_kind="):
        registry.register(
            Product, lookup="sku", organization="shop__organization", export=OtherRow, export_kind="shop.thing"
        )
    assert [entry.model for entry in registry.resources()] == [Shop]
