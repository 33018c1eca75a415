"""Sign in as Django does: through the host's backends, with the request, and with Django's signals."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import DatabaseError, IntegrityError
from django.http import HttpRequest

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import EmailNotVerified, InvalidCredentials, MfaRequired
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_login, account_of_user
from ninja_orgkit.accounts.services.accounts import account_for
from ninja_orgkit.accounts.services.registrations import was_chosen
from ninja_orgkit.accounts.services.second_factors import needs_second_factor
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import hook_first
from ninja_orgkit.errors import OrgKitError


def sign_in(
    request: HttpRequest, *, email: str = "", username: str = "", password: str, device: str = "", address: str = ""
) -> tuple[Account, tokens.Pair]:
    """Start a session for the account with this e-mail address or username.

    Every backend of the host is asked, for unknown names too. Raises InvalidCredentials, after the same amount of work,
    for an unknown account, a wrong password and an inactive user. Raises EmailNotVerified only after the right
    password, or after one with which somebody has just registered, also under a taken address. Raises MfaRequired if an
    app says that the user needs a second factor, and last what the hook ``before_sign_in`` raises. Each refusal sends
    ``user_login_failed``.
    """
    # The account is read before the password is checked: a password that is set meanwhile must end this session.
    account = account_by_login(email=email, username=username)
    login = email or username
    # Asked before it is known whether this matters, so that every sign-in takes as many statements.
    chosen = settings.EMAIL_VERIFICATION == "mandatory" and was_chosen(account, login=login, password=password)
    name = account.user.get_username() if account else login
    user: Any = authenticate(request, username=name, password=password)
    if user is None:  # authenticate() has sent the signal
        raise EmailNotVerified if chosen else InvalidCredentials
    try:
        account = _account_that_may_enter(user, account)
        pair = _begin(account, device=device, address=address)
    except OrgKitError:
        user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)
        raise
    announce_sign_in(account, request)
    return account, pair


def announce_sign_in(account: Account, request: HttpRequest | None) -> None:
    """Send ``user_logged_in``, by which Django also records ``last_login``."""
    try:
        user_logged_in.send(sender=type(account.user), request=request, user=account.user)
    except DatabaseError:
        if account_of_user(account.user) is not None:
            raise
        raise InvalidCredentials from None  # the account was deleted while it signed in


def _begin(account: Account, *, device: str, address: str) -> tokens.Pair:
    try:
        with hook_first("before_sign_in", user=account.user):
            return begin_session(account, device=device, address=address)
    except IntegrityError:
        raise InvalidCredentials from None  # the account was deleted while it signed in


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
