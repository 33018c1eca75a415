"""Find the live session that a token stands for, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.database.prepared import Columns, Parameter, Prepared

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


def live_session(token: str, *, token_type: str = "", whole: bool = False) -> Session:
    """Return the session of a JWT with its account, in one statement. ``whole`` includes its long columns.

    Raises InvalidJwt if the session is gone or has expired, if the user is inactive or has a new password, and if a
    refresh token was already used.
    """
    claims = tokens.read_jwt(token, token_type=token_type)
    session = session_of(claims, _live_whole if whole else _live)
    if claims.token_type == "refresh" and claims.gen != session.gen:
        raise InvalidJwt
    return session


def session_of(claims: tokens.Claims, live: LiveSessions = _live) -> Session:
    """Return the live session that the claims of a token name. Raises InvalidJwt."""
    found = live.find(claims)
    if found is None:
        raise InvalidJwt(is_genuine=True)
    return found[0]
