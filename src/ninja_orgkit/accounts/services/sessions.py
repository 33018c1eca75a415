"""Start sessions by signing in, refresh them, and end them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import EmailNotVerified, InvalidCredentials, InvalidJwt
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.selectors import account_by_login
from ninja_orgkit.conf import settings
from ninja_orgkit.database.prepared import Parameter, Prepared

_MAX_ADDRESS_LENGTH = 45

_live = Prepared(
    lambda: Session.objects.select_related("account__user").filter(
        pk=Parameter("sid", Session._meta.pk),
        account__slug=Parameter("sub", Account._meta.get_field("slug")),
        expires_at__gt=Parameter("now", Session._meta.get_field("expires_at")),
        password_changes=F("account__password_changes"),
    )
)


def sign_in(*, login: str, password: str, device: str = "", address: str = "") -> tuple[Account, tokens.Pair]:
    """Start a session for the account with this e-mail address or username.

    Raises InvalidCredentials, after the same amount of work, for an unknown account, a wrong password and an inactive
    user. Raises EmailNotVerified only after the right password.
    """
    account = account_by_login(login)
    if account is None:
        make_password(password)  # as much work as checking one
        raise InvalidCredentials
    user = authenticate(username=account.user.get_username(), password=password)
    if user is None or user.pk != account.pk:
        raise InvalidCredentials
    if settings.EMAIL_VERIFICATION == "mandatory" and account.email_verified_at is None:
        raise EmailNotVerified
    try:
        return account, begin_session(account, device=device, address=address)
    except IntegrityError:  # the account has just been deleted
        raise InvalidCredentials from None


def begin_session(account: Account, *, device: str = "", address: str = "") -> tokens.Pair:
    """Create a session for an account and return its tokens."""
    now = timezone.now()
    session = Session(
        account=account,
        password_changes=account.password_changes,
        device=device,
        address=address[:_MAX_ADDRESS_LENGTH],  # a proxy may call its client anything
        created_at=now,
        refreshed_at=now,
        last_used_at=now,
        expires_at=_expiry(now, now),
    )
    session.save(force_insert=True)
    return tokens.mint_pair(session)


def live_session(token: str, *, token_type: str = "") -> Session:
    """Return the session of a JWT with its account and user, in one statement.

    Raises InvalidJwt if the session is gone or has expired, if the user is inactive or has a new password, and if a
    refresh token was already used.
    """
    claims = tokens.read_jwt(token, token_type=token_type)
    session = _usable(claims)
    if claims.token_type == "refresh" and claims.gen != session.gen:
        raise InvalidJwt
    return session


def refresh(token: str) -> tokens.Pair:
    """Exchange a refresh token for its successor.

    Within ``REFRESH_GRACE`` after an exchange the token gets the same successor again, and older ones are refused
    without effect: a browser's other tabs may still hold them. After that, the use of an exchanged token ends the
    session, because somebody else may hold its successor. A token from before a password change is refused without
    effect: only somebody who knew the password has its successor. Raises InvalidJwt.
    """
    claims = tokens.read_jwt(token, token_type="refresh")
    session = _usable(claims)
    if session.gen == claims.gen:
        now = timezone.now()
        session.refreshed_at = session.last_used_at = now
        session.expires_at = _expiry(session.created_at, now)
        if _rotate(session):
            session.gen += 1
            return tokens.mint_pair(session)
        session = _usable(claims)
    if timezone.now() - session.refreshed_at > settings.REFRESH_GRACE:
        session.delete()
    elif session.gen == claims.gen + 1:
        return tokens.mint_pair(session)
    raise InvalidJwt


def renew(session: Session, account: Account) -> tokens.Pair:
    """Continue a session under the account's new password, and return new tokens. Earlier ones no longer refresh.

    Raises InvalidJwt if the session has ended. Needs a transaction.
    """
    # Read it again: a refresh may just have issued tokens, and those belong to the old password too.
    held = Session.objects.select_for_update().filter(pk=session.pk).first()
    if held is None:
        raise InvalidJwt
    now = timezone.now()
    held.account = account
    held.password_changes = account.password_changes
    held.gen = held.first_gen = held.gen + 1
    held.refreshed_at = held.last_used_at = now
    held.expires_at = _expiry(held.created_at, now)
    held.save(update_fields=["password_changes", "gen", "first_gen", "refreshed_at", "last_used_at", "expires_at"])
    return tokens.mint_pair(held)


def log_out(*, refresh: str | None, session: Session | None) -> None:
    """End the sessions of a refresh token and of a bearer token, if they are valid."""
    found = [session] if session else []
    if refresh:
        with suppress(InvalidJwt):
            found.append(_usable(tokens.read_jwt(refresh, token_type="refresh")))
    Session.objects.filter(pk__in=[item.pk for item in found]).delete()


def end_sessions(account: Account, *, but: Session | None = None) -> None:
    """End every session of an account, except ``but``."""
    sessions = Session.objects.filter(account=account)
    (sessions.exclude(pk=but.pk) if but else sessions).delete()


def purge_sessions() -> int:
    """Delete expired sessions and return their number."""
    return Session.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _rotate(session: Session) -> bool:
    """Write the next generation, unless another request has already done so."""
    held = Session.objects.filter(pk=session.pk, gen=session.gen)
    changed = held.update(
        gen=F("gen") + 1,
        refreshed_at=session.refreshed_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )
    return changed == 1


def _usable(claims: tokens.Claims) -> Session:
    session = _live.first(sid=claims.sid, sub=claims.sub, now=timezone.now())
    if session is None or not session.account.user.is_active:
        raise InvalidJwt(is_genuine=True)
    if claims.gen < session.first_gen:
        raise InvalidJwt(is_genuine=True)
    return session


def _expiry(created: datetime, now: datetime) -> datetime:
    return min(now + tokens.refresh_lifetime(), created + settings.SESSION_LIFETIME)
