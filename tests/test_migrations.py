"""Migrations know no more of a host than the kit does."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

LABELS = [app.label for app in apps.get_app_configs() if app.name.partition(".")[0] == "ninja_orgkit"]


def test_no_model_has_a_change_without_a_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True)


@pytest.mark.parametrize("label", LABELS)
def test_migrations_depend_only_on_the_kit_content_types_and_the_user_model(label: str) -> None:
    migrations = MigrationLoader(None).disk_migrations
    asked = {
        getattr(dependency, "setting", dependency[0])
        for key, found in migrations.items()
        if key[0] == label
        for dependency in found.dependencies
    }
    assert asked <= {*LABELS, "contenttypes", settings.AUTH_USER_MODEL}


def test_the_user_model_is_migrated_before_accounts() -> None:
    accounts = MigrationLoader(None).disk_migrations["orgkit_accounts", "0001_initial"]
    assert settings.AUTH_USER_MODEL in [getattr(dependency, "setting", None) for dependency in accounts.dependencies]


@pytest.mark.slow
def test_every_migration_can_be_reversed_and_applied_again(transactional_db: None) -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    for label in ("shop", *reversed(LABELS)):
        call_command("migrate", label, "zero", verbosity=0)
    left = [name for name in connection.introspection.table_names() if name.startswith(("orgkit_", "shop_"))]
    call_command("migrate", verbosity=0)
    assert left == []
    assert not MigrationExecutor(connection).migration_plan(latest)
