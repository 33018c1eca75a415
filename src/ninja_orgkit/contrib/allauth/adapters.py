"""Adapters that let allauth follow the kit's rules. Make yours a subclass of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.headless.internal.restkit.response import APIResponse
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from ninja_orgkit.accounts.services.accounts import account_for
from ninja_orgkit.accounts.services.sign_in import announce_refusal, recording_login
from ninja_orgkit.accounts.services.usernames import check_username, make_up_username
from ninja_orgkit.conf import settings
from ninja_orgkit.contrib.allauth import linking, sign_up
from ninja_orgkit.custom.hooks import hook_first, request_in_context
from ninja_orgkit.errors import OrgKitError


class AccountAdapter(DefaultAccountAdapter):
    """Asks ``REGISTRATION`` and the hooks before somebody signs up or in: ``ACCOUNT_ADAPTER``."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether the kit and allauth let anybody sign up. An invitation is looked at later."""
        return settings.REGISTRATION != "closed" and super().is_open_for_signup(request)

    def clean_email(self, email: str) -> Any:
        """Refuse a sign-up before anything tells whether the address is known."""
        self._require_open()
        return super().clean_email(email)

    def clean_username(self, username: str, shallow: bool = False) -> Any:
        """Accept the usernames that the kit accepts."""
        self._require_open()
        cleaned = super().clean_username(username, shallow)
        reason = None if shallow else check_username(cleaned)
        if reason is not None:
            raise self.validation_error("username_taken" if reason == "taken" else "username_blacklisted")
        return cleaned

    def clean_password(self, password: str, user: Any = None) -> Any:
        """Refuse a sign-up before the password is looked at."""
        self._require_open()
        return super().clean_password(password, user)

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """Make up a username that tells nothing of the address."""
        return make_up_username()

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Ask the kit about a user whom allauth is about to create, whether by a form or at a provider."""
        with _refusals(request):
            sign_up.prepare(request, user)
        super().populate_username(request, user)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Ask the hook ``before_sign_in``, sign a user in, and owe them the kit's tokens."""
        with _refusals(request), request_in_context(request):
            try:
                with hook_first("before_sign_in", user=user), recording_login(user):
                    super().login(request, user)
            except OrgKitError:
                announce_refusal(user.get_username(), request)
                raise
        linking.expect_tokens(request)

    def _require_open(self) -> None:
        if sign_up.is_form(self.request):
            with _refusals(self.request):
                sign_up.require_open(self.request)


class HeadlessAdapter(DefaultHeadlessAdapter):
    """Shows the slug of the account as the ``id`` of a user, and owed tokens: ``HEADLESS_ADAPTER``."""

    def user_as_dataclass(self, user: Any) -> Any:
        """Return what a client sees of a user."""
        shown = super().user_as_dataclass(user)
        shown.id = account_for(user).slug if user.pk else None
        return shown

    def get_user_dataclass(self) -> Any:
        """Return the type of what a client sees of a user, which describes ``id`` as a slug."""
        described = {"description": "The slug of the account.", "example": "ada-5kq2w7ms"}
        fields = [
            ("id", str | None, dataclasses.field(metadata=described))
            if field.name == "id"
            else (field.name, field.type, dataclasses.field(metadata=field.metadata))
            for field in dataclasses.fields(super().get_user_dataclass())
        ]
        return dataclasses.make_dataclass("User", fields)

    def populate_response_meta(self, request: HttpRequest, meta: dict[str, Any]) -> None:
        """Add the tokens that allauth itself does not ask for, such as those of a browser."""
        super().populate_response_meta(request, meta)
        if meta.get("is_authenticated"):
            meta.update(linking.tokens_due(request))


class UserSessionsAdapter(DefaultUserSessionsAdapter):
    """Ends the sessions of the kit with those of Django: ``USERSESSIONS_ADAPTER``."""

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        """End sessions of Django, and those of the kit that belong to them."""
        ended = list(sessions)
        linking.end_linked(session_keys=[session.session_key for session in ended])
        super().end_sessions(ended)


@contextmanager
def _refusals(request: HttpRequest) -> Iterator[None]:
    """Turn an error of the kit into an answer of allauth."""
    try:
        yield
    except OrgKitError as error:
        _refuse(request, error)


def _refuse(request: HttpRequest, error: OrgKitError) -> NoReturn:
    if not is_headless_request(request):
        raise PermissionDenied(error.detail) from error
    errors = [{"code": error.code, "message": error.detail}]
    response = APIResponse(request, errors=errors, status=error.status)
    for name, value in error.headers.items():
        response[name] = value
    raise ImmediateHttpResponse(response) from error
