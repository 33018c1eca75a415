"""Sign and read the token of an invitation's link. It is not stored, and works only while the invitation does."""

from __future__ import annotations

from uuid import UUID

from django.core import signing

from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.organizations.models import Invitation

_MAX_LENGTH = 255


def mint(invitation: Invitation) -> str:
    """Return the token of an invitation. It is the same each time, so a mail may be sent twice."""
    return _signer().sign(invitation.pk.hex)


def read(token: str) -> UUID:
    """Return the id of the invitation that a token names. Raises InvalidLink."""
    if not token.isascii() or len(token) > _MAX_LENGTH:
        raise InvalidLink
    try:
        return UUID(_signer().unsign(token))
    except (signing.BadSignature, ValueError):
        raise InvalidLink from None


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="orgkit.invitation")
