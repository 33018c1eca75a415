"""Sign in as Django does: through the host's backends, with the request, and with Django's signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import DatabaseError
from django.http import HttpRequest

from ninja_orgkit.accounts.errors import EmailNotVerified, InvalidCredentials, MfaRequired
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_login, account_of_user
from ninja_orgkit.accounts.services.accounts import account_for
from ninja_orgkit.accounts.services.registrations import was_chosen
from ninja_orgkit.accounts.services.second_factors import needs_second_factor
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.accounts.tokens import Pair
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import current_request, request_in_context, run_hook
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import OrgKitError, Unauthenticated
from ninja_orgkit.protocol.clients import client_address, client_device, client_user_agent

RECORDS_NO_LOGIN = "_orgkit_records_no_login"
"""Marks the instance of a user whose ``last_login`` stays as it is while ``user_logged_in`` is sent."""

_tried: ContextVar[tuple[Account | None] | None] = ContextVar("orgkit_account_tried", default=None)


@dataclass(frozen=True)
class SignedIn(Pair):
    """A session that has just begun: its tokens and its account."""

    account: Account


def sign_in(user: Any, request: HttpRequest | None = None) -> SignedIn:
    """Begin a session for a user whom the host has authenticated, and return its tokens.

    ``user`` is a user or an account. ``request`` tells the device and the address of the session, and the signals get
    it. A user without an account gets one. The host vouches for the user, so ``EMAIL_VERIFICATION`` is not asked.
    Raises Unauthenticated for an inactive user, and what the hook ``before_sign_in`` raises. Sends ``user_logged_in``,
    or ``user_login_failed`` for a refusal.
    """
    request = request or current_request()
    if isinstance(user, Account):
        user = user.user
    with request_in_context(request):
        try:
            if not user.is_active:
                raise Unauthenticated
            return _begin(account_for(user), request)
        except OrgKitError:
            announce_refusal(user.get_username(), request)
            raise


def sign_in_with_password(request: HttpRequest, *, email: str = "", username: str = "", password: str) -> SignedIn:
    """Begin a session for the account with this e-mail address or username.

    Every backend of the host is asked, for unknown names too. Raises InvalidCredentials, after the same amount of work,
    for an unknown account, a wrong password and an inactive user. Raises EmailNotVerified only after the right
    password, or after one with which somebody has just registered, also under a taken address. Raises MfaRequired if an
    app says that the user needs a second factor, and last what the hook ``before_sign_in`` raises. Each refusal sends
    ``user_login_failed``.
    """
    client_device(request)  # reads the header, and keeps what it finds, whether the account is known or not
    # The account is read before the password is checked: a password that is set meanwhile must end this session.
    account = account_by_login(email=email, username=username)
    login = email or username
    # Asked before it is known whether this matters, so that every sign-in takes as many statements.
    chosen = settings.EMAIL_VERIFICATION == "mandatory" and was_chosen(account, login=login, password=password)
    name = account.user.get_username() if account else login
    with _trying(account):
        user: Any = authenticate(request, username=name, password=password)
        if user is None:  # authenticate() has sent the signal
            raise EmailNotVerified if chosen else InvalidCredentials
        try:
            return _begin(_account_that_may_enter(user, account), request)
        except OrgKitError:
            announce_refusal(name, request)
            raise


def announce_sign_in(account: Account, request: HttpRequest | None) -> None:
    """Send ``user_logged_in``, by which Django also records ``last_login`` unless ``UPDATE_LAST_LOGIN`` is off."""
    user = account.user
    with recording_login(user):
        user_logged_in.send(sender=user.__class__, request=request, user=user)


@contextmanager
def recording_login(user: Any) -> Iterator[None]:
    """Let Django record ``last_login`` in the block only if ``UPDATE_LAST_LOGIN`` is on."""
    setattr(user, RECORDS_NO_LOGIN, not settings.UPDATE_LAST_LOGIN)
    try:
        yield
    finally:
        delattr(user, RECORDS_NO_LOGIN)


def announce_refusal(name: str, request: HttpRequest | None) -> None:
    """Send ``user_login_failed`` for somebody with this name, whom the kit refuses."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def account_tried(credentials: Mapping[str, Any]) -> Account | None:
    """Return the account with which somebody tries to sign in, or None. ``credentials`` are those of the signal."""
    tried = _tried.get()
    if tried is not None:
        return tried[0]
    names = (credentials.get(field) for field in ("username", get_user_model().USERNAME_FIELD, "email"))
    return account_by_login(username=str(next((name for name in names if name), "")))


@contextmanager
def _trying(account: Account | None) -> Iterator[None]:
    """Let ``account_tried`` know the account in the block, so that it has not to look for it again."""
    token = _tried.set((account,))
    try:
        yield
    finally:
        _tried.reset(token)


def _begin(account: Account, request: HttpRequest | None) -> SignedIn:
    """Begin a session, and tell that somebody has signed in. Raises InvalidCredentials if the account is gone."""
    agent, address = (client_user_agent(request), client_address(request)) if request else (None, "")
    try:
        with atomic():
            run_hook("before_sign_in", user=account.user)
            pair = begin_session(account, user_agent=agent, address=address)
            announce_sign_in(account, request)
    except DatabaseError:
        if account_of_user(account.user) is not None:
            raise
        raise InvalidCredentials from None  # the account was deleted while it signed in
    return SignedIn(**vars(pair), account=account)


def _account_that_may_enter(user: Any, account: Account | None) -> Account:
    """Return the account of a user whom a backend let in, with this instance of the user.

    ``account`` is the one that was looked up. A backend may create the user, or map the name to another one.
    """
    if not user.is_active:
        raise InvalidCredentials
    if account is None or account.pk != user.pk:
        account = account_for(user)
    account.user = user
    if settings.EMAIL_VERIFICATION == "mandatory" and account.email_verified_at is None:
        raise EmailNotVerified
    if needs_second_factor(user):
        raise MfaRequired
    return account
