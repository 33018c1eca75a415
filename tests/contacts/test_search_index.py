"""The index behind the search, on PostgreSQL."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database import search_index
from ninja_orgkit.organizations.models import Organization

migration: Any = import_module("ninja_orgkit.contacts.migrations.0002_search_index")


def definition() -> str:
    """Return the SQL of the index, empty when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [migration.NAME])
        found = cursor.fetchone()
    return str(found[0]) if found else ""


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_search_has_a_trigram_index_with_the_organization() -> None:
    assert "USING gin (organization_id, search_text gin_trgm_ops)" in definition()


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_search_can_use_the_index() -> None:
    organization = Organization.objects.create(name="Acme", slug="acme")
    contacts = [Contact(organization=organization, display_name=f"Name {number:06x}") for number in range(3000)]
    for contact in contacts:
        contact.derive()
    Contact.objects.bulk_create(contacts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orgkit_contacts_contact")
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read faster than an index
        cursor.execute("SET LOCAL enable_indexscan = off")
    assert migration.NAME in Contact.objects.filter(search_text__contains="000abc").order_by("display_sort").explain()


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(("missing", "expected"), [("btree_gin", "gin (search_text gin_trgm_ops)"), ("pg_trgm", "")])
def test_a_server_without_an_extension_gets_a_simpler_index_or_none(
    monkeypatch: pytest.MonkeyPatch, missing: str, expected: str
) -> None:
    renamed = [
        (tuple("no_such_extension" if name == missing else name for name in extensions), columns)
        for extensions, columns in search_index.ATTEMPTS
    ]
    monkeypatch.setattr(search_index, "ATTEMPTS", renamed)
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.create(apps, editor)
    assert definition().endswith(expected)
    assert Contact.objects.filter(search_text__contains="x").count() == 0
