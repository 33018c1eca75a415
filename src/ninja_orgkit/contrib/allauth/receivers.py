"""What has to follow when one side changes: addresses, sessions, and second factors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import EmailAddress
from allauth.account.signals import login_code_rejected, password_changed, password_set, user_signed_up
from allauth.core import context
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.second_factors import ask_for_second_factors
from ninja_orgkit.accounts.services.sign_in import announce_refusal
from ninja_orgkit.accounts.services.sign_out import django_session_ending
from ninja_orgkit.audit.acting import USER, Actor, ask_for_actor
from ninja_orgkit.contrib.allauth import addresses, linking, sign_up
from ninja_orgkit.contrib.allauth.models import LinkedSession

_ADDRESS = {"email", "email_key", "email_verified_at"}


def connect() -> None:
    """Connect every receiver."""
    post_save.connect(keep_row, sender=Account, dispatch_uid="orgkit.allauth.keep_row")
    post_save.connect(keep_account, sender=EmailAddress, dispatch_uid="orgkit.allauth.keep_account")
    post_delete.connect(end_django_session, sender=LinkedSession, dispatch_uid="orgkit.allauth.end_django_session")
    user_logged_in.connect(follow_key, dispatch_uid="orgkit.allauth.follow_key")
    user_logged_out.connect(end_session, dispatch_uid="orgkit.allauth.end_session")
    django_session_ending.connect(end_session_of_kit, dispatch_uid="orgkit.allauth.end_session_of_kit")
    user_signed_up.connect(join, dispatch_uid="orgkit.allauth.join")
    for signal in (password_changed, password_set):
        signal.connect(continue_session, dispatch_uid="orgkit.allauth.continue_session")
    # A signed-in user who proves a factor again sends the same signal, with another sender.
    sender = LoginCodeVerificationProcess
    login_code_rejected.connect(tell_of_wrong_code, sender=sender, dispatch_uid="orgkit.allauth.tell_of_wrong_code")
    ask_for_second_factors(needs_mailed_code)
    ask_for_actor(actor_of_request)


def actor_of_request() -> Actor | None:
    """Return who acts in a request to a view of allauth, None elsewhere."""
    request = context.request
    match = getattr(request, "resolver_match", None)
    if request is None or match is None or not match.func.__module__.startswith("allauth."):
        return None
    return Actor(USER, getattr(request.user, "orgkit_account", None), request=request)


def needs_mailed_code(_user: Any) -> bool:
    """Tell whether allauth would ask for a mailed code after a password."""
    required = account_settings.LOGIN_BY_CODE_REQUIRED
    return required is True or "password" in (required or ())


def keep_row(
    sender: type[Account],
    instance: Account,
    created: bool,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """Keep the row of allauth in step with an account. allauth writes the rows of whoever signs up there."""
    written = _ADDRESS if update_fields is None else _ADDRESS.intersection(update_fields)
    if raw or not written or (created and sign_up.is_signing_up(instance.user)):
        return
    addresses.follow_account(instance, is_new_address=created or "email_changes" in (update_fields or ()))


def keep_account(
    sender: type[EmailAddress], instance: EmailAddress, created: bool, raw: bool = False, **_kwargs: Any
) -> None:
    """Keep an account in step with a row of allauth."""
    if not raw:
        addresses.follow_row(instance, is_new=created)


def end_django_session(sender: type[LinkedSession], instance: LinkedSession, **_kwargs: Any) -> None:
    """End the session of Django together with that of the kit."""
    linking.end_django_session(instance)


def follow_key(sender: Any, request: HttpRequest | None, **_kwargs: Any) -> None:
    """Follow the session of Django, which has a new key after a sign-in."""
    if request is not None:
        linking.follow_key(request)


def end_session(sender: Any, request: HttpRequest | None, is_of_kit: bool = False, **_kwargs: Any) -> None:
    """End the session of the kit together with that of Django. The kit sends this signal too, for its own sessions."""
    if not is_of_kit:
        linking.end_linked(request=request)


def end_session_of_kit(sender: Any, request: HttpRequest, **_kwargs: Any) -> None:
    """End the session of the kit together with that of Django, which the kit is about to end."""
    linking.end_linked(request=request)


def continue_session(sender: Any, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """Let the session in which somebody set a new password go on."""
    linking.continue_after_password_change(request, user)


def tell_of_wrong_code(sender: Any, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """Tell that somebody entered a wrong mailed code, as the kit tells of every refused sign-in."""
    announce_refusal(user.get_username(), request)


def join(sender: Any, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """Accept the invitation with which somebody has signed up."""
    sign_up.accept_invitation(request, user)
