"""Make and read every token of an account: the JWTs of a session, and the signed tokens in mails."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import time
from typing import Any
from uuid import UUID

from django.conf import settings as django_settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from jwt import ExpiredSignatureError
from ninja_jwt.backends import TokenBackend
from ninja_jwt.exceptions import TokenBackendError

from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.models import Account, EmailChange, Session
from ninja_orgkit.conf import settings
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.errors import InvalidLink

_MAX_LENGTH = 4096
_LEEWAY = 1
"""Maximum difference in seconds between the clocks of two servers that accept each other's fresh tokens."""
_NEVER = 2**63
_backend = lru_cache(maxsize=8)(TokenBackend)


@dataclass(frozen=True)
class Claims:
    """The claims of one of our JWTs."""

    sub: str
    sid: UUID
    token_type: str
    gen: int


@dataclass(frozen=True)
class Pair:
    """The two tokens of a session, and when the refresh token expires."""

    access: str
    refresh: str
    expires_at: datetime


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
    """What a mailed token says about an address.

    ``slug`` names the account. ``basis`` is the fingerprint of the account when the token was made, and ``result`` the
    one that it leaves. ``change`` is the key of the change of address, "" for a token that verifies the current one.
    """

    slug: str
    basis: str
    result: str
    change: str = ""

    def can_apply(self, account: Account) -> bool:
        """Tell whether the account is as it was when the token was made."""
        return self.basis in (_address_fingerprint(account), _credentials_fingerprint(account))

    def has_applied(self, account: Account) -> bool:
        """Tell whether the token was already applied to the account."""
        return account.email_verified_at is not None and self.result == _address_fingerprint(account)


def mint_pair(session: Session) -> Pair:
    """Return the tokens of a session in its current generation. The same generation gives the same tokens."""
    now = session.refreshed_at
    base = {"sub": session.account.slug, "sid": str(session.pk), "iat": int(now.timestamp()), "gen": session.gen}
    access = {**base, "token_type": "access", "exp": _epoch(min(now + access_lifetime(), session.expires_at))}
    refresh = {**base, "token_type": "refresh", "exp": _epoch(session.expires_at)}
    return Pair(_encode(access, session), _encode(refresh, session), session.expires_at)


def read_jwt(token: str, *, token_type: str = "") -> Claims:
    """Return the claims of a JWT (of one type, if given). Raises InvalidJwt, genuine for one that has expired."""
    backend = _jwt_backend()
    # Keys from a JWK_URL can be withdrawn at any time.
    read, expires_at = (_verified if backend.jwks_client is None else _verify)(backend, token)
    if expires_at <= time():
        raise InvalidJwt(is_genuine=True)
    if token_type not in ("", read.token_type):
        raise InvalidJwt
    return read


def _verify(backend: TokenBackend, token: str) -> tuple[Claims, float]:
    """Return the claims of a JWT, and when it expires."""
    try:
        claims = backend.decode(token) if len(token) <= _MAX_LENGTH else {}
        read = Claims(claims["sub"], UUID(claims["sid"]), claims["token_type"], claims["gen"])
        expires_at = int(claims.get("exp", _NEVER)) + backend.get_leeway().total_seconds()
    except TokenBackendError as exc:
        # The signature is verified before the time.
        raise InvalidJwt(is_genuine=isinstance(exc.__context__, ExpiredSignatureError)) from None
    except (UnicodeError, KeyError, ValueError, TypeError, AttributeError):
        raise InvalidJwt from None
    typed = isinstance(read.sub, str) and type(read.gen) is int
    if not typed or read.token_type not in ("access", "refresh"):
        raise InvalidJwt
    return read, expires_at


_verified = lru_cache(maxsize=1024)(_verify)
"""Clients send the same token until it expires. Only time changes what was found; an error is not kept."""


def access_lifetime() -> timedelta:
    """Return how long an access token works."""
    return _jwt_settings().get("ACCESS_TOKEN_LIFETIME", settings.ACCESS_TOKEN_LIFETIME)  # type: ignore[no-any-return]


def refresh_lifetime() -> timedelta:
    """Return how long a session lasts without a refresh."""
    return _jwt_settings().get("REFRESH_TOKEN_LIFETIME", settings.REFRESH_TOKEN_LIFETIME)  # type: ignore[no-any-return]


def fingerprint(*parts: str | None) -> str:
    """Return a short keyed hash of the values that a token depends on."""
    text = "\x1f".join(part or "" for part in parts)
    return salted_hmac("orgkit.fingerprint", text, algorithm="sha256").hexdigest()[:32]


def mint_reset(account: Account) -> str:
    """Return the token of a password-reset link. It works until the password or the address changes."""
    return _sign("reset", account.slug, _credentials_fingerprint(account))


def read_reset_token(token: str) -> ResetToken:
    """Return what a password-reset token says. Raises InvalidLink."""
    return ResetToken(*_unsign("reset", token, settings.RESET_TOKEN_LIFETIME, parts=2))


def mint_verification(account: Account) -> str:
    """Return the token that verifies the current address."""
    return _sign("verify", account.slug, _address_fingerprint(account))


def mint_email_change(change: EmailChange) -> str:
    """Return the token that changes the address. It works until the current address or the password changes."""
    account, key = change.account, email_key(change.email)
    result = fingerprint(key, str(account.email_changes + (key != email_key(account.email))))
    return _sign("change", account.slug, _credentials_fingerprint(account), result, change.pk.hex)


def read_email_token(token: str) -> EmailToken:
    """Return what a mailed token says about an address. Raises InvalidLink."""
    with suppress(InvalidLink):
        slug, address = _unsign("verify", token, settings.VERIFICATION_TOKEN_LIFETIME, parts=2)
        return EmailToken(slug, address, address)
    return EmailToken(*_unsign("change", token, settings.EMAIL_CHANGE_TOKEN_LIFETIME, parts=4))


def _address_fingerprint(account: Account) -> str:
    """Return the fingerprint of the current address. It differs each time that an address comes back."""
    return fingerprint(email_key(account.email), str(account.email_changes))


def _credentials_fingerprint(account: Account) -> str:
    """Return the fingerprint of the current password and address. It differs each time that the password is set."""
    return fingerprint(str(account.password_changes), _address_fingerprint(account))


def _sign(purpose: str, *parts: str) -> str:
    return _signer(purpose).sign_object(list(parts))


def _signer(purpose: str) -> signing.TimestampSigner:
    # This separator needs no escaping in a URL.
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
    # A generation always has the same id, so a token that is made again is the same token.
    jti = salted_hmac("orgkit.jti", f"{session.pk}.{session.gen}.{claims['token_type']}", algorithm="sha256")
    return str(_jwt_backend().encode({**claims, "jti": jti.hexdigest()[:32]}))


def _jwt_backend() -> TokenBackend:
    """Return the backend that the host's ``NINJA_JWT`` currently asks for. It ignores environment variables."""
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
    """Return a key that only JWTs use, so that nothing else signed with ``SECRET_KEY`` works as a token."""
    return salted_hmac("orgkit.jwt", "signing key", secret=secret, algorithm="sha256").hexdigest()


def _jwt_settings() -> dict[str, Any]:
    return {**getattr(django_settings, "NINJA_JWT", {}), **settings.JWT}


def _epoch(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
