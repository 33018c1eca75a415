"""Register users: create the user, the account and the organizations that they get together, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from ninja_orgkit.accounts import host_user, tokens
from ninja_orgkit.accounts.errors import EmailTaken, RegistrationByInvitation, RegistrationClosed
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_email
from ninja_orgkit.accounts.services.accounts import build_account, create_user, make_up_username, require_username
from ninja_orgkit.accounts.services.emails import request_verification
from ninja_orgkit.accounts.services.passwords import require_strong
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.accounts.services.sign_in import announce_sign_in
from ninja_orgkit.accounts.services.unseen import remember_chosen_password
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import run_hook
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.organizations.services import invitations


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
            invitations.check(invitation, email=email)
        except InvalidLink:
            raise RegistrationByInvitation from None


def register(
    wanted: NewAccount, *, request: HttpRequest | None = None, device: str = "", address: str = ""
) -> Registered | None:
    """Create a user with an account, and accept the invitation if there is one.

    If ``EMAIL_VERIFICATION`` is ``"mandatory"``, return None and mail the address, whether it was free or taken.
    Otherwise raise EmailTaken for a taken address. Also raises UsernameTaken, WeakPassword, ValidationFailed,
    InvalidLink and WrongRecipient, and what the hook ``before_register`` raises. An error leaves nothing behind.
    Whoever gets tokens has signed in, so Django's ``user_logged_in`` is sent, with the ``request``.
    """
    if wanted.invitation:
        invitations.check(wanted.invitation, email=wanted.email)
    if wanted.username:
        require_username(wanted.username)
    username = wanted.username or make_up_username()
    candidate = host_user.build_user_without_password(
        email=wanted.email, username=username, first_name=wanted.first_name, last_name=wanted.last_name
    )
    require_strong(wanted.password, candidate)
    if settings.EMAIL_VERIFICATION == "mandatory":
        _register_unseen(wanted, username)
        return None
    if account_by_email(wanted.email) is not None:
        raise EmailTaken
    account = _build(wanted, username)
    with atomic():
        _create(account, wanted)
        pair = begin_session(account, device=device, address=address)
    announce_sign_in(account, request)
    return Registered(account, pair)


def _register_unseen(wanted: NewAccount, username: str) -> None:
    """Register without telling the caller whether the address is taken. Only its owner learns that, by mail."""
    if account_by_email(wanted.email) is not None:
        make_password(wanted.password)  # as much work as for a new account
        _tell_owner(wanted)
        return
    account = _build(wanted, username)
    try:
        with atomic():
            _create(account, wanted)
            if account.email_verified_at is not None:  # an invitation verified it, so no other mail follows
                enqueue("orgkit.accounts.mail_registered", account=account.slug)
    except EmailTaken:
        _tell_owner(wanted)


@atomic()
def _tell_owner(wanted: NewAccount) -> None:
    _ask_hook(wanted)  # what it refuses must not tell whether the address is taken
    owner = account_by_email(wanted.email)
    if owner is not None:
        remember_chosen_password(owner, wanted.password)
    enqueue("orgkit.accounts.mail_already_registered", email=wanted.email)


def _build(wanted: NewAccount, username: str) -> Account:
    return build_account(
        email=wanted.email,
        username=username,
        password=wanted.password,
        first_name=wanted.first_name,
        last_name=wanted.last_name,
    )


def _create(account: Account, wanted: NewAccount) -> None:
    _ask_hook(wanted)
    create_user(account)
    if wanted.invitation:
        invitations.accept(account, wanted.invitation)
    if account.email_verified_at is None and settings.EMAIL_VERIFICATION != "none":
        request_verification(account)


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
