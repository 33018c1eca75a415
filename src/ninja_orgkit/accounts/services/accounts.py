"""Accounts as rows: made with users, kept in step with them, edited by their owners."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from ninja_orgkit.accounts import users
from ninja_orgkit.accounts.errors import EmailTaken, UsernameTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_email, username_is_taken
from ninja_orgkit.conf import settings
from ninja_orgkit.constraints import refusing
from ninja_orgkit.errors import field_error
from ninja_orgkit.keys import email_key, username_key
from ninja_orgkit.slugs import random_part

KEYS: dict[str, Any] = {"orgkit_account_email_key": EmailTaken, "orgkit_account_username_key": UsernameTaken}

_LONGEST = {field.name: field.max_length for field in Account._meta.concrete_fields}
_DERIVED = 20
_KEY_OF = {"email": ("email_key", email_key), "username": ("username_key", username_key)}


def follow_user(user: Any) -> Account:
    """Create the account of a user, or bring it in step with the user's row.

    A canonical key that another account holds stays NULL: the user exists, but is not found by it.
    """
    prepared: Account | None = user._state.fields_cache.get("orgkit_account")
    if prepared is not None and prepared._state.adding:
        prepared.user = user  # the user has its key only now
        prepared.save(force_insert=True)
        return prepared
    account = Account.objects.filter(pk=user.pk).first() or Account(user=user)
    changed = [name for name, value in users.read_profile(user).items() if _follow(account, name, value)]
    if account._state.adding:
        account.save(force_insert=True)
    elif changed:
        account.save(update_fields=[*changed, *(_KEY_OF[name][0] for name in changed if name in _KEY_OF)])
    return account


def create_user(
    *, email: str, username: str, password: str, first_name: str, last_name: str, **profile: Any
) -> Account:
    """Create a user with its account. Raises EmailTaken and UsernameTaken."""
    user = users.build_user(
        email=email, username=username, password=password, first_name=first_name, last_name=last_name
    )
    account = Account(
        user=user,
        username=username,
        username_key=username_key(username),
        email=email,
        email_key=email_key(email),
        first_name=first_name,
        last_name=last_name,
        **profile,
    )
    try:
        with refusing(Account, **KEYS):
            _refuse_names_of_users(user)
            user.save(force_insert=True)
    except IntegrityError:
        # A constraint of the host's user model was faster than ours: say which of the two it was about.
        if account_by_email(email) is not None:
            raise EmailTaken from None
        _refuse_names_of_users(user)
        raise
    return account


def check_username(username: str, *, own: Account | None = None) -> str | None:
    """Return why a username cannot be had, ``invalid``, ``reserved`` or ``taken``; None when it can."""
    shortest, longest = settings.USERNAME_MIN_LENGTH, settings.USERNAME_MAX_LENGTH
    key = username_key(username)
    if not key or not shortest <= len(username) <= longest or not re.fullmatch(settings.USERNAME_PATTERN, username):
        return "invalid"
    if key in {username_key(name) for name in settings.RESERVED_USERNAMES}:
        return "reserved"
    if own is not None and own.username_key == key:
        return None
    return "taken" if username_is_taken(username) else None


def require_username(username: str, *, own: Account | None = None) -> None:
    """Raise UsernameTaken, or ValidationFailed for a name that nobody can have."""
    match check_username(username, own=own):
        case "taken":
            raise UsernameTaken
        case str() as reason:
            raise field_error(["body", "username"], f"This username is {reason}", f"username_{reason}")


def derive_username(email: str) -> str:
    """Return a free username made of an e-mail address, random at its end when the plain one cannot be had."""
    local = re.sub(r"[^A-Za-z0-9._-]", "", email.partition("@")[0])[:_DERIVED].strip("._-") or "user"
    return local if check_username(local) is None else randomised(local)


def randomised(username: str) -> str:
    """Return a username with a random end, within the default length."""
    return f"{username[:_DERIVED]}-{random_part()}"


@transaction.atomic
def update_profile(account: Account, changes: dict[str, Any]) -> Account:
    """Change the given fields of a profile, the username included. Raises UsernameTaken."""
    account = Account.objects.select_for_update(of=("self",)).select_related("user").get(pk=account.pk)
    user_fields: list[str] = []
    if "username" in changes and changes["username"] != account.username:
        require_username(changes["username"], own=account)
        account.username_key = username_key(changes["username"])
        user_fields += users.write_username(account.user, changes["username"])
    for name, value in changes.items():
        setattr(account, name, value)
    user_fields += users.write_names(account.user, account)
    with refusing(Account, **KEYS):
        account.save(update_fields=[*changes, *(["username_key"] if "username" in changes else []), "updated_at"])
        if user_fields:
            _refuse_names_of_users(account.user)
            account.user.save(update_fields=user_fields)
    return account


def _refuse_names_of_users(user: Any) -> None:
    """Raise UsernameTaken when a user without a (matching) account has exactly this name."""
    field = users.username_field()
    if field and get_user_model()._default_manager.filter(**{field: getattr(user, field)}).exclude(pk=user.pk).exists():
        raise UsernameTaken


def _follow(account: Account, name: str, value: str) -> bool:
    """Take a value over from the user's row; tell whether that changed anything."""
    value = value[: _LONGEST[name]]
    keyless = name in _KEY_OF and getattr(account, _KEY_OF[name][0]) is None and value  # its holder may have gone
    if getattr(account, name) == value and not account._state.adding and not keyless:
        return False
    setattr(account, name, value)
    if name in _KEY_OF:
        column, canonical = _KEY_OF[name]
        key = canonical(value)
        taken = key is not None and Account.objects.filter(**{column: key}).exclude(pk=account.pk).exists()
        setattr(account, column, None if taken else key)
    return True
