"""Find and lock accounts and their sessions."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ninja_orgkit.accounts.models import Account, Registration, Session
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.keys import username_key
from ninja_orgkit.database.locks import lock_of
from ninja_orgkit.errors import InvalidLink, NotFound, Unauthenticated


def login_key(login: str) -> str:
    """Return the form that all spellings of an e-mail address or a username have in common, "" for a blank one."""
    address = _as_address(login)
    return (email_key(address) if address else username_key(login)) or ""


def account_by_login(*, email: str = "", username: str = "") -> Account | None:
    """Return the account that signs in with this e-mail address or this username, and its user, or None.

    An ``email`` is looked up as an address first, then as a username, and a ``username`` the other way round. A
    username with an ``@`` is compared as an address is, so that it shares the limit on attempts with the address. Takes
    one statement, which uses the unique indexes.
    """
    login = email or username
    address = _as_address(login)
    key = email_key(address)
    either = [Q(**{column: value}) for column, value in login_keys(login).items()]
    found = Account.objects.select_related("user").filter(reduce(or_, either)) if either else ()
    addressed = [account for account in found if address and account.email_key == key]
    named = [account for account in found if not address or email_key(_as_address(account.username)) == key]
    return next(iter([*addressed, *named] if email else [*named, *addressed]), None)


def login_keys(login: str) -> dict[str, str]:
    """Return the canonical keys, by column, that a login may be: an e-mail address, a username, or both."""
    address = _as_address(login)
    keys = {"username_key": username_key(login), "email_key": email_key(address) if address else None}
    return {column: key for column, key in keys.items() if key}


def _as_address(login: str) -> str:
    """Return a login that is an e-mail address, or looks like one, with a plain ``@``, and "" for any other."""
    address = login.replace("\uff20", "@")  # as East Asian keyboards type it
    return address if "@" in address else ""


def account_of_user(user: Any) -> Account | None:
    """Return the account of a user, or None."""
    return Account.objects.filter(pk=user.pk).first()


def account_by_email(email: str) -> Account | None:
    """Return the account with this e-mail address, and its user, or None."""
    key = email_key(email)
    return Account.objects.select_related("user").filter(email_key=key).first() if key else None


def lock_account(account: Account) -> Account:
    """Lock an account and its user, and return them as they are now. Raises Unauthenticated if they are gone."""
    locked = _locked(pk=account.pk)
    if locked is None:
        raise Unauthenticated
    return locked


def active_account_of(slug: str) -> Account:
    """Return the active account that a mailed token names. Raises InvalidLink if there is none."""
    return _if_active(Account.objects.select_related("user").filter(slug=slug).first())


def lock_account_of(slug: str) -> Account:
    """Lock and return the active account that a mailed token names. Raises InvalidLink if there is none."""
    return _if_active(_locked(slug=slug))


def _if_active(account: Account | None) -> Account:
    if account is None or not account.user.is_active:
        raise InvalidLink
    return account


def _locked(**lookup: Any) -> Account | None:
    return Account.objects.select_for_update(of=lock_of("self", "user")).select_related("user").filter(**lookup).first()


def username_is_taken(username: str, *, own: Account | None = None) -> bool:
    """Tell whether an account has this username in any spelling, or somebody registered with it.

    What was asked for under the address of the account ``own`` is free for it.
    """
    key = username_key(username)
    asked_for = Registration.objects.filter(username_key=key)
    if own is not None:
        asked_for = asked_for.exclude(account=own.pk)
    return Account.objects.filter(username_key=key).exists() or asked_for.exists()


def live_sessions_of(account: Account) -> QuerySet[Session, Any]:
    """Return all live sessions of an account, as rows."""
    # A password that was set elsewhere leaves the rows of earlier sessions, but they no longer work.
    live = Session.objects.filter(
        account=account, password_changes=account.password_changes, expires_at__gt=timezone.now()
    )
    return live.values("id", "name", "user_agent", "address", "created_at", "last_used_at")


def session_of(account: Account, session_id: str) -> Session:
    """Return one session of an account. Raises NotFound."""
    session = Session.objects.filter(account=account, pk=session_id).first()
    if session is None:
        raise NotFound
    session.account = account
    return session


def without_long_texts(rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """Read rows with the account that ``path`` leads to, in the same statement, but without its long columns."""
    return rows.select_related(path).defer(*(f"{path}__{column}" for column in Account.LONG_COLUMNS))
