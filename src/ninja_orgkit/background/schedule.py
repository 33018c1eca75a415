"""The periodic tasks, for ``app.conf.beat_schedule = {**ORGKIT_BEAT_SCHEDULE, …}`` in the host's Celery app."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

_KERNEL = "ninja_orgkit"
_ALL: dict[str, dict[str, Any]] = {
    "orgkit-drain-outbox": {"task": "orgkit.outbox.drain", "schedule": 30.0},
    "orgkit-check-files": {"task": "orgkit.files.check", "schedule": 604800.0},
    "orgkit-purge-receipts": {"task": "orgkit.outbox.purge", "schedule": 86400.0},
    "orgkit-revive-exports": {"task": "orgkit.exports.revive", "schedule": 30.0},
    "orgkit-expire-exports": {"task": "orgkit.exports.expire", "schedule": 3600.0},
    "orgkit-revive-images": {"task": "orgkit.images.revive", "schedule": 3600.0},
    "orgkit-purge-sessions": {"task": "orgkit.accounts.purge_sessions", "schedule": 86400.0},
    "orgkit-purge-registrations": {"task": "orgkit.accounts.purge_registrations", "schedule": 86400.0},
    "orgkit-purge-events": {"task": "orgkit.audit.purge", "schedule": 86400.0},
    "orgkit-purge-protocol": {"task": "orgkit.protocol.purge", "schedule": 3600.0},
    "orgkit-purge-organizations": {"task": "orgkit.organizations.purge_deleted", "schedule": 3600.0},
}
# The second part of a task's name is its app, or else a folder of the kernel.
_OPTIONAL = ("audit", "contacts", "exports", "images", "tags")


class _Schedule(Mapping[str, dict[str, Any]]):
    """The entries of the installed apps."""

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self._entries()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())

    def _entries(self) -> dict[str, dict[str, Any]]:
        # An entry of INSTALLED_APPS may be the path of an AppConfig.
        installed = {item.partition(".apps.")[0] for item in _installed_apps()}
        missing = {app for app in _OPTIONAL if f"{_KERNEL}.{app}" not in installed} if _KERNEL in installed else set()
        return {name: {**entry} for name, entry in _ALL.items() if entry["task"].split(".")[1] not in missing}


def _installed_apps() -> Iterable[str]:
    """Return INSTALLED_APPS, as far as it is known. A Celery app is imported before Django knows its apps."""
    being_imported = sys.modules.get(os.environ.get(ENVIRONMENT_VARIABLE, ""))
    if not django_settings.configured and being_imported is not None:
        # The settings themselves ask. Django would take what they say up to here for all of them.
        return getattr(being_imported, "INSTALLED_APPS", ())
    try:
        return list(django_settings.INSTALLED_APPS)
    except ImproperlyConfigured:
        return ()


ORGKIT_BEAT_SCHEDULE: Mapping[str, dict[str, Any]] = _Schedule()
