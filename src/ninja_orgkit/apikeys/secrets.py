"""The text of an API key, and the two things that are kept of it."""

from __future__ import annotations

import hashlib
import re
import secrets

from ninja_orgkit.accounts.authentication import KEY_PREFIX

_BYTES = 32
_SHAPE = re.compile(rf"{KEY_PREFIX}[A-Za-z0-9_-]{{43}}")


def new_key() -> str:
    """Return a new key: ``ok_`` and 43 characters, which hold 256 random bits."""
    return f"{KEY_PREFIX}{secrets.token_urlsafe(_BYTES)}"


def is_key(text: str) -> bool:
    """Tell whether a text has the form of a key."""
    return _SHAPE.fullmatch(text) is not None


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal. A key cannot be guessed, so it needs no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()
