"""Send the mails of accounts, and delete what has expired.

Tokens are made here, in the worker, and stored nowhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.models import Account, EmailChange
from ninja_orgkit.accounts.selectors import account_by_email
from ninja_orgkit.accounts.services import emails, registrations, sessions
from ninja_orgkit.background.mail import MAIL_TASK, frontend_link, send_mail
from ninja_orgkit.conf import settings
from ninja_orgkit.database.addresses import email_key


@shared_task(name="orgkit.accounts.mail_password_reset", **MAIL_TASK)
def mail_password_reset(email: str) -> None:
    """Mail a reset link to the active account that has this address, if any."""
    account = account_by_email(email)
    if account is not None and account.user.is_active:
        _mail_reset_link("password_reset", account)


@shared_task(name="orgkit.accounts.mail_notice", **MAIL_TASK)
def mail_notice(kind: str, account: str, to: str, details: dict[str, Any]) -> None:
    """Tell the owner of an account what happened to it: at the address ``to``, or at the current one if it is empty."""
    found = _active(account)
    address = to or (found.email if found else "")
    if found is not None and address:
        send_mail(f"{kind}_notice", address, language=found.preferred_language, account=found, **details)


@shared_task(name="orgkit.accounts.mail_verification", **MAIL_TASK)
def mail_verification(account: str) -> None:
    """Mail the link that verifies the address of an account, unless the address is already verified."""
    found = Account.objects.select_related("user").filter(slug=account, email_verified_at=None).first()
    if found is not None and found.email and found.user.is_active:
        link = frontend_link("verify_email", tokens.mint_verification(found))
        context = {"account": found, "link": link, **_validity(settings.VERIFICATION_TOKEN_LIFETIME)}
        send_mail("verify_email", found.email, language=found.preferred_language, **context)


@shared_task(name="orgkit.accounts.resend_verification", **MAIL_TASK)
def resend_verification(email: str) -> None:
    """Mail the verification link again, if an unverified account has this address."""
    account = account_by_email(email)
    if account is not None:
        mail_verification(account.slug)


@shared_task(name="orgkit.accounts.mail_registered", **MAIL_TASK)
def mail_registered(account: str) -> None:
    """Tell a new user that the account is ready, when no link has to be opened first."""
    found = Account.objects.filter(slug=account).first()
    if found is not None:
        send_mail("registered", found.email, language=found.preferred_language, account=found)


@shared_task(name="orgkit.accounts.mail_already_registered", **MAIL_TASK)
def mail_already_registered(email: str) -> None:
    """Tell the owner of an address that someone registered with it, and how to choose a new password."""
    account = account_by_email(email)
    if account is not None and account.user.is_active:
        _mail_reset_link("already_registered", account)


@shared_task(name="orgkit.accounts.mail_email_change", **MAIL_TASK)
def mail_email_change(change: str) -> None:
    """Mail the link to the new address. If the address is taken, tell its owner instead."""
    found = _change(change)
    if found is None:
        return
    holder = account_by_email(found.email)
    if holder is not None and holder.pk != found.account_id:
        send_mail("email_change_taken", holder.email, language=holder.preferred_language, account=holder)
        return
    link = frontend_link("verify_email", tokens.mint_email_change(found))
    context = {"account": found.account, "link": link, **_validity(settings.EMAIL_CHANGE_TOKEN_LIFETIME)}
    send_mail("email_change", found.email, language=found.account.preferred_language, **context)


@shared_task(name="orgkit.accounts.mail_email_change_notice", **MAIL_TASK)
def mail_email_change_notice(change: str) -> None:
    """Mail a notice of the change to the current address, if the new address is a different one.

    This is a task of its own, so that a failure with the new address does not send the notice again.
    """
    found = _change(change)
    if found is not None and found.account.email and found.account.email_key != email_key(found.email):
        account = found.account
        language = account.preferred_language
        send_mail("email_change_notice", account.email, language=language, account=account, email=found.email)


@shared_task(name="orgkit.accounts.purge_sessions", ignore_result=True)
def purge_sessions() -> None:
    """Delete expired sessions."""
    sessions.purge_sessions()


@shared_task(name="orgkit.accounts.purge_registrations", ignore_result=True)
def purge_registrations() -> None:
    """Delete registrations and changes of address that are too old to matter."""
    registrations.purge_registrations()
    emails.purge_changes()


def _mail_reset_link(name: str, account: Account) -> None:
    link = frontend_link("reset_password", tokens.mint_reset(account))
    context = {"account": account, "link": link, **_validity(settings.RESET_TOKEN_LIFETIME)}
    send_mail(name, account.email, language=account.preferred_language, **context)


def _validity(lifetime: timedelta) -> dict[str, Any]:
    """Return when a link is sent and when it expires. The templates say for how long it works."""
    now = timezone.now()
    return {"sent_at": now, "expires_at": now + lifetime}


def _active(account: str) -> Account | None:
    found = Account.objects.select_related("user").filter(slug=account).first()
    return found if found is not None and found.user.is_active else None


def _change(key: str) -> EmailChange | None:
    """Return the change of address of an active account, or None."""
    found = EmailChange.objects.select_related("account__user").filter(pk=key).first()
    return found if found is not None and found.account.user.is_active else None
