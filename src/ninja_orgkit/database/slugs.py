"""Public slugs: readable, not guessable where that matters, and made without a look-up."""

from __future__ import annotations

import base64
import secrets
import unicodedata

from django.utils.text import slugify

NAME_LENGTH = 40


def random_part(length: int = 8) -> str:
    """Return ``length`` (at most 8) random characters of the lower-case base-32 alphabet (RFC 4648, section 6)."""
    return base64.b32encode(secrets.token_bytes(5)).decode("ascii").lower()[:length]


def name_slug(name: str, *, length: int = NAME_LENGTH) -> str:
    """Return the slug of a name, with the letters of every script. It is empty when no character can stay."""
    kept = slugify(unicodedata.normalize("NFKC", name), allow_unicode=True)
    # Normalise again: two characters compose once what stood between them is gone.
    return unicodedata.normalize("NFKC", kept)[:length].strip("-_")


def public_slug(name: str, *, prefix: str) -> str:
    """Return the slug of a new object: its name, then 40 random bits. ``prefix`` takes the place of an empty name.

    No look-up is needed, so a slug is made just as fast when many objects share a name, and reveals nothing about other
    tenants.
    """
    return f"{name_slug(name) or prefix}-{random_part()}"
