"""Keep the primary address of allauth and the address of the account in step, verified or not."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import IntegrityError

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import mark_verified
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.logs import get_logger

_log = get_logger(__name__)


def follow_account(account: Account, *, is_new_address: bool) -> None:
    """Make the address of an account the primary one of allauth, verified if the account says so.

    A former primary address is deleted: it would still sign in there. If allauth already has a verified row for a new
    address, then the account counts as verified too. An address whose key another account has stays as it is, and the
    log says so.
    """
    key = email_key(account.email)
    if key is None:
        return
    if account.email_key is None:
        if is_new_address:
            _warn(account)
        return
    rows = list(EmailAddress.objects.filter(user_id=account.pk))
    row = next((row for row in rows if email_key(row.email) == key), None)
    for former in rows:
        if former.primary and former is not row:
            former.delete()
    known = row is not None and row.verified
    verified = account.email_verified_at is not None or (is_new_address and known)
    if row is None or not row.primary or known != verified:
        _write(account, email=row.email if row else account.email.lower(), verified=verified)
    if verified:
        mark_verified(account)


def follow_row(row: EmailAddress, *, is_new: bool) -> None:
    """Let an account follow a row of allauth: its own address is verified or not, or another one becomes primary."""
    account = Account.objects.filter(pk=row.user_id).first()
    if account is None:
        return
    if account.email_key is not None and email_key(row.email) == account.email_key:
        _follow_own(account, row, is_new=is_new)
    elif row.primary and row.verified and account.email.lower() != row.email.lower():
        user = row.user
        user.save(update_fields=host_user.write_email(user, row.email))  # the account follows its user


def _follow_own(account: Account, row: EmailAddress, *, is_new: bool) -> None:
    if row.verified:
        mark_verified(account)
    elif account.email_verified_at is None:
        return
    elif is_new:  # allauth did not know yet what the kit knows
        follow_account(account, is_new_address=False)
        row.refresh_from_db()
    elif row.primary:
        account.email_verified_at = None
        account.save(update_fields=["email_verified_at"])


def _write(account: Account, *, email: str, verified: bool) -> None:
    """Write a primary row. The unique key of the kit says whose address it is: no other user keeps it as verified."""
    values = {"primary": True, "verified": verified}
    try:
        with atomic():
            others = EmailAddress.objects.filter(email=email, verified=True).exclude(user_id=account.pk)
            if verified and others.update(verified=False):
                _warn(account)
            EmailAddress.objects.update_or_create(user_id=account.pk, email=email, defaults=values)
    except IntegrityError:  # another request has just verified it for another user
        _warn(account)


def _warn(account: Account) -> None:
    _log.warning("The address of account %s is another user's too: allauth and the kit are not in step.", account.slug)
