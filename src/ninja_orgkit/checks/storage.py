"""System checks of the folder that files are stored in."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Tags, Warning, register

from ninja_orgkit.conf import settings


@register(Tags.files)
def check_storage(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about files that are stored in whatever directory a process starts in."""
    if not _is_folder() or _location() or django_settings.MEDIA_ROOT:
        return []
    hint = 'Give the storage OPTIONS: {"location": …}, a folder that no web server serves.'
    return [
        Warning(
            f"The storage {settings.STORAGE!r} has no folder, so files go to the directory that a process starts in.",
            hint=hint,
            id="orgkit.W025",
        )
    ]


@register(Tags.security, deploy=True)
def check_privacy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about private files in a folder that web servers serve."""
    if not _is_folder() or _location() or not django_settings.MEDIA_URL.strip("/"):
        return []
    hint = 'Give the storage OPTIONS: {"location": …}, a folder that no web server serves.'
    return [
        Warning(
            "Private files are stored in MEDIA_ROOT, which web servers commonly serve at MEDIA_URL.",
            hint=hint,
            id="orgkit.W028",
        )
    ]


def _is_folder() -> bool:
    return str(django_settings.STORAGES.get(str(settings.STORAGE), {}).get("BACKEND")).endswith(".FileSystemStorage")


def _location() -> str:
    return str(django_settings.STORAGES[settings.STORAGE].get("OPTIONS", {}).get("location") or "")
