"""Bearer authentication: one statement per request tells who is calling, and that they still may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.sessions import live_session
from ninja_orgkit.errors import Unauthenticated
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.protocol.throttling import throttle_client


@dataclass(frozen=True)
class Caller:
    """Who is calling, and by which session."""

    account: Account
    session: Session

    @property
    def slug(self) -> str:
        """The public slug of the account."""
        return self.account.slug


class AuthedRequest(HttpRequest):
    """A request that passed the bearer check. An operation that stores files finds them in ``stored_files``."""

    auth: Caller
    stored_files: StoredFiles


def caller_of(_request: HttpRequest, token: str) -> Caller:
    """Return the caller that an access token stands for. Raises InvalidJwt."""
    session = live_session(token, token_type="access")
    return Caller(session.account, session)


def caller_with_profile(_request: HttpRequest, token: str) -> Caller:
    """Return the caller like ``caller_of``, for a route that shows all columns of the account."""
    session = live_session(token, token_type="access", whole=True)
    return Caller(session.account, session)


class OrgkitBearer(HttpBearer):
    """``Authorization: Bearer <access token>``.

    ``find`` returns the caller that the token stands for. A route can have more found by the same statement.
    """

    def __init__(self, find: Callable[[HttpRequest, str], Caller] = caller_of) -> None:
        super().__init__()
        self._find = find

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller. Raises Unauthenticated, whatever is wrong, and Throttled after many bad tokens."""
        token = _presented(request)
        if not token:
            raise Unauthenticated
        try:
            return self.authenticate(request, token)
        except InvalidJwt as exc:
            # A token of ours that is over is not a guess.
            if not exc.is_genuine:
                throttle_client("bearer.address", request)
            raise

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return the caller that an access token stands for. Raises Unauthenticated."""
        return self._find(request, token)

    def optional(self, request: HttpRequest) -> Caller | None:
        """Return the caller, or None where there is no valid token."""
        try:
            return self.authenticate(request, _presented(request))
        except Unauthenticated:
            return None


def _presented(request: HttpRequest) -> str:
    """Return the token of the ``Authorization`` header, "" where there is none."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


bearer: Any = OrgkitBearer()
profile_bearer: Any = OrgkitBearer(caller_with_profile)
