"""Public slugs: readable, unguessable where they must be, and made without a look-up."""

from __future__ import annotations

import base64
import secrets
import unicodedata

from django.utils.text import slugify

NAME_LENGTH = 40


def random_part(length: int = 8) -> str:
    """Return ``length`` (at most 8) random characters of the lower-case base-32 alphabet (RFC 4648)."""
    return base64.b32encode(secrets.token_bytes(5)).decode("ascii").lower()[:length]


def name_slug(name: str, *, length: int = NAME_LENGTH) -> str:
    """Return the slug of a name, letters of every script kept; empty when nothing of it can stay."""
    kept = slugify(unicodedata.normalize("NFKC", name), allow_unicode=True)
    # Once more: what stood between two characters that compose may be gone now.
    return unicodedata.normalize("NFKC", kept)[:length].strip("-_")


def public_slug(name: str, *, kind: str) -> str:
    """Return the slug of a new object: its name (or its kind, when that is empty) and 40 random bits.

    It needs no look-up, so it neither slows down with many objects of one name nor tells of other tenants.
    """
    return f"{name_slug(name) or kind}-{random_part()}"
