"""Sign and read links to an archive. Each link is bound to the account that receives it, or to its API key.

A token names the account, the job, and the key if there is one. It works until the job expires, so the token itself is
not stored.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.core import signing

from ninja_orgkit.errors import NotFound
from ninja_orgkit.protocol.fields import LOWER_UUID

DOWNLOAD = "orgkit-export-download"
"""The URL name of the route for downloads."""

DOWNLOAD_PATH = "/exports/download"
"""Where that route is below ``API_URL``, for the links in mails."""

_SALT = "ninja_orgkit.exports"
_MAX_LENGTH = 512


def download_link(url: str, *, job: str, account: str, key: str | None = None) -> str:
    """Return an account's URL of an archive, or that of its API key. ``url`` is that of the route for downloads."""
    token = signing.Signer(sep=".", salt=_SALT).sign_object([account, job, *([key] if key else [])])
    return f"{url}?{urlencode({'token': token})}"


def read_token(token: str) -> tuple[str, str, str | None]:
    """Return the job, the account and the API key of a token. Raises NotFound for a malformed or manipulated token."""
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise NotFound
    try:
        account, job, *key = signing.Signer(sep=".", salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound from None
    if not all(isinstance(part, str) and LOWER_UUID.fullmatch(part) for part in (job, *key)):
        raise NotFound
    return job, account, key[0] if key else None
