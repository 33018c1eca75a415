"""System checks of the databases."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
def check_missing_indexes(
    app_configs: Any, databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Say what a database without trigram indexes and indexes on expressions does more slowly."""
    connection = kit_connection()
    if connection.vendor == "mysql":
        hint = "Use PostgreSQL if an organization has very many contacts, or silence this message."
        text = (
            "MariaDB and MySQL have no index for a search of contacts, nor for the contacts of a rare tag: "
            "they read all contacts of the organization."
        )
        return [Info(text, hint=hint, id="orgkit.I051")]
    if connection.vendor != "postgresql" or connection.alias not in (databases or ()) or _has_search_index():
        return []
    hint = (
        "Install the extensions pg_trgm and btree_gin, and create the index as the guide of databases shows, "
        "or silence this message."
    )
    text = "PostgreSQL has no index for a search of contacts: it reads all contacts of the organization."
    return [Info(text, hint=hint, id="orgkit.I090")]


def _has_search_index() -> bool:
    """Tell whether contacts have the index that their migration creates, or no table yet."""
    if not apps.is_installed("ninja_orgkit.contacts"):
        return True
    with kit_connection().cursor() as cursor:
        cursor.execute("SELECT to_regclass('orgkit_contacts_contact'), to_regclass('orgkit_contacts_search')")
        table, index = cursor.fetchone()
    return table is None or index is not None


@register(Tags.database)
def check_isolation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about transactions that fail, or see old rows, where others change the same rows."""
    alias = kit_alias()
    config = django_settings.DATABASES[alias]
    if not config.get("ENGINE", "").endswith(("postgresql", "mysql")):
        return []
    level = config.get("OPTIONS", {}).get("isolation_level", "read committed")
    if level is None and config["ENGINE"].endswith("postgresql"):
        return []
    # psycopg has a name and a number for each level.
    name = str(getattr(level, "name", level)).lower().replace("_", " ")
    if name in ("read committed", "2"):
        return []
    text = f"The isolation level of the database {alias!r} is not READ COMMITTED, for which the kit locks its rows."
    hint = "Leave isolation_level out of OPTIONS. Requests that change the same rows at once fail otherwise."
    return [Warning(text, hint=hint, id="orgkit.W091")]


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
