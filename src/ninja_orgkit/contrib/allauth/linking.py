"""Begin a session of the kit for a sign-in through allauth, and let both sessions end together."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.utils import timezone

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.accounts import account_for
from ninja_orgkit.accounts.services.sessions import begin_session, delete_sessions, renew
from ninja_orgkit.contrib.allauth.models import LinkedSession
from ninja_orgkit.custom.hooks import current_request
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.protocol.clients import client_address, client_user_agent

_SESSION = "orgkit_session"
_DUE = "orgkit_tokens_due"
_PAIR = "_orgkit_pair"


def expect_tokens(request: HttpRequest) -> None:
    """Note in the session of Django that somebody has just signed in, who has no tokens yet."""
    request.session[_DUE] = True


def tokens_due(request: HttpRequest) -> dict[str, str]:
    """Return the tokens that this answer owes to the user of a request. Empty if it owes none.

    A sign-in at a provider ends in a redirect, so the next answer has the tokens.
    """
    if _PAIR not in vars(request) and not request.session.get(_DUE):
        return {}
    return begin(request)


def begin(request: HttpRequest) -> dict[str, str]:
    """Begin a session of the kit for the user of a request, link it with that of Django, and return its tokens.

    allauth may build several answers to one request, and they have the same tokens.
    """
    if _PAIR not in vars(request):
        user: Any = request.user
        with atomic():
            account = account_for(user)
            pair = begin_session(account, user_agent=client_user_agent(request), address=client_address(request))
            _link(request, tokens.read_jwt(pair.access).sid)
        _keep(request, pair)
    pair = vars(request)[_PAIR]
    return {"access_token": pair.access, "refresh_token": pair.refresh}


def follow_key(request: HttpRequest) -> None:
    """Follow a session of Django that has a new key."""
    session_id = linked_session_id(request)
    if session_id:
        LinkedSession.objects.filter(pk=session_id).update(session_key=_key_of(request.session))


def linked_session_id(request: HttpRequest | None) -> str | None:
    """Return the id of the session of the kit that belongs to the session of Django, or None."""
    session = getattr(request, "session", None)
    return None if session is None else session.get(_SESSION)


def end_linked(*, request: HttpRequest | None = None, session_keys: Iterable[str] = ()) -> None:
    """End the sessions of the kit that belong to a request's session of Django, or to sessions with these keys."""
    session_id = linked_session_id(request)
    if session_id:
        Session.objects.filter(pk=session_id).delete()
    if session_keys:
        Session.objects.filter(pk__in=LinkedSession.objects.filter(session_key__in=session_keys).values("pk")).delete()


def end_django_session(linked: LinkedSession) -> None:
    """End the session of Django that belongs to a session of the kit.

    It is left alone if the other one ends because it has expired, or because of a new password: Django itself ends what
    began under the former one, unless it is told to keep it.
    """
    session = Session.objects.select_related("account").get(pk=linked.pk)
    if session.expires_at <= timezone.now() or session.password_changes != session.account.password_changes:
        return
    request = current_request()
    if request is not None and linked_session_id(request) == str(linked.pk):
        request.session.flush()  # what is gone cannot be saved when the answer is sent
    else:
        import_module(django_settings.SESSION_ENGINE).SessionStore().delete(linked.session_key)


@atomic()
def continue_after_password_change(request: HttpRequest, user: Any) -> None:
    """Let the linked session go on under the new password, with new tokens in this answer, and end all others."""
    session_id = linked_session_id(request)
    session = Session.objects.filter(pk=session_id, account=user.pk).first() if session_id else None
    account = Account.objects.get(pk=user.pk)
    delete_sessions(account, but=session)
    if session is not None:
        follow_key(request)
        _keep(request, renew(session, account))


def _link(request: HttpRequest, session_id: Any) -> None:
    session = request.session
    session[_SESSION] = str(session_id)
    session.pop(_DUE, None)
    if not session.session_key:
        session.save()
    LinkedSession.objects.create(session_id=session_id, session_key=_key_of(session))


def _key_of(session: Any) -> str:
    return str(session.session_key)[: LinkedSession.MAX_KEY_LENGTH]


def _keep(request: HttpRequest, pair: tokens.Pair) -> None:
    """Remember the tokens for every answer to this request."""
    vars(request)[_PAIR] = pair
