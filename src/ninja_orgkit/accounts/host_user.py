"""Read and write the host's user model. No other module knows its fields."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import get_hasher, identify_hasher, is_password_usable
from django.core.exceptions import FieldDoesNotExist

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.errors import field_error

_NAMES = ("first_name", "last_name")
_MAX_USERNAME_LENGTH = 150
_STORED = "_orgkit_stored_password"


def email_field() -> str:
    """Return the name of the user's e-mail field, or "" if the model has none."""
    name = get_user_model().get_email_field_name()
    return name if _has_field(name) else ""


def username_field() -> str:
    """Return the name of the field with a username that is not the e-mail address, or "" if the model has none."""
    identifier = str(get_user_model().USERNAME_FIELD)
    if identifier != email_field():
        return identifier
    return "username" if _has_field("username") else ""


def has_active_column() -> bool:
    """Tell whether the user model has a column for being active. Without one, only an instance can tell."""
    return _has_field("is_active")


def has_last_login_column() -> bool:
    """Tell whether the user model has a column for the last sign-in."""
    return _has_field("last_login")


def build_user_without_password(*, email: str, username: str, first_name: str = "", last_name: str = "") -> Any:
    """Return an unsaved user of the host's model with these values but without a password."""
    user: Any = get_user_model()()
    write_email(user, email)
    write_username(user, username)
    for name, value in zip(_NAMES, (first_name, last_name), strict=True):
        _write(user, name, name if _has_field(name) else "", value)
    return user


def read_profile(user: AbstractBaseUser, *, written: Collection[str] | None = None) -> dict[str, str]:
    """Return the values of a user that its account copies, limited to the fields that the user model has.

    ``written`` names the fields of the user that were saved; None means all of them. Other fields may be stale.
    """
    sources = {
        "email": email_field(),
        "username": username_field(),
        **{name: name for name in _NAMES if _has_field(name)},
    }
    found = {target: source for target, source in sources.items() if source and (written is None or source in written)}
    return {target: str(getattr(user, source) or "") for target, source in found.items()}


@dataclass(frozen=True)
class Saving:
    """What saving a user changes, besides what its account copies: the password, and whether it is active."""

    password: bool = False
    is_active: bool = False


def what_changes(user: Any, *, using: str, written: Collection[str] | None) -> Saving:
    """Return what saving a user changes. A new hash of the same password is not a change.

    ``written`` names the fields that are saved; None means all of them. Call it before the save. It takes a statement
    unless neither field is saved, or only a password that Django's ``set_password()`` has set.
    """
    if user._state.adding:
        return Saving()
    saved = [name for name in ("password", "is_active") if _has_field(name) and (written is None or name in written)]
    # set_password() leaves the password here until it is saved
    is_set = "password" in saved and getattr(user, "_password", None) is not None
    read = [name for name in saved if name != "password" or not is_set]
    users = get_user_model()._base_manager.using(using).filter(pk=user.pk)
    stored = (users.values(*read).first() if read else None) or {}
    differing = {name for name, value in stored.items() if value != getattr(user, name)}
    is_other_password = "password" in differing and not _is_hashed_anew(user)
    return Saving(password=is_set or is_other_password, is_active="is_active" in differing)


def note_stored_password(user: Any) -> None:
    """Remember, on the instance, the hash that it has just written."""
    vars(user)[_STORED] = getattr(user, "password", None)


def _is_hashed_anew(user: Any) -> bool:
    """Tell whether the hash is the work of ``check_password()``, which upgrades an outdated one.

    It calls ``set_password()`` and then blanks ``_password``, so that this is not taken for a change. A save blanks it
    too, so an instance that has stored a password before must have had an outdated hash.
    """
    if not is_password_usable(user.password) or "_password" not in vars(user):
        return False
    before = vars(user).get(_STORED)
    return before in (None, user.password) or _is_outdated(before)


def _is_outdated(encoded: str) -> bool:
    """Tell whether the host's ``PASSWORD_HASHERS`` would hash this password anew when it is checked."""
    preferred = get_hasher()
    return identify_hasher(encoded).algorithm != preferred.algorithm or preferred.must_update(encoded)


def write_email(user: Any, email: str) -> list[str]:
    """Set the e-mail address and return the names of the changed fields."""
    return _write(user, "email", email_field(), email)


def write_username(user: Any, username: str) -> list[str]:
    """Set the username and return the names of the changed fields."""
    return _write(user, "username", username_field(), username)


def write_names(user: Any, account: Account) -> list[str]:
    """Copy the first and last name from the account and return the names of the changed fields."""
    values = ((name, name if _has_field(name) else "", getattr(account, name)) for name in _NAMES)
    return [field for name, field, value in values for field in _write(user, name, field, value)]


def max_username_length() -> int:
    """Return the maximum length of a username in characters: that of the user's column, or else of the account's."""
    return _max_length(username_field()) or _MAX_USERNAME_LENGTH


def _write(user: Any, name: str, field: str, value: str) -> list[str]:
    """Set a field, if the model has it. Raises ValidationFailed if the value is too long for the host's column."""
    if not field or getattr(user, field) == value:
        return []
    max_length = _max_length(field)
    if max_length is not None and len(value) > max_length:
        raise field_error(
            ["body", name],
            "String should have at most {max_length} characters",
            "string_too_long",
            max_length=max_length,
        )
    setattr(user, field, value)
    return [field]


def _max_length(field: str) -> int | None:
    return getattr(get_user_model()._meta.get_field(field), "max_length", None) if field else None


def _has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def is_of_another(user: Any, field: str) -> bool:
    """Tell whether another user of the host has the same value in this field ("" means no field)."""
    others = get_user_model()._default_manager.exclude(pk=user.pk)
    return bool(field) and others.filter(**{field: getattr(user, field)}).exists()
