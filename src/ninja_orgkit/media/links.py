"""Signed, short-lived links to stored files.

A token holds the stored name, which is random, what to call the file, and the time window in which it was made. It is
the same for everybody during that window, so that browsers can cache the file, and it works until the end of the next
window.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import NamedTuple

from django.core import signing

from ninja_orgkit.conf import settings
from ninja_orgkit.errors import NotFound

_SALT = "ninja_orgkit.media"
_SEPARATOR = "."
_FILENAME_FOLLOWS = "\0"  # no name has this character
_MAX_TOKEN_LENGTH = 4096  # two names of up to 255 characters, of up to four bytes each, in Base64


class MediaLink(NamedTuple):
    """What a token gives access to: a stored name, for how many more seconds, and what to call the file."""

    name: str
    seconds: int
    filename: str


def named_file(name: str, filename: str) -> str:
    """Return a stored name that carries what to call the file. A link that is made of it tells browsers."""
    return f"{name}{_FILENAME_FOLLOWS}{filename}" if filename else name


def window(now: datetime | None = None) -> int:
    """Return the number of the current window. The URLs of files change with it, and so do ETags."""
    return int(_timestamp(now) // settings.MEDIA_URL_WINDOW.total_seconds())


def _timestamp(now: datetime | None) -> float:
    return time.time() if now is None else now.timestamp()


def media_token(name: str, *, now: datetime | None = None) -> str:
    """Return the signed, URL-safe token of a stored file."""
    return _signer().sign(f"{window(now):x}-{signing.b64_encode(name.encode()).decode()}")


def resolve(token: str, *, now: datetime | None = None) -> MediaLink:
    """Return what a token gives access to. Raises NotFound when it is malformed, forged or expired."""
    if len(token) > _MAX_TOKEN_LENGTH or not token.isascii():
        raise NotFound
    try:
        made, _, encoded = _signer().unsign(token).partition("-")
        name, _, filename = signing.b64_decode(encoded.encode()).decode().partition(_FILENAME_FOLLOWS)
        expires = (int(made, 16) + 2) * settings.MEDIA_URL_WINDOW.total_seconds()
    except (signing.BadSignature, ValueError):
        raise NotFound from None
    seconds = int(expires - _timestamp(now))
    if seconds <= 0:
        raise NotFound
    return MediaLink(name, seconds, filename)


def _signer() -> signing.Signer:
    return signing.Signer(sep=_SEPARATOR, salt=_SALT)
