"""Let the tests of a host use the database of the kit, which need not be the default one."""

from __future__ import annotations

import pytest

from ninja_orgkit.database.alias import kit_alias


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the database for each test that does not."""
    if (alias := kit_alias()) != "default":
        for item in items:
            if item.get_closest_marker("django_db") is None:
                item.add_marker(pytest.mark.django_db(databases=[alias]))
