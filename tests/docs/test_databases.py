"""The examples of the guide of databases do what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.checks.messages import found_by_id
from tests.docs.pages import DOCS, blocks

GUIDE = DOCS / "guides" / "databases.md"
SETTINGS = [text for text in blocks(GUIDE, "python") if "DATABASES" in text]


def test_the_guide_has_settings_for_each_engine() -> None:
    engines = [text.partition("django.db.backends.")[2].partition('"')[0] for text in SETTINGS]
    assert engines == ["sqlite3", "postgresql", "mysql"]


@pytest.mark.parametrize("text", SETTINGS, ids=["sqlite", "postgresql", "mysql"])
def test_settings_of_the_guide_pass_the_checks(settings: Any, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    names: dict[str, Any] = {"BASE_DIR": Path("/srv/shop"), "os": os}
    exec(text, names)
    monkeypatch.setitem(settings.DATABASES, "default", names["DATABASES"]["default"])
    assert found_by_id() == {}


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_index_of_a_search_can_be_added_later_as_the_guide_shows() -> None:
    (text,) = (text for text in blocks(GUIDE, "sql") if "orgkit_contacts_search" in text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'orgkit_contacts_search'")
        migrated = cursor.fetchone()
        cursor.execute("DROP INDEX orgkit_contacts_search")
        cursor.execute(text)
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'orgkit_contacts_search'")
        assert cursor.fetchone() == migrated
    assert found_by_id(databases=["default"]) == {}
