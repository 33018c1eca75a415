"""Verify e-mail addresses, and change them once the new address is proven."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError
from django.utils import timezone

from ninja_orgkit.accounts import host_user, tokens
from ninja_orgkit.accounts.errors import EmailTaken
from ninja_orgkit.accounts.models import Account, EmailChange
from ninja_orgkit.accounts.selectors import lock_account_of
from ninja_orgkit.accounts.services.accounts import TAKEN_ERRORS, forget_address
from ninja_orgkit.accounts.services.passwords import require_password
from ninja_orgkit.audit.actions import ADDRESS_VERIFIED
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.errors import InvalidLink

_MAX_DELAY = timedelta(days=3)
"""How long after the request a mail may be sent. Its link works for a time from then on."""


def request_verification(account: Account) -> None:
    """Mail the link that verifies the current address, in the background."""
    enqueue("orgkit.accounts.mail_verification", account=account.slug)


def resend_verification(email: str) -> None:
    """Mail the link again, in the background. The answer does not depend on whether an account has this address."""
    with atomic():
        enqueue("orgkit.accounts.resend_verification", email=email)


def request_change(account: Account, *, email: str, password: str | None) -> None:
    """Mail a link to the new address and a notice to the current one, in the background.

    The caller does not learn whether the new address is taken. Raises WrongPassword if the password is wrong, or if it
    is required and missing.
    """
    if settings.EMAIL_CHANGE_REQUIRES_PASSWORD or password is not None:
        require_password(account, password or "")
    with atomic():
        change = str(EmailChange.objects.create(account=account, email=email).pk)
        enqueue("orgkit.accounts.mail_email_change_notice", change=change)
        enqueue("orgkit.accounts.mail_email_change", change=change)


@atomic()
def verify(token: str, *, dry_run: bool = False) -> None:
    """Verify the current address or change to the new one, as the mailed link says.

    Using the link again changes nothing, and a ``dry_run`` only judges the token. Raises InvalidLink if the address has
    changed since the mail, or is now taken. A link that changes the address also becomes invalid when the password
    changes.
    """
    read = tokens.read_email_token(token)
    account = lock_account_of(read.slug)
    email = _asked_for(read.change) if read.change else account.email
    if read.has_applied(account) and account.email == email:
        return
    if not read.can_apply(account):
        raise InvalidLink
    if not dry_run:
        _apply(account, email)


def purge_changes() -> int:
    """Delete the addresses whose links have expired, and return their number."""
    expired = timezone.now() - settings.EMAIL_CHANGE_TOKEN_LIFETIME - _MAX_DELAY
    return EmailChange.objects.filter(created_at__lt=expired).delete()[0]


def _asked_for(change: str) -> str:
    """Return the address of a change. Raises InvalidLink if it is gone."""
    email: str | None = EmailChange.objects.filter(pk=change).values_list("email", flat=True).first()
    if email is None:
        raise InvalidLink
    return email


def _apply(account: Account, email: str) -> None:
    if not forget_address(account, unless=email) and account.email_verified_at is None:
        announce(ADDRESS_VERIFIED, account)
    account.email_verified_at = timezone.now()
    account.email = email
    account.email_key = email_key(email)
    columns = ["email", "email_key", "email_changes", "email_verified_at", "updated_at"]
    try:
        with constraint_errors(Account, **TAKEN_ERRORS):
            account.save(update_fields=columns)
            fields = host_user.write_email(account.user, email)
            if fields:
                account.user.save(update_fields=fields)
    except (EmailTaken, IntegrityError):  # a constraint of the host's user model
        raise InvalidLink from None
