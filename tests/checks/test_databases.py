"""A database that does something more slowly, or locks otherwise, is reported."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from psycopg import IsolationLevel

from ninja_orgkit.database.alias import kit_connection
from tests.checks.messages import found_by_id


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_search_without_an_index_is_reported_on_postgresql() -> None:
    assert found_by_id(databases=["default"]) == {}
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX orgkit_contacts_search")
    assert "pg_trgm" in found_by_id(databases=["default"])["orgkit.I090"]
    assert found_by_id() == {}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE orgkit_contacts_contact CASCADE")  # as before the first migration
    assert found_by_id(databases=["default"]) == {}


def test_a_search_without_an_index_is_reported_on_mariadb_and_mysql(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = []
    reported = found_by_id().get("orgkit.I051", "")
    assert ("MariaDB and MySQL" in reported) == (kit_connection().vendor == "mysql")


@pytest.mark.parametrize("level", ["repeatable read", "SERIALIZABLE", IsolationLevel.REPEATABLE_READ, None], ids=repr)
@pytest.mark.parametrize("engine", ["mysql", "postgresql"])
def test_another_isolation_level_gets_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch, engine: str, level: Any
) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", _with_level(engine, level))
    # PostgreSQL's default is right, MySQL's is not.
    assert ("orgkit.W091" in found_by_id()) == ((engine, level) != ("postgresql", None))


@pytest.mark.parametrize("level", ["read committed", "READ COMMITTED", IsolationLevel.READ_COMMITTED, 2], ids=repr)
@pytest.mark.parametrize("engine", ["mysql", "postgresql", "sqlite3"])
def test_the_usual_isolation_level_passes(
    settings: Any, monkeypatch: pytest.MonkeyPatch, engine: str, level: Any
) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", _with_level(engine, level))
    assert "orgkit.W091" not in found_by_id()
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": f"django.db.backends.{engine}", "NAME": "x"})
    assert "orgkit.W091" not in found_by_id()


def _with_level(engine: str, level: Any) -> dict[str, Any]:
    return {"ENGINE": f"django.db.backends.{engine}", "NAME": "x", "OPTIONS": {"isolation_level": level}}
