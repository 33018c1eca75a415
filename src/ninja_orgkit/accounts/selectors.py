"""Find and lock accounts and their sessions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.keys import username_key
from ninja_orgkit.database.locks import lock_of
from ninja_orgkit.errors import InvalidLink, NotFound, Unauthenticated


def login_key(login: str) -> tuple[str, str | None]:
    """Return the column and the canonical key of a login. A login that contains ``@`` is an e-mail address."""
    address = login.replace("\uff20", "@")  # as East Asian keyboards type it
    if "@" in address:
        return "email_key", email_key(address)
    return "username_key", username_key(login)


def account_by_login(login: str) -> Account | None:
    """Return the account with this e-mail address or username, and its user, or None.

    Takes one statement, which uses a unique index.
    """
    column, key = login_key(login)
    return Account.objects.select_related("user").filter(**{column: key}).first() if key else None


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


def lock_account_of(slug: str) -> Account:
    """Lock and return the active account that a mailed token names. Raises InvalidLink if there is none."""
    locked = _locked(slug=slug)
    if locked is None or not locked.user.is_active:
        raise InvalidLink
    return locked


def _locked(**lookup: Any) -> Account | None:
    return Account.objects.select_for_update(of=lock_of("self", "user")).select_related("user").filter(**lookup).first()


def username_is_taken(username: str) -> bool:
    """Tell whether an account has this username, in any spelling."""
    return Account.objects.filter(username_key=username_key(username)).exists()


def sessions_beside(session: Session) -> QuerySet[Session, Any]:
    """Return all live sessions of the account that owns a session, as rows."""
    # A password that was set elsewhere leaves the rows of earlier sessions, but they no longer work.
    live = Session.objects.filter(
        account=session.account_id, password_changes=session.password_changes, expires_at__gt=timezone.now()
    )
    return live.values("id", "device", "address", "created_at", "last_used_at")


def session_of(account: Account, session_id: str) -> Session:
    """Return one session of an account. Raises NotFound."""
    session = Session.objects.filter(account=account, pk=session_id).first()
    if session is None:
        raise NotFound
    return session
