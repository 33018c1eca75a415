"""What an event tells of a change: plain values, without secrets and long texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.files.base import File
from django.db import models

from ninja_orgkit.audit.describing import describe

TEXTS = frozenset({"about", "location", "notes", "description", "custom"})
"""Fields of which an event tells only that they changed."""

_SECRET = re.compile("password|token|secret|digest|hash")
_MAX_LENGTH = 1000


def shown_changes(changes: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, Any]]:
    """Return changes as an event holds them. Secrets and long texts become ``{"old": None, "new": None}``."""
    return {name: _shown(name, change) for name, change in (changes or {}).items()}


def _shown(name: str, change: Mapping[str, Any]) -> dict[str, Any]:
    if name in TEXTS or _SECRET.search(name):
        return {"old": None, "new": None}
    return {side: _plain(change.get(side)) for side in ("old", "new")}


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case File():
            return None  # the name of a stored file is nobody's business
        case models.Model():
            return describe(value).id
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted(str(item) for item in value)
        case list() | tuple():
            return [_plain(item) for item in value]
    text = str(value)
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"
