"""System checks: what is set wrongly is said before the first request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import get_resolver
from django.utils.module_loading import import_string

from ninja_orgkit.checks import registry as registry_faults
from ninja_orgkit.conf import Settings, settings
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.throttling import parse_rate

_ALWAYS = ["ninja_orgkit.accounts", "ninja_orgkit.organizations"]
_NEEDS = {"ninja_orgkit.contacts": ["ninja_orgkit.tags"]}
_CUSTOM = ("contact", "organization", "profile")
_HERE = ("localhost", "127.0.0.1", "::1")
# There, none at all has a meaning.
_MAY_BE_ZERO = (
    "REFRESH_GRACE", "INVITATIONS_MAX_PENDING", "PREFERENCES_MAX_KEYS", "BROKER_PAUSE", "TRUSTED_PROXIES",
)  # fmt: skip
_LONGEST_WEBP = 16_383  # pixels


@register(Tags.compatibility)
def check_apps(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Name each app of the kit that another one needs: without it Django would take its models for the kernel's."""
    found: list[CheckMessage] = []
    for app in apps.get_app_configs():
        if app.name.partition(".")[0] == "ninja_orgkit":
            for needed in (*_ALWAYS, *_NEEDS.get(app.name, ())):
                if not apps.is_installed(needed):
                    hint = "Add it to INSTALLED_APPS."
                    found.append(Error(f"{app.name} needs the app {needed}.", hint=hint, id="orgkit.E008"))
    if not apps.is_installed("ninja"):
        hint = 'Add "ninja" to INSTALLED_APPS, and your own server has it.'
        found.append(Info("The interactive documentation loads scripts from a CDN.", hint=hint, id="orgkit.I029"))
    if not django_settings.USE_TZ:
        found.append(Error("The kit's times need a time zone.", hint="Set USE_TZ = True.", id="orgkit.E009"))
    return found


