"""The only place that mints or reads tokens: JWTs of a session, and the signed tokens in mails."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings as django_settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from ninja_jwt.backends import TokenBackend
from ninja_jwt.exceptions import TokenBackendError

from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.conf import settings
from ninja_orgkit.database.keys import email_key
from ninja_orgkit.errors import InvalidLink

_MAX_LENGTH = 4096
_LEEWAY = 1
"""Seconds by which the clocks of two servers may differ before one refuses what the other has just signed."""
_backend = lru_cache(maxsize=8)(TokenBackend)


@dataclass(frozen=True)
class Claims:
    """What a valid JWT of ours says. ``gen`` is None in an access token."""

    sub: str
    sid: UUID
    token_type: str
    gen: int | None


@dataclass(frozen=True)
class Pair:
    """The two tokens of a session."""

    access: str
    refresh: str


@dataclass(frozen=True)
class ResetToken:
    """What a password-reset token says: whose password to set, and the credentials that it was made for."""

    slug: str
    basis: str

    def can_apply(self, account: Account) -> bool:
        """Tell whether the account still has the password and the address that the token was made for."""
        return constant_time_compare(self.basis, _credentials_fingerprint(account))


@dataclass(frozen=True)
class EmailToken:
    """What a mailed token does to an address: whose, to which one, on which basis, and what it leaves behind."""

    slug: str
    email: str
    basis: str
    result: str

    def can_apply(self, account: Account) -> bool:
        """Tell whether the account is as it was when the token was minted."""
        return self.basis in (_address_fingerprint(account), _credentials_fingerprint(account))

    def has_applied(self, account: Account) -> bool:
        """Tell whether the account is as the token leaves it."""
        return account.email_verified_at is not None and self.result == _address_fingerprint(account)


def mint_pair(session: Session) -> Pair:
    """Return the tokens of a session in its present generation: the same ones each time within a second."""
    now = session.refreshed_at
    base = {"sub": session.account.slug, "sid": str(session.pk), "iat": int(now.timestamp())}
    access = {**base, "token_type": "access", "exp": _epoch(min(now + access_lifetime(), session.expires_at))}
    refresh = {**base, "token_type": "refresh", "exp": _epoch(session.expires_at), "gen": session.gen}
    return Pair(_encode(access, session), _encode(refresh, session))


def read_jwt(token: str, *, token_type: str = "") -> Claims:
    """Return the claims of a JWT (of one type, if given). Raises InvalidJwt."""
    try:
        claims = _jwt_backend().decode(token) if len(token) <= _MAX_LENGTH else {}
        read = Claims(claims["sub"], UUID(claims["sid"]), claims["token_type"], claims.get("gen"))
    except (TokenBackendError, UnicodeError, KeyError, ValueError, TypeError, AttributeError):
        raise InvalidJwt from None
    typed = isinstance(read.sub, str) and (read.token_type == "access" or type(read.gen) is int)
    if not typed or read.token_type not in ("access", "refresh") or token_type not in ("", read.token_type):
        raise InvalidJwt
    return read


def access_lifetime() -> timedelta:
    """Return how long an access token works."""
    return _jwt_settings().get("ACCESS_TOKEN_LIFETIME", settings.ACCESS_TOKEN_LIFETIME)  # type: ignore[no-any-return]


def refresh_lifetime() -> timedelta:
    """Return how long a session lives without a refresh."""
    return _jwt_settings().get("REFRESH_TOKEN_LIFETIME", settings.REFRESH_TOKEN_LIFETIME)  # type: ignore[no-any-return]


def fingerprint(*parts: str | None) -> str:
    """Return a short keyed hash of what a token or session depends on."""
    text = "\x1f".join(part or "" for part in parts)
    return salted_hmac("orgkit.fingerprint", text, algorithm="sha256").hexdigest()[:32]


def mint_reset(account: Account) -> str:
    """Return the token of a password-reset link. It dies with the password and the address that it was made for."""
    return _sign("reset", account.slug, _credentials_fingerprint(account))


def read_reset_token(token: str) -> ResetToken:
    """Return what a password-reset token says. Raises InvalidLink."""
    return ResetToken(*_unsign("reset", token, settings.RESET_TOKEN_LIFETIME, parts=2))


def mint_verification(account: Account) -> str:
    """Return the token that proves the present address."""
    address = _address_fingerprint(account)
    return _sign("verify", account.slug, account.email, address, address)


def mint_email_change(account: Account, email: str) -> str:
    """Return the token that proves a new address. It dies with the present one, and with the password."""
    changes = account.email_changes + (email_key(email) != email_key(account.email))
    result = fingerprint(email_key(email), str(changes))
    return _sign("change", account.slug, email, _credentials_fingerprint(account), result)


def read_email_token(token: str) -> EmailToken:
    """Return what a token does to an address. Raises InvalidLink."""
    with suppress(InvalidLink):
        return EmailToken(*_unsign("verify", token, settings.VERIFICATION_TOKEN_LIFETIME, parts=4))
    return EmailToken(*_unsign("change", token, settings.EMAIL_CHANGE_TOKEN_LIFETIME, parts=4))


def _address_fingerprint(account: Account) -> str:
    """Return what stands for the present address; it is another one when an address comes back."""
    return fingerprint(email_key(account.email), str(account.email_changes))


def _credentials_fingerprint(account: Account) -> str:
    return fingerprint(account.user.password, _address_fingerprint(account))


def _sign(purpose: str, *parts: str) -> str:
    return _signer(purpose).sign_object(list(parts))


def _signer(purpose: str) -> signing.TimestampSigner:
    # With a separator that stands in a URL as it is.
    return signing.TimestampSigner(sep=".", salt=f"orgkit.{purpose}")


def _unsign(purpose: str, token: str, lifetime: timedelta, *, parts: int) -> list[str]:
    if not token.isascii() or len(token) > _MAX_LENGTH:
        raise InvalidLink
    try:
        read: list[str] = _signer(purpose).unsign_object(token, max_age=lifetime)
    except (signing.BadSignature, ValueError):
        raise InvalidLink from None
    if len(read) != parts:
        raise InvalidLink
    return read


def _encode(claims: dict[str, Any], session: Session) -> str:
    # The same generation always has the same id, so a token that is minted again is the same token.
    jti = salted_hmac("orgkit.jti", f"{session.pk}.{session.gen}.{claims['token_type']}", algorithm="sha256")
    return str(_jwt_backend().encode({**claims, "jti": jti.hexdigest()[:32]}))


def _jwt_backend() -> TokenBackend:
    """Return the backend as the host's ``NINJA_JWT`` wants it now. Environment variables have no say."""
    chosen = _jwt_settings()
    return _backend(
        chosen.get("ALGORITHM", "HS256"),
        chosen.get("SIGNING_KEY") or _default_key(django_settings.SECRET_KEY),
        chosen.get("VERIFYING_KEY") or "",
        chosen.get("AUDIENCE"),
        chosen.get("ISSUER"),
        chosen.get("JWK_URL"),
        chosen.get("LEEWAY", _LEEWAY),
    )


@lru_cache(maxsize=4)
def _default_key(secret: str) -> str:
    """Return a key of its own, so that nothing else signed with ``SECRET_KEY`` is a token."""
    return salted_hmac("orgkit.jwt", "signing key", secret=secret, algorithm="sha256").hexdigest()


def _jwt_settings() -> dict[str, Any]:
    return {**getattr(django_settings, "NINJA_JWT", {}), **settings.JWT}


def _epoch(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
