"""System checks of the databases."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import router
from django.urls import get_resolver

from ninja_orgkit.database.alias import kit_alias, kit_connection
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.registry import resources


@register(Tags.models)
def check_one_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each model that joins with accounts but is sent to another database than the user model."""
    hint = "Let DATABASE_ROUTERS send both to one. ninja_orgkit.database.routers.WithUserModel does that for the kit."
    ours = [model for model in apps.get_models() if model.__module__.startswith("ninja_orgkit.")]
    home = kit_alias()
    return [
        Error(
            f"The database of {model._meta.label} is {alias!r}, but that of the user model is {home!r}.",
            hint=hint,
            obj=model,
            id="orgkit.E050",
        )
        for model in dict.fromkeys([*ours, *(entry.model for entry in resources())])
        if (alias := router.db_for_write(model)) != home
    ]


@register(Tags.database)
def check_sqlite(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about a SQLite that answers a write with an error while another write or a long read is running."""
    alias = kit_alias()
    config = django_settings.DATABASES[alias]
    if not config.get("ENGINE", "").endswith("sqlite3") or _lets_wait(config.get("OPTIONS", {})):
        return []
    options = '{"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}'
    text = f"The SQLite database {alias!r} refuses a write while another write or a long read is running."
    return [Warning(text, hint=f"Set OPTIONS: {options}.", id="orgkit.W020")]


def _lets_wait(options: dict[str, Any]) -> bool:
    """Tell whether writers wait for each other and readers do not block them."""
    return options.get("transaction_mode") is not None and "wal" in str(options.get("init_command")).lower()


@register(Tags.database)
def check_missing_indexes(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Say what a database without trigram indexes and indexes on expressions does more slowly."""
    if kit_connection().vendor != "mysql":
        return []
    hint = "Use PostgreSQL if an organization has very many contacts, or silence this message."
    text = "MariaDB and MySQL have no index for a search of contacts: they read all contacts of the organization."
    return [Info(text, hint=hint, id="orgkit.I051")]


@register(Tags.urls)
def check_atomic_requests(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about routes whose requests are transactions: an error response would commit half of the work."""
    if not any(config.get("ATOMIC_REQUESTS") for config in django_settings.DATABASES.values()):
        return []
    hint = "Turn ATOMIC_REQUESTS off, or include ninja_orgkit.urls, whose views are exempt from it."
    return [
        Warning(f"ATOMIC_REQUESTS is on for the routes of the API {name!r}.", hint=hint, id="orgkit.W022")
        for name in _atomic_apis(get_resolver().url_patterns)
    ]


def _atomic_apis(patterns: Any) -> Iterator[str]:
    """Yield the namespace of each ninja API that has our errors and is not exempt from ATOMIC_REQUESTS."""
    for pattern in patterns:
        yield from _atomic_apis(getattr(pattern, "url_patterns", ()))
        view = getattr(pattern, "callback", None)
        # The root of an API is a plain partial, unless it was wrapped to exempt it.
        if isinstance(view, partial) and pattern.name == "api-root":
            api = view.keywords["api"]
            if OrgKitError in api._exception_handlers:
                yield api.urls_namespace