@register(Tags.compatibility)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Name each unknown key of ``NINJA_ORGKIT`` and suggest the right one."""
    found: list[CheckMessage] = []
    known = Settings.names()
    for key, value in getattr(django_settings, "NINJA_ORGKIT", {}).items():
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else None
            found.append(Error(f"NINJA_ORGKIT has no setting {key!r}.", hint=hint, id="orgkit.E001"))
        elif not _fits(value, getattr(Settings, key)):
            hint = f"It looks like this by default: {getattr(Settings, key)!r}."
            found.append(Error(f"NINJA_ORGKIT[{key!r}] has the wrong type.", hint=hint, id="orgkit.E011"))
    # What has the wrong type cannot be looked into.
    return found or [*_check_choices(), *_check_addresses(), *_check_bounds(), *_check_sizes()]


def _check_choices() -> Iterator[CheckMessage]:
    """Report values that are none of those that there are."""
    if settings.EMAIL_VERIFICATION not in ("none", "optional", "mandatory"):
        hint = 'Use "none", "optional" or "mandatory".'
        yield Error("EMAIL_VERIFICATION has an unknown value.", hint=hint, id="orgkit.E002")
    if "owners.manage" not in settings.ROLES.get(settings.CREATOR_ROLE, ()):
        hint = "Give that role the permission owners.manage, or name another one."
        yield Error("CREATOR_ROLE is no role of an owner.", hint=hint, id="orgkit.E003")
    if settings.STORAGE not in django_settings.STORAGES:
        yield Error(f"STORAGES has no alias {settings.STORAGE!r}.", id="orgkit.E004")
    for kind, path in settings.CUSTOM_FIELDS.items():
        if kind not in _CUSTOM:
            hint = f"There are {', '.join(_CUSTOM)}."
            yield Error(f"CUSTOM_FIELDS knows no {kind!r}.", hint=hint, id="orgkit.E012")
        elif not _imports(path):
            yield Error(f"CUSTOM_FIELDS[{kind!r}] cannot be imported: {path}.", id="orgkit.E012")
    try:
        re.compile(settings.USERNAME_PATTERN)
    except re.error as exc:
        yield Error(f"USERNAME_PATTERN is no regular expression: {exc}.", id="orgkit.E013")


def _check_addresses() -> Iterator[CheckMessage]:
    """Report what no link can be made of."""
    for name in ("API_URL", "FRONTEND_URL"):
        url = getattr(settings, name)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc or url.endswith("/"):
            hint = "Write it with https:// and without a slash at its end."
            yield Error(f"{name} cannot begin a link: {url!r}.", hint=hint, id="orgkit.E014")
    for page in Settings.FRONTEND_PATHS:
        if not settings.FRONTEND_PATHS.get(page, "").startswith("/"):
            hint = "Give it a path that begins with a slash."
            yield Error(f"FRONTEND_PATHS has no page {page!r}, to which mails link.", hint=hint, id="orgkit.E015")


def _check_bounds() -> Iterator[CheckMessage]:
    """Report sizes, counts and durations with which nothing works."""
    for name in Settings.names():
        value = getattr(settings, name)
        if isinstance(value, int | float | timedelta) and not isinstance(value, bool):
            least: Any = type(value)()
            if value < least or (value == least and name not in _MAY_BE_ZERO):
                hint = f"It is {getattr(Settings, name)!r} by default."
                yield Error(f"{name} is too small: {value!r}.", hint=hint, id="orgkit.E018")
    for small, large in (("PAGE_SIZE", "PAGE_MAX_SIZE"), ("USERNAME_MIN_LENGTH", "USERNAME_MAX_LENGTH")):
        if getattr(settings, small) > getattr(settings, large):
            yield Error(f"{small} is more than {large}.", hint="Set both of them.", id="orgkit.E018")


def _check_sizes() -> Iterator[CheckMessage]:
    """Report pictures that cannot be made."""
    if not settings.RENDITIONS:
        yield Error("RENDITIONS has none.", hint="Keep one of them.", id="orgkit.E018")
    sides = [*settings.AVATAR_SIZES, *(side for side, _ in settings.RENDITIONS.values())]
    if not all(0 < side <= _LONGEST_WEBP for side in sides):
        hint = f"Use 1 to {_LONGEST_WEBP} pixels."
        yield Error("AVATAR_SIZES or RENDITIONS has a side that WebP cannot have.", hint=hint, id="orgkit.E018")
    if not all(0 <= quality <= 100 for _, quality in settings.RENDITIONS.values()):
        yield Error("RENDITIONS has a quality that is none.", hint="Use 0 to 100.", id="orgkit.E018")


@register(Tags.templates)
def check_mail_templates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that mails cannot be written, before a worker finds out."""
    try:
        get_template("orgkit/mail/base.html")
    except TemplateDoesNotExist:
        hint = 'Add an engine to TEMPLATES with "APP_DIRS": True.'
        return [Error("No engine in TEMPLATES finds the kit's mails.", hint=hint, id="orgkit.E016")]
    return []


