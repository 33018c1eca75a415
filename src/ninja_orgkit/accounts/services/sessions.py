"""Start sessions, refresh them, and end them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.live_sessions import session_of
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.selectors import live_sessions_of
from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.accounts.services.notices import notice_device
from ninja_orgkit.audit.actions import SESSION_ENDED, SIGNED_OUT_EVERYWHERE
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.visible import visible
from ninja_orgkit.errors import NotFound
from ninja_orgkit.protocol.clients import device_name

_MAX_ADDRESS_LENGTH = 45


def begin_session(account: Account, *, user_agent: str | None = None, address: str = "") -> tokens.Pair:
    """Create a session for an account and return its tokens.

    If the ``user_agent`` is of a kind of device that the account has never used, its owner gets a notice. None means
    that nobody knows the program.
    """
    if user_agent is not None:
        notice_device(account, device_name(user_agent), address=address)
    now = timezone.now()
    session = Session(
        account=account,
        password_changes=account.password_changes,
        user_agent=user_agent or "",
        address=address[:_MAX_ADDRESS_LENGTH],  # a proxy may call its client anything
        created_at=now,
        refreshed_at=now,
        last_used_at=now,
        expires_at=_expiry(now, now),
    )
    session.save(force_insert=True)
    return tokens.mint_pair(session)


def name_session(account: Account, session_id: str, *, name: str) -> dict[str, Any]:
    """Name a live session of an account, and return its row. An empty name takes it away. Raises NotFound."""
    live = live_sessions_of(account).filter(pk=session_id)
    live.update(name=visible(name))
    row: dict[str, Any] | None = live.first()
    if row is None:
        raise NotFound
    return row


def refresh(token: str) -> tokens.Pair:
    """Exchange a refresh token for its successor.

    Within ``REFRESH_GRACE`` after an exchange the token gets the same successor again, and older ones are refused
    without effect: a browser's other tabs may still hold them. After that, the use of an exchanged token ends the
    session, because somebody else may hold its successor. A token from before a password change is refused without
    effect: only somebody who knew the password has its successor. Raises InvalidJwt.
    """
    claims = tokens.read_jwt(token, token_type="refresh")
    session = session_of(claims)
    if session.gen == claims.gen:
        now = timezone.now()
        session.refreshed_at = session.last_used_at = now
        session.expires_at = _expiry(session.created_at, now)
        if _rotate(session):
            session.gen += 1
            return tokens.mint_pair(session)
        session = session_of(claims)
    if timezone.now() - session.refreshed_at > settings.REFRESH_GRACE:
        end_session(session)
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


@atomic()
def end_session(session: Session) -> None:
    """End a session of the kit. Its tokens stop working at once."""
    if Session.objects.filter(pk=session.pk).delete()[0]:
        announce(SESSION_ENDED, session)


@atomic()
def end_sessions(account: Any, *, but: Session | None = None) -> None:
    """End every session of the kit that a user or an account has, except ``but``. Their tokens stop working at once."""
    if delete_sessions(account, but=but):
        announce(SIGNED_OUT_EVERYWHERE, as_account(account))


def delete_sessions(account: Any, *, but: Session | None = None) -> int:
    """End sessions as ``end_sessions`` does, because of what is announced already. Return how many rows went."""
    sessions = Session.objects.filter(account=account.pk)  # an account has the key of its user
    return (sessions.exclude(pk=but.pk) if but else sessions).delete()[0]


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


def _expiry(created: datetime, now: datetime) -> datetime:
    return min(now + tokens.refresh_lifetime(), created + settings.SESSION_LIFETIME)
