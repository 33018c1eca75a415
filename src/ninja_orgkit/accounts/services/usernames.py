"""Say which usernames are available."""

from __future__ import annotations

import re
from typing import Any

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.errors import UsernameTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import username_is_taken
from ninja_orgkit.conf import settings
from ninja_orgkit.database.keys import username_key
from ninja_orgkit.database.slugs import random_part
from ninja_orgkit.errors import field_error

_MAX_KEY_LENGTH: Any = Account._meta.get_field("username_key").max_length


def check_username(username: str, *, own: Account | None = None) -> str | None:
    """Return why a username is not available (``invalid``, ``reserved`` or ``taken``), or None if it is available."""
    max_length = min(settings.USERNAME_MAX_LENGTH, host_user.max_username_length())
    key = username_key(username)
    if key in {username_key(name) for name in settings.RESERVED_USERNAMES}:
        return "reserved"
    fits = settings.USERNAME_MIN_LENGTH <= len(username) <= max_length
    fits = fits and len(key or "") <= _MAX_KEY_LENGTH
    if not key or not fits or not re.fullmatch(settings.USERNAME_PATTERN, username):
        return "invalid"
    if own is not None and own.username_key == key:
        return None
    return "taken" if username_is_taken(username, own=own) else None


def require_username(username: str, *, own: Account | None = None) -> None:
    """Raise UsernameTaken or, for an invalid or reserved name, ValidationFailed."""
    match check_username(username, own=own):
        case "taken":
            raise UsernameTaken
        case "reserved":
            raise field_error(["body", "username"], "This username is reserved", "username_reserved")
        case str():
            raise field_error(["body", "username"], "This username is invalid", "username_invalid")


def refuse_username_of_user(user: Any) -> None:
    """Raise UsernameTaken if another user of the host has exactly this name, even without a matching account."""
    if host_user.is_of_another(user, host_user.username_field()):
        raise UsernameTaken


def make_up_username() -> str:
    """Return a random username that fits into the host's column. It tells nothing of the address."""
    return f"user-{random_part()}"[-host_user.max_username_length() :].lstrip("-")
