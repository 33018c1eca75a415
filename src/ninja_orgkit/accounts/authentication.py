"""Who is calling: the callables of the setting ``AUTHENTICATION``, and those that the kit brings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, QueryDict
from django.middleware.csrf import CsrfViewMiddleware

from ninja_orgkit.accounts.live_sessions import live_session
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.accounts import account_for
from ninja_orgkit.audit.acting import API_KEY, USER, Actor, act
from ninja_orgkit.custom.callables import authentication_paths, call_host, host_callable
from ninja_orgkit.errors import CsrfFailed
from ninja_orgkit.protocol.openapi.security import openapi_security

KEY_PREFIX = "ok_"
"""What an API key begins with. No other token does."""
_FIND = "_orgkit_find_caller"


class Key(Protocol):
    """An API key: what it may do, in one organization."""

    pk: Any
    permissions: Collection[str]
    organization_id: int


@dataclass(frozen=True)
class Caller:
    """Who is calling, and by what: a session of the kit, an API key, or neither."""

    account: Account
    session: Session | None = None
    key: Key | None = None

    def __post_init__(self) -> None:
        """Let the account know the key, which narrows what it may do wherever it acts in this request."""
        if self.key is not None:
            self.account.acting_key = self.key

    @property
    def slug(self) -> str:
        """The public slug of the account."""
        return self.account.slug

    @property
    def identity(self) -> str:
        """What tells callers apart: an account and each of its API keys have their own throttles and repetitions."""
        return self.account.slug if self.key is None else f"key {self.key.pk}"


FindCaller = Callable[[HttpRequest, str], Caller]
"""Returns the caller that an access token stands for, with what a route needs besides. Raises InvalidJwt."""


def caller_of(_request: HttpRequest, token: str) -> Caller:
    """Return the caller that an access token stands for. Raises InvalidJwt."""
    session = live_session(token, token_type="access")
    return Caller(session.account, session)


def caller_with_profile(_request: HttpRequest, token: str) -> Caller:
    """Return the caller like ``caller_of``, for a route that shows all columns of the account."""
    session = live_session(token, token_type="access", whole=True)
    return Caller(session.account, session)


def authenticate(request: HttpRequest, *, find: FindCaller = caller_of) -> Caller | None:
    """Return the caller that the callables of ``AUTHENTICATION`` find, or None if the request is nobody's.

    ``find`` finds the caller of a token of the kit, so that one statement can read what the route needs besides. A user
    without an account gets one. An inactive user is nobody. What happens from here on is the caller's doing. Raises the
    error with which a callable refuses.
    """
    setattr(request, _FIND, find)
    for path in authentication_paths():
        # An outage of the database, which a callable of the kit meets, is not a defect of the host.
        found = host_callable(path)(request) if path.startswith("ninja_orgkit.") else call_host(path, request)
        caller = _as_caller(found, path)
        if caller is not None:
            act(Actor(USER if caller.key is None else API_KEY, caller.account, caller.key, request))
            return caller
    return None


def presented_token(request: HttpRequest) -> str:
    """Return what a request presents as ``Authorization: Bearer …``, "" for nothing."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@openapi_security(OrgkitBearer={"type": "http", "scheme": "bearer"})
def bearer_token(request: HttpRequest) -> Caller | None:
    """Return the caller that an access token of the kit stands for: ``Authorization: Bearer <access token>``.

    Returns None for an API key, and raises InvalidJwt for every other bearer token.
    """
    token = presented_token(request)
    if not token or token.startswith(KEY_PREFIX):
        return None
    find: FindCaller = getattr(request, _FIND, caller_of)
    return find(request, token)


@openapi_security(
    OrgkitDjangoSession={
        "type": "apiKey",
        "in": "cookie",
        "name": django_settings.SESSION_COOKIE_NAME,
        "description": "The session cookie of Django. Unsafe methods also need its CSRF token in `X-CSRFToken`.",
    }
)
def django_session(request: HttpRequest) -> Any:
    """Return the user whom Django's session cookie stands for. Raises CsrfFailed for an unsafe method without a token.

    Django's own check reads the token from a form, too. This one reads only the header, so that the body of an upload
    is still unread when the route reads it.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    probe: Any = copy(request)
    probe.POST = QueryDict()
    probe.csrf_processing_done = False
    check = _CsrfCheck(lambda _request: None)  # type: ignore[arg-type]
    check.process_request(probe)
    if check.process_view(probe, django_session, (), {}) is not None:
        raise CsrfFailed
    return user


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, which returns the reason of a refusal instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _as_caller(found: Any, path: str) -> Caller | None:
    """Return the caller that the answer of a callable means."""
    if found is None or getattr(found, "is_anonymous", False):
        return None
    if isinstance(found, Caller):
        return found if found.account.is_known_active or found.account.user.is_active else None
    if not isinstance(found, get_user_model()):
        raise TypeError(f"{path} must return a user, a Caller or None, not {type(found).__name__}.")
    return Caller(account_for(found)) if found.is_active else None
