"""Finding accounts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.errors import NotFound
from ninja_orgkit.keys import email_key, username_key


def account_by_login(login: str) -> Account | None:
    """Return the account with this e-mail address or username, with its user; None when there is none.

    What contains ``@`` is an address. One statement, by a unique index.
    """
    key = {"email_key": email_key(login)} if "@" in login else {"username_key": username_key(login)}
    return Account.objects.select_related("user").filter(**key).first() if all(key.values()) else None


def account_by_email(email: str) -> Account | None:
    """Return the account that holds this address, with its user; None when there is none."""
    key = email_key(email)
    return Account.objects.select_related("user").filter(email_key=key).first() if key else None


def username_is_taken(username: str) -> bool:
    """Tell whether an account has this username, in whatever spelling."""
    return Account.objects.filter(username_key=username_key(username)).exists()


def sessions_of(account: Account) -> QuerySet[Session, Any]:
    """Return the live sessions of an account as rows."""
    live = Session.objects.filter(account=account, expires_at__gt=timezone.now())
    return live.values("id", "device", "address", "created_at", "last_used_at")


def session_of(account: Account, session_id: str) -> Session:
    """Return one session of an account. Raises NotFound."""
    session = Session.objects.filter(account=account, pk=session_id).first()
    if session is None:
        raise NotFound
    return session
