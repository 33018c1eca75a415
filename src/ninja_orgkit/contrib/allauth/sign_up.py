"""Sign-up through allauth, under the kit's rules."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from django.http import HttpRequest

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.services.accounts import account_for
from ninja_orgkit.custom.hooks import request_in_context, run_hook
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.errors import WrongRecipient
from ninja_orgkit.organizations.services import answers
from ninja_orgkit.protocol.bodies import readable_fields
from ninja_orgkit.protocol.throttling import throttle_client
from ninja_orgkit.users.services import registration

_MARK = "_orgkit_signs_up_through_allauth"
_FORMS = {"signup", "signup_webauthn", "provider_signup", "account_signup", "account_signup_by_passkey"}


def is_form(request: HttpRequest | None) -> bool:
    """Tell whether a request sends a form of allauth to sign up."""
    match = getattr(request, "resolver_match", None)
    return request is not None and request.method == "POST" and match is not None and match.url_name in _FORMS


def require_open(request: HttpRequest) -> None:
    """Ask ``REGISTRATION`` before a form is validated, so that a refusal tells nothing. Raises the kit's errors."""
    email = readable_fields(request).get("email")
    _ask_policy(request, email if isinstance(email, str) else None)


def prepare(request: HttpRequest, user: Any) -> None:
    """Ask ``REGISTRATION`` and the hook ``before_register`` about a user who is about to be created.

    Raises the kit's errors, also for an invitation that does not work.
    """
    profile = {"email": "", "username": "", "first_name": "", "last_name": "", **host_user.read_profile(user)}
    invitation = _invitation(request)
    _ask_policy(request, profile["email"])
    if invitation:
        answers.check(invitation, email=profile["email"])
    with request_in_context(request):
        run_hook("before_register", **profile, invitation=invitation)
    vars(user)[_MARK] = True


def is_signing_up(user: Any) -> bool:
    """Tell whether allauth is creating this instance of a user. Without the kit's adapter, only its views tell."""
    match = getattr(context.request, "resolver_match", None)
    return _MARK in vars(user) or (match is not None and match.func.__module__.startswith("allauth."))


def accept_invitation(request: HttpRequest, user: Any) -> None:
    """Accept the invitation with which somebody has signed up, if there is one."""
    invitation = _invitation(request)
    if invitation:
        with atomic():
            answers.accept(account_for(user), invitation)


def _ask_policy(request: HttpRequest, email: str | None) -> None:
    try:
        registration.require_open(email=email, invitation=_invitation(request))
    except WrongRecipient:
        throttle_client("register.address", request)  # whoever has somebody's link may guess the address
        raise


def _invitation(request: HttpRequest) -> str:
    invitation = readable_fields(request).get("invitation")
    return invitation if isinstance(invitation, str) else ""
