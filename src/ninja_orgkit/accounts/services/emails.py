"""E-mail addresses: verified, and changed only by who reads the new one's mail."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ninja_orgkit.accounts import tokens, users
from ninja_orgkit.accounts.errors import EmailTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import KEYS
from ninja_orgkit.accounts.services.passwords import require_password
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.constraints import refusing
from ninja_orgkit.errors import InvalidToken
from ninja_orgkit.keys import email_key


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
    enqueue("orgkit.accounts.mail_email_change", account=account.slug, email=email)


@transaction.atomic
def verify(token: str) -> None:
    """Do what a mailed link promises: verify the present address, or change to the new one.

    Doing it again changes nothing. Raises InvalidToken when the address has changed since, or is taken now.
    """
    slug, print_, email = tokens.read_email_token(token)
    account = Account.objects.select_for_update(of=("self",)).select_related("user").filter(slug=slug).first()
    if account is None or not account.user.is_active:
        raise InvalidToken
    if account.email_key != email_key(email) and print_ != tokens.fingerprint(account.email_key):
        raise InvalidToken
    if account.email == email and account.email_verified_at is not None:
        return
    if print_ != tokens.fingerprint(account.email_key):
        raise InvalidToken
    _apply(account, email)


def mark_verified(account: Account) -> None:
    """Count the present address as verified: something that only its owner gets was shown."""
    if account.email_verified_at is None:
        account.email_verified_at = timezone.now()
        account.save(update_fields=["email_verified_at"])


def _apply(account: Account, email: str) -> None:
    account.email_verified_at = timezone.now()
    account.email = email
    account.email_key = email_key(email)
    try:
        with refusing(Account, **KEYS):
            account.save(update_fields=["email", "email_key", "email_verified_at", "updated_at"])
            fields = users.write_email(account.user, email)
            if fields:
                account.user.save(update_fields=fields)
    except EmailTaken:
        raise InvalidToken from None
