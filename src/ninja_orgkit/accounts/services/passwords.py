"""Check, change and reset passwords."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.errors import InvalidJwt, WeakPassword, WrongPassword
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.selectors import active_account_of, lock_account, lock_account_of
from ninja_orgkit.accounts.services.accounts import mark_verified
from ninja_orgkit.accounts.services.sessions import delete_sessions, renew
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.visible import is_blank
from ninja_orgkit.errors import InvalidLink


def require_strong(password: str, user: Any = None, *, field: str = "password") -> None:
    """Raise WeakPassword if nothing can be seen of the password, or unless the host's validators accept it."""
    try:
        if is_blank(password):
            raise ValidationError("The password has no visible character.")
        validate_password(password, user)
    except ValidationError as exc:
        found = [{"loc": ["body", field], "msg": message, "type": "weak_password"} for message in exc.messages]
        raise WeakPassword(errors=found) from None


def require_password(account: Account, password: str) -> None:
    """Raise WrongPassword unless this is the account's password. Django may rehash the password here."""
    if not account.user.check_password(password):
        raise WrongPassword


def change_password(account: Account, *, session: Session | None, old: str, new: str) -> tokens.Pair | None:
    """Set a new password, end every session of the kit but ``session``, and return new tokens for that one.

    Returns None if there is no ``session``. Raises WrongPassword, WeakPassword, and Unauthenticated if the session has
    ended.
    """
    require_password(account, old)
    require_strong(new, account.user, field="new_password")
    account.user.set_password(new)  # before the transaction, because hashing is slow
    with atomic():
        locked = lock_account(account)
        if locked.password_changes != account.password_changes:
            raise InvalidJwt  # somebody else has just set a password, which ended this session
        _store_password(locked, account.user)
        delete_sessions(locked, but=session)
        return renew(session, locked) if session else None


def request_reset(email: str) -> None:
    """Mail a reset link, in the background. The answer does not depend on whether an account has this address."""
    with atomic():
        enqueue("orgkit.accounts.mail_password_reset", email=email)


def confirm_reset(token: str, new: str) -> None:
    """Set a new password with a mailed token, mark the address as verified, and end every session.

    Raises InvalidLink if the token is invalid or was already used, and WeakPassword, after which the token still works.
    """
    read = tokens.read_reset_token(token)
    account = active_account_of(read.slug)
    if not read.can_apply(account):
        raise InvalidLink
    require_strong(new, account.user, field="new_password")
    account.user.set_password(new)  # before the transaction, because hashing is slow
    with atomic():
        locked = lock_account_of(read.slug)
        if not read.can_apply(locked):
            raise InvalidLink
        _store_password(locked, account.user)
        mark_verified(locked)
        delete_sessions(locked)


def _store_password(account: Account, user: Any) -> None:
    """Write the password that was set on this instance of the user, and read the count that follows."""
    user.save(update_fields=["password"])
    account.refresh_from_db(fields=["password_changes"])
