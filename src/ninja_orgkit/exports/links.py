"""Links to an archive: signed, and bound to the account to whom they are given.

A token names the account and the job. How long it works is the job's own time, so nothing of it is stored.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.core import signing

from ninja_orgkit.errors import NotFound
from ninja_orgkit.protocol.fields import LOWER_UUID

_SALT = "ninja_orgkit.exports"
_MAX_LENGTH = 512


def download_link(base_url: str, *, job: str, account: str) -> str:
    """Return an account's URL of an archive; ``base_url`` is where the API is mounted, without a slash at its end."""
    token = signing.Signer(sep=".", salt=_SALT).sign_object([account, job])
    return f"{base_url}/exports/download?{urlencode({'token': token})}"


def read_token(token: str) -> tuple[str, str]:
    """Return job and account of a token. Raises NotFound for one that is malformed or tampered with."""
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise NotFound
    try:
        account, job = signing.Signer(sep=".", salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound from None
    if not isinstance(job, str) or not LOWER_UUID.fullmatch(job):
        raise NotFound
    return job, account
