"""Register users: create the user, the account and the organizations that they get together, or nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ninja_orgkit.accounts import host_user, tokens
from ninja_orgkit.accounts.errors import EmailTaken, RegistrationByInvitation, RegistrationClosed, UsernameTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_email
from ninja_orgkit.accounts.services import registrations
from ninja_orgkit.accounts.services.accounts import build_account, create_user
from ninja_orgkit.accounts.services.emails import request_verification
from ninja_orgkit.accounts.services.passwords import require_strong
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.accounts.services.sign_in import announce_sign_in
from ninja_orgkit.accounts.services.usernames import make_up_username, require_username
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import run_hook
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import InvalidLink, OrgKitError
from ninja_orgkit.organizations import tokens as invitation_tokens
from ninja_orgkit.organizations.services import answers
from ninja_orgkit.protocol.clients import device_name

REGISTER = "orgkit.users.register"


@dataclass(frozen=True)
class Registered:
    """A new account, and the tokens of its first session."""

    account: Account
    pair: tokens.Pair


@dataclass(frozen=True)
class NewAccount:
    """What a new user sends to register."""

    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    invitation: str = ""


def require_open(*, email: str | None = None, invitation: str = "") -> None:
    """Raise unless ``REGISTRATION`` lets somebody with this address (None: not known yet) and invitation register.

    Whoever lets people sign up asks this before anything else, so that a refusal tells nothing about accounts.
    Raises RegistrationClosed, RegistrationByInvitation, and WrongRecipient for an invitation to another address.
    """
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    if settings.REGISTRATION == "invitation":
        try:
            answers.check(invitation, email=email)
        except InvalidLink:
            raise RegistrationByInvitation from None


def register(
    wanted: NewAccount, *, request: HttpRequest | None = None, user_agent: str = "", address: str = ""
) -> Registered | None:
    """Create a user with an account, and accept the invitation if there is one.

    If ``EMAIL_VERIFICATION`` is ``"mandatory"``, return None after the same work for every address: a worker creates
    the account, or mails the owner of a taken address. Otherwise raise EmailTaken for a taken address. Also raises
    UsernameTaken, WeakPassword, ValidationFailed, InvalidLink and WrongRecipient, and what the hook
    ``before_register`` raises. An error leaves nothing behind. Whoever gets tokens has signed in, so Django's
    ``user_logged_in`` is sent, with the ``request``.
    """
    username = wanted.username or make_up_username()
    candidate = _candidate(wanted, username)
    if settings.EMAIL_VERIFICATION == "mandatory":
        candidate.set_password(wanted.password)
        _register_later(wanted, candidate.password, device=device_name(user_agent))
        return None
    if account_by_email(wanted.email) is not None:
        raise EmailTaken
    account = build_account(
        email=wanted.email,
        username=username,
        password=wanted.password,
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        known_devices=[device_name(user_agent)],
    )
    with atomic():
        _ask_hook(wanted)
        create_user(account)
        if wanted.invitation:
            answers.accept(account, wanted.invitation)
        if account.email_verified_at is None and settings.EMAIL_VERIFICATION != "none":
            request_verification(account)
        pair = begin_session(account, user_agent=user_agent, address=address)
        announce_sign_in(account, request)
    return Registered(account, pair)


def _candidate(wanted: NewAccount, username: str) -> Any:
    """Return the unsaved user that somebody wants to be.

    Raises what refuses their invitation, their username or their password.
    """
    if wanted.invitation:
        answers.check(wanted.invitation, email=wanted.email)
    if wanted.username:
        require_username(wanted.username)
    candidate = host_user.build_user_without_password(
        email=wanted.email, username=username, first_name=wanted.first_name, last_name=wanted.last_name
    )
    require_strong(wanted.password, candidate)
    return candidate


def complete(key: str) -> None:
    """Create the account of a registration, as a worker. If its address is taken, mail the owner. Safe to run twice.

    If the username is taken by now, a made-up one takes its place. If the invitation has ended, the address has to be
    verified.
    """
    try:
        try:
            _create(key)
        except UsernameTaken:
            _create(key, username=make_up_username())
    except EmailTaken:
        _tell_owner(key)


@atomic()
def _register_later(wanted: NewAccount, password_hash: str, *, device: str) -> None:
    _ask_hook(wanted)  # here and not in the worker, because what it refuses must not tell whether the address is taken
    registration = registrations.remember(
        email=wanted.email,
        username=wanted.username,
        password=wanted.password,
        password_hash=password_hash,
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        invitation=invitation_tokens.read(wanted.invitation).invitation if wanted.invitation else None,
        device=device,
    )
    enqueue(REGISTER, registration=str(registration.pk))


@atomic()
def _create(key: str, *, username: str = "") -> None:
    registration = registrations.lock_registration(key)
    if registration is None:
        return
    account = build_account(
        email=registration.email,
        username=username or registration.username or make_up_username(),
        password_hash=registration.password,
        first_name=registration.first_name,
        last_name=registration.last_name,
        known_devices=[registration.device],
    )
    create_user(account)
    if registration.invitation:
        with suppress(OrgKitError):  # it has ended, or nobody may join any more
            answers.accept_by_id(account, registration.invitation)
    if account.email_verified_at is None:
        request_verification(account)
    else:
        enqueue("orgkit.accounts.mail_registered", account=account.slug)
    registration.delete()


@atomic()
def _tell_owner(key: str) -> None:
    registration = registrations.lock_registration(key)
    if registration is not None:
        enqueue("orgkit.accounts.mail_already_registered", email=registration.email)
        registrations.settle(registration, account_by_email(registration.email))


def _ask_hook(wanted: NewAccount) -> None:
    """Call ``before_register`` with everything but the password, which concerns nobody else."""
    run_hook(
        "before_register",
        email=wanted.email,
        username=wanted.username,
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        invitation=wanted.invitation,
    )
