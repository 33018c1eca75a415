"""Where the tables of the host are."""

from __future__ import annotations

from typing import Any

from django.db import models

_APPS = {"admin", "auth", "contenttypes", "django_celery_results", "sessions", "shop"}


class People:
    """Sends every app that the host names to one database."""

    def db_for_read(self, model: type[models.Model], **_hints: Any) -> str | None:
        return "people" if model._meta.app_label in _APPS else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool | None:
        return db == "people" if app_label in _APPS else None
