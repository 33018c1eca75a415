"""Sign and read the token of an invitation's link. It is not stored, and works only while the invitation does."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.core import signing

from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.organizations.models import Invitation

_MAX_LENGTH = 255


class Link(NamedTuple):
    """What a token names: an invitation, and how often it had been resent when the token was made."""

    invitation: UUID
    resends: int


def mint(invitation: Invitation) -> str:
    """Return the token of an invitation. It stays the same until the invitation is resent, so a mail may go twice."""
    return _signer().sign(f"{invitation.pk.hex}-{invitation.resends}")


def read(token: str) -> Link:
    """Return what a token names. Raises InvalidLink."""
    if not token.isascii() or len(token) > _MAX_LENGTH:
        raise InvalidLink
    try:
        invitation, _, resends = _signer().unsign(token).partition("-")
        return Link(UUID(invitation), int(resends))
    except (signing.BadSignature, ValueError):
        raise InvalidLink from None


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="orgkit.invitation")
