"""Mails of accounts, and their housekeeping. Tokens are minted here, in the worker, and nowhere kept."""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_email
from ninja_orgkit.accounts.services import sessions
from ninja_orgkit.background.mail import MAIL_TASK, frontend_link, send_mail
from ninja_orgkit.database.keys import email_key


@shared_task(name="orgkit.accounts.mail_password_reset", **MAIL_TASK)
def mail_password_reset(email: str) -> None:
    """Mail a reset link to the active account that has this address, if any."""
    account = account_by_email(email)
    if account is not None and account.user.is_active:
        link = frontend_link("reset_password", tokens.mint_reset(account))
        send_mail("password_reset", account.email, language=account.preferred_language, account=account, link=link)


@shared_task(name="orgkit.accounts.mail_verification", **MAIL_TASK)
def mail_verification(account: str) -> None:
    """Mail the link that verifies the address of an account, unless it is verified."""
    found = Account.objects.select_related("user").filter(slug=account, email_verified_at=None).first()
    if found is not None and found.email and found.user.is_active:
        link = frontend_link("verify_email", tokens.mint_verification(found))
        send_mail("verify_email", found.email, language=found.preferred_language, account=found, link=link)


@shared_task(name="orgkit.accounts.resend_verification", **MAIL_TASK)
def resend_verification(email: str) -> None:
    """Mail the link again to an address that an unverified account has."""
    account = account_by_email(email)
    if account is not None:
        mail_verification(account.slug)


@shared_task(name="orgkit.accounts.mail_registered", **MAIL_TASK)
def mail_registered(account: str) -> None:
    """Tell who registered that the account is ready, where no link has to be opened first."""
    found = Account.objects.filter(slug=account).first()
    if found is not None:
        send_mail("registered", found.email, language=found.preferred_language, account=found)


@shared_task(name="orgkit.accounts.mail_already_registered", **MAIL_TASK)
def mail_already_registered(email: str) -> None:
    """Tell the owner of an address that somebody registered with it, and how to get in: by a password of their own."""
    account = account_by_email(email)
    if account is not None and account.user.is_active:
        link = frontend_link("reset_password", tokens.mint_reset(account))
        send_mail("already_registered", account.email, language=account.preferred_language, account=account, link=link)


@shared_task(name="orgkit.accounts.mail_email_change", **MAIL_TASK)
def mail_email_change(account: str, email: str) -> None:
    """Mail the link to the new address; tell the owner of a taken one so instead."""
    found = _active(account)
    if found is None:
        return
    holder = account_by_email(email)
    if holder is not None and holder.pk != found.pk:
        send_mail("email_change_taken", holder.email, language=holder.preferred_language, account=holder)
        return
    link = frontend_link("verify_email", tokens.mint_email_change(found, email))
    send_mail("email_change", email, language=found.preferred_language, account=found, link=link)


@shared_task(name="orgkit.accounts.mail_email_change_notice", **MAIL_TASK)
def mail_email_change_notice(account: str, email: str) -> None:
    """Mail a notice of the wished change to the present address, if the new one is another.

    A task of its own: what goes wrong with the new address must not send this one again.
    """
    found = _active(account)
    if found is not None and found.email and found.email_key != email_key(email):
        send_mail("email_change_notice", found.email, language=found.preferred_language, account=found, email=email)


@shared_task(name="orgkit.accounts.purge_sessions", ignore_result=True)
def purge_sessions() -> None:
    """Delete expired sessions."""
    sessions.purge_sessions()


def _active(account: str) -> Account | None:
    found = Account.objects.select_related("user").filter(slug=account).first()
    return found if found is not None and found.user.is_active else None
