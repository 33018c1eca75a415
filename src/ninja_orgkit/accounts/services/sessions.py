"""Start sessions, refresh them, and end them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model, logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_out
from django.db.models import F, QuerySet
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.selectors import live_sessions_of
from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.accounts.services.notices import notice_device
from ninja_orgkit.audit.actions import SESSION_ENDED, SIGNED_OUT_EVERYWHERE
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.prepared import Columns, Parameter, Prepared
from ninja_orgkit.database.visible import visible
from ninja_orgkit.errors import NotFound
from ninja_orgkit.protocol.clients import device_name

django_session_ending = Signal()
"""Sent with the ``request`` before the kit ends its session of Django."""

_MAX_ADDRESS_LENGTH = 45

_SESSION = Columns(Session)
_ACCOUNT = Columns(Account, path="account__")
_ACCOUNT_WITHOUT_TEXTS = Columns(Account, without=Account.LONG_COLUMNS, path="account__")


class LiveSessions:
    """The statement that finds the live session of a JWT, with its account, and perhaps with more columns.

    It reads what nearly every request needs: the user of the account is loaded when somebody asks for it, and so are
    the long columns of the account unless ``whole``. ``narrow`` adds conditions, and ``paths`` are more columns.
    """

    def __init__(
        self,
        *,
        whole: bool = False,
        narrow: Callable[[QuerySet[Session]], QuerySet[Session]] = lambda sessions: sessions,
        paths: Sequence[str] = (),
    ) -> None:
        self._account = _ACCOUNT if whole else _ACCOUNT_WITHOUT_TEXTS
        self._narrow = narrow
        self._paths = paths
        self._prepared = Prepared(self._build)

    @property
    def db(self) -> str:
        """The alias of the database that the router chooses now."""
        return self._prepared.db

    def find(self, claims: tokens.Claims, **values: Any) -> tuple[Session, Sequence[Any]] | None:
        """Return the live session that the claims of a token name, and the values of the other columns.

        Returns None if there is none. Raises InvalidJwt if the user is inactive, or if the token is from before a
        change of the password.
        """
        row = self._prepared.first(sid=claims.sid, sub=claims.sub, now=timezone.now(), **values)
        if row is None:
            return None
        session, rest = _SESSION.read(row, self.db)
        session.account, rest = self._account.read(rest, self.db)
        if has_active_column():
            active, *rest = rest
        else:
            active = session.account.user.is_active
        if not active or claims.gen < session.first_gen:
            raise InvalidJwt(is_genuine=True)
        session.account.is_known_active = True
        return session, rest

    def _build(self) -> QuerySet[Session, Any]:
        sessions = Session.objects.filter(
            pk=Parameter("sid", Session._meta.pk),
            account__slug=Parameter("sub", Account._meta.get_field("slug")),
            expires_at__gt=Parameter("now", Session._meta.get_field("expires_at")),
            password_changes=F("account__password_changes"),
        )
        active = ["account__user__is_active"] if has_active_column() else []
        return self._narrow(sessions).values_list(*_SESSION.paths, *self._account.paths, *active, *self._paths)


_live = LiveSessions()
_live_whole = LiveSessions(whole=True)


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


def live_session(token: str, *, token_type: str = "", whole: bool = False) -> Session:
    """Return the session of a JWT with its account, in one statement. ``whole`` includes its long columns.

    Raises InvalidJwt if the session is gone or has expired, if the user is inactive or has a new password, and if a
    refresh token was already used.
    """
    claims = tokens.read_jwt(token, token_type=token_type)
    session = _usable(claims, _live_whole if whole else _live)
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


def keep_django_session(request: HttpRequest, account: Account) -> None:
    """Keep the Django session of a request alive after its user has set a new password."""
    if _has_django_session(request, account.user):
        update_session_auth_hash(request, account.user)


def log_out(
    request: HttpRequest | None = None,
    *,
    refresh: str | None,
    session: Session | None = None,
    account: Account | None = None,
) -> None:
    """End the sessions of a refresh token, if it is valid, and of the caller.

    ``account`` is that of a caller without a session of the kit: the Django session of the request ends. Sends Django's
    ``user_logged_out``, with the request, once for each user.
    """
    found = [session] if session else []
    if refresh:
        with suppress(InvalidJwt):
            found.append(_usable(tokens.read_jwt(refresh, token_type="refresh")))
    for ended in {item.pk: item for item in found}.values():
        end_session(ended)
    keys = {item.account_id for item in found} | ({account.pk} if account else set())
    _announce_log_out(keys, request, ends_django_session=account is not None)


def log_out_everywhere(account: Account, request: HttpRequest | None = None) -> None:
    """End every session of an account and the Django session of the request, and send Django's ``user_logged_out``."""
    end_sessions(account)
    _announce_log_out({account.pk}, request, ends_django_session=True)


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


def _usable(claims: tokens.Claims, live: LiveSessions = _live) -> Session:
    found = live.find(claims)
    if found is None:
        raise InvalidJwt(is_genuine=True)
    return found[0]


def _announce_log_out(keys: Collection[Any], request: HttpRequest | None, *, ends_django_session: bool) -> None:
    for user in get_user_model()._default_manager.filter(pk__in=keys) if keys else ():
        if ends_django_session and request is not None and _has_django_session(request, user):
            django_session_ending.send(sender=Session, request=request)
            logout(request)  # this sends the signal of Django, too
        else:
            user_logged_out.send(sender=type(user), request=request, user=user, is_of_kit=True)


def _has_django_session(request: HttpRequest, user: Any) -> bool:
    """Tell whether a request belongs to a Django session of a user. The host may have no Django sessions."""
    found = getattr(request, "user", None)
    return hasattr(request, "session") and found is not None and found.is_authenticated and found.pk == user.pk


def _expiry(created: datetime, now: datetime) -> datetime:
    return min(now + tokens.refresh_lifetime(), created + settings.SESSION_LIFETIME)
