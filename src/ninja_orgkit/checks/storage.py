"""System checks of where files are kept."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Tags, Warning, register

from ninja_orgkit.conf import settings


@register(Tags.files)
def check_storage(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of files that are kept wherever a process happens to start."""
    if not _is_folder() or _location() or django_settings.MEDIA_ROOT:
        return []
    hint = 'Give the storage OPTIONS: {"location": …}, a folder that no web server hands out.'
    return [
        Warning(
            f"The storage {settings.STORAGE!r} has no folder: files go where the process was started.",
            hint=hint,
            id="orgkit.W025",
        )
    ]


@register(Tags.security, deploy=True)
def check_privacy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of private files in a folder that web servers hand out."""
    if not _is_folder() or _location() or not django_settings.MEDIA_URL.strip("/"):
        return []
    hint = 'Give the storage OPTIONS: {"location": …}, a folder that no web server hands out.'
    return [
        Warning(
            "Private files lie in MEDIA_ROOT, which web servers commonly hand out below MEDIA_URL.",
            hint=hint,
            id="orgkit.W028",
        )
    ]


def _is_folder() -> bool:
    return str(django_settings.STORAGES.get(str(settings.STORAGE), {}).get("BACKEND")).endswith(".FileSystemStorage")


def _location() -> str:
    return str(django_settings.STORAGES[settings.STORAGE].get("OPTIONS", {}).get("location") or "")
