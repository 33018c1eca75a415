"""A database router for hosts whose users are not in the database ``default``."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models, router

from ninja_orgkit.database.alias import kit_alias


class WithUserModel:
    """Sends the tables of the kit to the database of the user model.

    Put it into ``DATABASE_ROUTERS`` if your own routers do not name the apps of the kit.
    """

    def db_for_read(self, model: type[models.Model], **_hints: Any) -> str | None:
        """Return where the user model is read from, for a model of the kit."""
        return router.db_for_read(get_user_model()) if _is_ours(model._meta.app_label) else None

    def db_for_write(self, model: type[models.Model], **_hints: Any) -> str | None:
        """Return where the user model is written to, for a model of the kit."""
        return kit_alias() if _is_ours(model._meta.app_label) else None

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool | None:
        """Create the tables of the kit in the database of the user model only."""
        return db == kit_alias() if _is_ours(app_label) else None


def _is_ours(app_label: str) -> bool:
    config = apps.app_configs.get(app_label)
    return config is not None and config.name.partition(".")[0] == "ninja_orgkit"