@register(Tags.caches)
def check_throttle_store(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a store of throttle counters that is not shared, or does not count exactly."""
    store = settings.THROTTLE_STORE
    if store == "database":
        return []
    cache = django_settings.CACHES.get(str(store))
    if cache is None:
        hint = 'Use "database" or an alias in CACHES.'
        return [Error(f"THROTTLE_STORE names no cache: {store!r}.", hint=hint, id="orgkit.E005")]
    kind = str(cache["BACKEND"]).rsplit(".", 1)[-1]
    if kind in ("LocMemCache", "DummyCache", "DatabaseCache", "FileBasedCache") and not django_settings.DEBUG:
        hint = 'Use "database", or a cache on Redis, Valkey or Memcached.'
        return [
            Error(f"THROTTLE_STORE is a {kind}, which does not count exactly for all.", hint=hint, id="orgkit.E006")
        ]
    return []


@register(Tags.caches)
def check_rates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each rate that cannot be read."""
    found: list[CheckMessage] = []
    # What has another type is reported as such.
    rates = settings.THROTTLES if isinstance(settings.THROTTLES, dict) else {}
    for scope, rate in rates.items():
        try:
            if isinstance(rate, str):
                parse_rate(rate)
        except ValueError as exc:
            found.append(Error(f"THROTTLES[{scope!r}]: {exc}", id="orgkit.E007"))
    return found


@register(Tags.models)
def check_registry(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each faulty entry of the registry."""
    faults = [
        Error(text, hint=hint, obj=entry.model, id="orgkit.E010") for entry, text, hint in registry_faults.faults()
    ]
    hint = "Add unique=True, or a constraint with the organization: an object that shares its lookup is not found."
    doubts = [
        Warning(
            f"{entry.lookup!r}, the lookup of {entry.name!r}, is not unique within an organization.",
            hint=hint,
            obj=entry.model,
            id="orgkit.W019",
        )
        for entry in registry_faults.ambiguous()
    ]
    return [*faults, *doubts]


@register(Tags.database)
def check_sqlite(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of a SQLite that answers writers with errors while others write, or read for long."""
    options = '{"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}'
    return [
        Warning(
            f"The SQLite database {alias!r} refuses writers while others write, or read for long.",
            hint=f"Set OPTIONS: {options}.",
            id="orgkit.W020",
        )
        for alias, config in django_settings.DATABASES.items()
        if config.get("ENGINE", "").endswith("sqlite3") and not _lets_wait(config.get("OPTIONS", {}))
    ]


def _lets_wait(options: dict[str, Any]) -> bool:
    """Tell whether the options of a SQLite let writers wait for each other, and readers keep none of them waiting."""
    return options.get("transaction_mode") is not None and "wal" in str(options.get("init_command")).lower()


@register(Tags.urls)
def check_atomic_requests(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of an API with the kit's routes whose requests are transactions: an error would commit half of one."""
    if not any(config.get("ATOMIC_REQUESTS") for config in django_settings.DATABASES.values()):
        return []
    hint = "Turn ATOMIC_REQUESTS off, or include ninja_orgkit.urls, which leaves its views out of it."
    return [
        Warning(f"ATOMIC_REQUESTS is on for the routes of the API {name!r}.", hint=hint, id="orgkit.W022")
        for name in _bare_apis(get_resolver().url_patterns)
    ]


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of what is fine on a desk and wrong in production."""
    found: list[CheckMessage] = []
    for name in ("API_URL", "FRONTEND_URL"):
        if urlsplit(str(getattr(settings, name))).hostname in _HERE:
            hint = f"Set NINJA_ORGKIT[{name!r}]."
            found.append(Warning(f"Links in mails lead to this machine: {name}.", hint=hint, id="orgkit.W026"))
    if not settings.THROTTLING:
        found.append(Warning("THROTTLING is off: passwords can be tried without end.", id="orgkit.W027"))
    return found


def _fits(value: Any, default: Any) -> bool:
    """Tell whether a value of a setting can stand for its default; None removes a key of a dict."""
    match default:
        case bool() | str() | timedelta():
            return isinstance(value, type(default))
        case int():
            return type(value) is int
        case float():
            return type(value) in (int, float)
        case dict():
            parts = [] if not isinstance(value, dict) else [item for item in value.values() if item is not None]
            return isinstance(value, dict) and all(
                _fits(item, sample) for sample in [*default.values()][:1] for item in parts
            )
    if not isinstance(value, list | tuple) or (isinstance(default, tuple) and len(value) != len(default)):
        return False
    return all(_fits(item, sample) for sample in default[:1] for item in value)


def _imports(path: Any) -> bool:
    try:
        import_string(path)
    except (ImportError, AttributeError):  # the second one is of what is no string
        return False
    return True


def _bare_apis(patterns: Any) -> Iterator[str]:
    """Yield the namespace of each ninja API with our errors that nothing keeps out of ATOMIC_REQUESTS."""
    for pattern in patterns:
        yield from _bare_apis(getattr(pattern, "url_patterns", ()))
        view = getattr(pattern, "callback", None)
        # The root of an API is a bare partial, unless somebody has wrapped it.
        if isinstance(view, partial) and pattern.name == "api-root":
            api = view.keywords["api"]
            if OrgKitError in api._exception_handlers:
                yield api.urls_namespace
