"""E-mail addresses: verified, and changed only by who reads the new one's mail."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from ninja_orgkit.accounts import host_user, tokens
from ninja_orgkit.accounts.errors import EmailTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account_of
from ninja_orgkit.accounts.services.accounts import TAKEN_ERRORS, forget_address
from ninja_orgkit.accounts.services.passwords import require_password
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.keys import email_key
from ninja_orgkit.errors import InvalidLink


def request_verification(account: Account) -> None:
    """Have a worker mail the link that verifies the present address."""
    enqueue("orgkit.accounts.mail_verification", account=account.slug)


def resend_verification(email: str) -> None:
    """Have a worker mail the link again, if an unverified account has this address: nothing here depends on it."""
    with transaction.atomic():
        enqueue("orgkit.accounts.resend_verification", email=email)


@transaction.atomic
def request_change(account: Account, *, email: str, password: str | None) -> None:
    """Have a worker mail a link to the new address and a notice to the present one.

    Whether the new one is taken is nothing that the caller learns. Raises WrongPassword when the password is needed
    and wrong, or given and wrong.
    """
    if settings.EMAIL_CHANGE_REQUIRES_PASSWORD or password is not None:
        require_password(account, password or "")
    enqueue("orgkit.accounts.mail_email_change_notice", account=account.slug, email=email)
    enqueue("orgkit.accounts.mail_email_change", account=account.slug, email=email)


@transaction.atomic
def verify(token: str) -> None:
    """Do what a mailed link promises: verify the present address, or change to the new one.

    Doing it again changes nothing. Raises InvalidLink when the address has changed since, or is taken now, and for a
    change when the password is another one.
    """
    read = tokens.read_email_token(token)
    account = lock_account_of(read.slug)
    if read.has_applied(account) and account.email == host_user.normal_email(read.email):
        return
    if not read.can_apply(account):
        raise InvalidLink
    _apply(account, read.email)


def _apply(account: Account, email: str) -> None:
    forget_address(account, unless=email)
    account.email_verified_at = timezone.now()
    account.email = host_user.normal_email(email)
    account.email_key = email_key(email)
    columns = ["email", "email_key", "email_changes", "email_verified_at", "updated_at"]
    try:
        with constraint_errors(Account, **TAKEN_ERRORS):
            account.save(update_fields=columns)
            fields = host_user.write_email(account.user, email)
            if fields:
                account.user.save(update_fields=fields)
    except (EmailTaken, IntegrityError):  # the latter by a constraint of the host's user model
        raise InvalidLink from None
