"""System checks: what is set wrongly is said before the first request."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ninja_orgkit import registry
from ninja_orgkit.conf import Settings, settings
from ninja_orgkit.protocol.throttling import parse_rate


@register(Tags.compatibility)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Name each unknown key of ``NINJA_ORGKIT`` and suggest the right one."""
    found: list[CheckMessage] = []
    known = Settings.names()
    for key in getattr(django_settings, "NINJA_ORGKIT", {}):
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else None
            found.append(Error(f"NINJA_ORGKIT has no setting {key!r}.", hint=hint, id="orgkit.E001"))
    if settings.EMAIL_VERIFICATION not in ("none", "optional", "mandatory"):
        hint = 'Use "none", "optional" or "mandatory".'
        found.append(Error("EMAIL_VERIFICATION has an unknown value.", hint=hint, id="orgkit.E002"))
    if "owners.manage" not in settings.ROLES.get(settings.CREATOR_ROLE, ()):
        hint = "Give that role the permission owners.manage, or name another one."
        found.append(Error("CREATOR_ROLE is no role of an owner.", hint=hint, id="orgkit.E003"))
    if settings.STORAGE not in django_settings.STORAGES:
        found.append(Error(f"STORAGES has no alias {settings.STORAGE!r}.", id="orgkit.E004"))
    return found


@register(Tags.caches)
def check_throttle_store(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a store of throttle counters that is not shared, or does not count exactly."""
    store = settings.THROTTLE_STORE
    if store == "database":
        return []
    cache = django_settings.CACHES.get(store)
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
    for scope, rate in settings.THROTTLES.items():
        try:
            parse_rate(rate)
        except ValueError as exc:
            found.append(Error(f"THROTTLES[{scope!r}]: {exc}", id="orgkit.E007"))
    return found


@register(Tags.models)
def check_registry(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each faulty entry of the registry."""
    return [Error(text, hint=hint, obj=entry.model, id="orgkit.E010") for entry, text, hint in registry.problems()]


@register(Tags.database)
def check_sqlite(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of a SQLite that answers concurrent writers with errors."""
    return [
        Warning(
            f"The SQLite database {alias!r} does not begin transactions with a lock.",
            hint='Set OPTIONS: {"transaction_mode": "IMMEDIATE", "timeout": 20}, so writers wait for each other.',
            id="orgkit.W020",
        )
        for alias, config in django_settings.DATABASES.items()
        if config.get("ENGINE", "").endswith("sqlite3") and config.get("OPTIONS", {}).get("transaction_mode") is None
    ]
