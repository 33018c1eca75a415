"""Sessions: begun by signing in, kept alive by refreshing, ended by leaving."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, make_password
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
    )
)


def sign_in(*, login: str, password: str, device: str = "", address: str = "") -> tuple[Account, tokens.Pair]:
    """Begin a session for the account with this address or username.

    Raises InvalidCredentials for an unknown account, a wrong password and an inactive user alike, after the same work;
    EmailNotVerified only after the right password.
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
    before, account.user = account.user.password, user
    if before != user.password and check_password(password, before):
        keep_sessions(account, before=before)
    try:
        return account, begin_session(account, device=device, address=address)
    except IntegrityError:  # the account was deleted meanwhile
        raise InvalidCredentials from None


def begin_session(account: Account, *, device: str = "", address: str = "") -> tokens.Pair:
    """Write a session for an account and return its tokens."""
    now = timezone.now()
    session = Session(
        account=account,
        fingerprint=session_fingerprint(account),
        device=device,
        address=address[:_MAX_ADDRESS_LENGTH],  # a proxy may call its client anything
        created_at=now,
        refreshed_at=now,
        last_used_at=now,
        expires_at=_expiry(now, now),
    )
    session.save(force_insert=True)
    return tokens.mint_pair(session)


def keep_sessions(account: Account, *, before: str) -> None:
    """Let the sessions of an account go on when its password, encoded as ``before``, was only hashed anew."""
    sessions = Session.objects.filter(account=account, fingerprint=tokens.fingerprint(before))
    sessions.update(fingerprint=session_fingerprint(account))


def session_fingerprint(account: Account) -> str:
    """Return what a session depends on: a new password, however it came, ends it."""
    return tokens.fingerprint(account.user.password)


def live_session(token: str, *, token_type: str = "") -> Session:
    """Return the session of a JWT with its account and user, in one statement.

    Raises InvalidJwt unless the session exists, has not expired, the user is active and the password is the same;
    and for a refresh token that is spent.
    """
    claims = tokens.read_jwt(token, token_type=token_type)
    session = _usable(claims)
    if claims.gen is not None and claims.gen != session.gen:
        raise InvalidJwt
    return session


def refresh(token: str) -> tokens.Pair:
    """Spend a refresh token and return its successor.

    A token that is spent a second time within ``REFRESH_GRACE`` gets the same successor again; later, its session is
    ended (somebody else may hold the successor). One of before a password change gets nothing and ends nothing: its
    successor went only to who knew the password. Raises InvalidJwt.
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
    if session.gen == (claims.gen or 0) + 1 and timezone.now() - session.refreshed_at <= settings.REFRESH_GRACE:
        return tokens.mint_pair(session)
    session.delete()
    raise InvalidJwt


def renew(session: Session, account: Account) -> tokens.Pair:
    """Let a session go on under the account's new password, and return its tokens; former ones no longer refresh.

    Raises InvalidJwt when it has ended meanwhile. Needs a transaction.
    """
    # As it is now: a refresh may have been faster, and its tokens are of the former password too.
    held = Session.objects.select_for_update().filter(pk=session.pk).first()
    if held is None:
        raise InvalidJwt
    now = timezone.now()
    held.account = account
    held.fingerprint = session_fingerprint(account)
    held.gen = held.first_gen = held.gen + 1
    held.refreshed_at = held.last_used_at = now
    held.expires_at = _expiry(held.created_at, now)
    held.save(update_fields=["fingerprint", "gen", "first_gen", "refreshed_at", "last_used_at", "expires_at"])
    return tokens.mint_pair(held)


def log_out(*, refresh: str | None, session: Session | None) -> None:
    """End the sessions that a refresh token and a bearer token stand for, where they are valid."""
    found = [session] if session else []
    if refresh:
        with suppress(InvalidJwt):
            found.append(_usable(tokens.read_jwt(refresh, token_type="refresh")))
    Session.objects.filter(pk__in=[item.pk for item in found]).delete()


def end_sessions(account: Account, *, but: Session | None = None) -> None:
    """End every session of an account, except one if given."""
    sessions = Session.objects.filter(account=account)
    (sessions.exclude(pk=but.pk) if but else sessions).delete()


def purge_sessions() -> int:
    """Delete the sessions that have expired and return how many there were."""
    return Session.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _rotate(session: Session) -> bool:
    """Write the next generation, unless another request was faster."""
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
        raise InvalidJwt
    if session.fingerprint != session_fingerprint(session.account):
        raise InvalidJwt
    if claims.gen is not None and claims.gen < session.first_gen:
        raise InvalidJwt
    return session


def _expiry(created: datetime, now: datetime) -> datetime:
    return min(now + tokens.refresh_lifetime(), created + settings.SESSION_LIFETIME)
