"""Wrong settings are reported, and valid ones pass."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_django

from docs import generate
from ninja_orgkit.conf import Settings
from tests.checks.messages import found_by_id

ROOT = Path(__file__).resolve().parents[2]


def test_the_settings_of_the_tests_pass_every_check() -> None:
    assert found_by_id() == {}


@pytest.mark.slow
def test_the_settings_of_the_example_pass_every_check(tmp_path: Path) -> None:
    names = {"DJANGO_SETTINGS_MODULE": "example.settings", "DEMO_DATA": str(tmp_path)}
    checking = [sys.executable, "-m", "django", "check", "--database", "default", "--fail-level", "DEBUG"]
    environment = {**os.environ, **names, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT / "example_project")])}
    done = subprocess.run(checking, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "orgkit" not in done.stdout + done.stderr


def test_every_fault_has_its_own_id() -> None:
    ids = [line.split("`")[1] for line in generate.checks_page().splitlines() if line.startswith("| `orgkit.")]
    assert len(ids) > 40
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("key", "value", "found", "says"),
    [
        ("RESET_TOKEN_LIFETIM", timedelta(hours=1), "E001", "RESET_TOKEN_LIFETIME"),
        ("EMAIL_VERIFICATION", "always", "E002", "mandatory"),
        ("NOTICES", {"passwords": False}, "E110", "password"),
        ("REFRESH_COOKIE", {"http_only": False}, "E053", "http_only"),
        ("REFRESH_COOKIE", {"name": "a cookie"}, "E054", "name"),
        ("REFRESH_COOKIE", {"path": "api"}, "E054", "path"),
        ("REFRESH_COOKIE", {"path": "/api; Domain=example.com"}, "E054", "path"),
        ("REFRESH_COOKIE", {"domain": "https://example.com"}, "E054", "domain"),
        ("REFRESH_COOKIE", {"samesite": "strict"}, "E054", "samesite"),
        ("REFRESH_COOKIE", {"secure": "yes"}, "E054", "secure"),
        ("REFRESH_COOKIE", {"max_age": 0}, "E054", "max_age"),
        ("REFRESH_COOKIE", {"samesite": "None", "secure": False}, "E055", "secure"),
        ("REGISTRATION", "invited", "E065", "invitation"),
        ("AUTHENTICATION", "shop.rules.caller", "E011", "AUTHENTICATION"),
        ("AUTHENTICATION", ["shop.rules.caller"], "E061", "ModuleNotFoundError"),
        ("AUTHENTICATION", ["shop.models.caller"], "E061", "'shop.models.caller'"),
        ("AUTHENTICATION", ["caller"], "E061", "'caller'"),
        ("AUTHENTICATION", ["ninja_orgkit.conf.settings"], "E061", "cannot be called"),
        ("ORGANIZATION_CREATION", "everybody", "E066", "staff"),
        ("ORGANIZATION_CREATION", "nowhere.rule", "E061", "ORGANIZATION_CREATION"),
        ("ORGANIZATIONS_MAX", 0, "E018", "ORGANIZATIONS_MAX"),
        ("ORGANIZATIONS_MAX", -1, "E018", "ORGANIZATIONS_MAX"),
        ("ORGANIZATIONS_MAX", "many", "E061", "ORGANIZATIONS_MAX"),
        ("ORGANIZATIONS_MAX", 2.5, "E011", "int | str | None"),
        ("MEMBERS_MAX", 0, "E018", "MEMBERS_MAX"),
        ("MEMBERS_MAX", "nowhere.rule", "E061", "MEMBERS_MAX"),
        ("MEMBERS_MAX", "tests.checks.messages.__doc__", "E061", "cannot be called"),
        ("MEMBERS_MAX", True, "E011", "MEMBERS_MAX"),
        ("INVITATION_ROLE", "guest", "E067", "viewer, member, admin, owner"),
        ("INVITATION_ROLE", "", "E067", "INVITATION_ROLE"),
        ("TRANSFER_ROLE", "guest", "E115", "viewer, member, admin, owner"),
        ("TRANSFER_ROLE", "", "E115", "TRANSFER_ROLE"),
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
        ("DECODE_PIXELS_AT_ONCE", 0, "E018", "DECODE_PIXELS_AT_ONCE"),
        ("ANIMATION_MAX_RENDERED_PIXELS", -1, "E018", "ANIMATION_MAX_RENDERED_PIXELS"),
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
def test_a_wrong_setting_is_reported(
    settings: pytest_django.Settings, key: str, value: Any, found: str, says: str
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, key: value}
    messages = found_by_id()
    assert list(messages) == [f"orgkit.{found}"]
    assert says in messages[f"orgkit.{found}"]


@pytest.mark.parametrize("key", Settings.names())
def test_a_setting_of_the_wrong_type_is_reported_and_stops_no_other_check(
    settings: pytest_django.Settings, key: str
) -> None:
    wrong = [object(), b"x", [object()], *([] if getattr(Settings, key) is None else [None])]
    for value in wrong:
        settings.NINJA_ORGKIT = {key: value}
        assert key in found_by_id()["orgkit.E011"]


@pytest.mark.parametrize("key", Settings.names())
def test_every_default_passes_the_checks(settings: pytest_django.Settings, key: str) -> None:
    settings.NINJA_ORGKIT = {key: getattr(Settings, key)}
    assert found_by_id() == {}


@pytest.mark.parametrize(
    "right",
    [
        {"ROLES": {"viewer": None, "guest": ("org.read",)}},
        {"BROKER_TIMEOUT": 2, "RENDITIONS": {"xl": [3840, 85], "sm": None}, "AVATAR_SIZES": [100, 400]},
        {"JWT": {"LEEWAY": 3}, "THROTTLES": {"username_check.address": None}},
        {"CUSTOM_FIELDS": {"profile": "pydantic.BaseModel"}, "FRONTEND_PATHS": {"more": "/more"}},
        {"ORGANIZATION_CREATION": "staff", "ORGANIZATIONS_MAX": 1, "MEMBERS_MAX": 1},
        {"INVITATION_ROLE": "viewer", "TRANSFER_ROLE": "owner"},
        {"ORGANIZATION_CREATION": "tests.organizations.rules.nobody", "MEMBERS_MAX": "tests.organizations.rules.two"},
        {"REFRESH_GRACE": timedelta(0), "INVITATIONS_MAX_PENDING": 0, "PREFERENCES_MAX_KEYS": 0, "BROKER_PAUSE": 0},
    ],
)
def test_a_valid_setting_passes_in_each_of_its_forms(settings: pytest_django.Settings, right: dict[str, Any]) -> None:
    settings.NINJA_ORGKIT = right
    assert found_by_id() == {}
