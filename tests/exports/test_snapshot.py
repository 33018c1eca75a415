"""All rows of an archive come from one snapshot."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.tags.services import assign_tags
from tests.exports.actions import create_contact, export_kind, replace_rows
from tests.exports.conftest import Export
from tests.org import Org


@pytest.mark.django_db(transaction=True)
def test_a_deletion_during_an_export_neither_waits_nor_leaves_dangling_references(
    org: Org, isolated_registry: None, export: Export, tmp_path: Path
) -> None:
    assign_tags(create_contact(org, display_name="Ann"), ["VIP"])
    tags_of = export_kind("tags").rows
    waited = []

    def delete_contact() -> None:
        try:
            Contact.objects.all().delete()
        finally:
            connection.close()

    def rows(organization: Any) -> Any:
        """Let somebody delete the contact between the rows that were read before and those that follow."""
        list(tags_of(organization))
        began = time.monotonic()
        somebody = threading.Thread(target=delete_contact)
        somebody.start()
        somebody.join(15)
        waited.append(time.monotonic() - began)
        return tags_of(organization)

    replace_rows("tags", rows)
    archive = export()
    assert max(waited) < 5
    assert not Contact.objects.exists()
    contacts = {row["slug"] for row in archive.rows("contacts")}
    assert len(contacts) == 1
    assert {row["obj_id"] for row in archive.rows("tag_assignments")} == contacts
    assert len(archive.rows("tags")) == 1
