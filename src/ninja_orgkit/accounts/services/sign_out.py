"""Sign people out, of the kit and of Django."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.contrib.auth import get_user_model, logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_out
from django.dispatch import Signal
from django.http import HttpRequest

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.live_sessions import session_of
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.sessions import end_session, end_sessions

django_session_ending = Signal()
"""Sent with the ``request`` before the kit ends its session of Django."""


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
            found.append(session_of(tokens.read_jwt(refresh, token_type="refresh")))
    for ended in {item.pk: item for item in found}.values():
        end_session(ended)
    keys = {item.account_id for item in found} | ({account.pk} if account else set())
    _announce_log_out(keys, request, ends_django_session=account is not None)


def log_out_everywhere(account: Account, request: HttpRequest | None = None) -> None:
    """End every session of an account and the Django session of the request, and send Django's ``user_logged_out``."""
    end_sessions(account)
    _announce_log_out({account.pk}, request, ends_django_session=True)


def keep_django_session(request: HttpRequest, account: Account) -> None:
    """Keep the Django session of a request alive after its user has set a new password."""
    if _has_django_session(request, account.user):
        update_session_auth_hash(request, account.user)


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
