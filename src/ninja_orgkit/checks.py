"""System checks: what is set wrongly is said before the first request."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ninja_orgkit import registry
from ninja_orgkit.conf import Settings, settings


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
