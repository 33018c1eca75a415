"""Create accounts with users, and keep them in step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.errors import EmailTaken, UsernameTaken
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_by_email, account_of_user
from ninja_orgkit.accounts.services.notices import send_notice
from ninja_orgkit.accounts.services.usernames import refuse_username_of_user
from ninja_orgkit.audit.actions import (
    ACCOUNT_CREATED,
    ACCOUNT_UPDATED,
    ADDRESS_CHANGED,
    ADDRESS_VERIFIED,
    PASSWORD_CHANGED,
)
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.keys import username_key
from ninja_orgkit.errors import Unauthenticated

TAKEN_ERRORS: dict[str, Any] = {"orgkit_account_email_key": EmailTaken, "orgkit_account_username_key": UsernameTaken}

_MAX_LENGTHS: dict[str, Any] = {field.name: field.max_length for field in Account._meta.concrete_fields}
_KEY_OF = {"email": ("email_key", email_key), "username": ("username_key", username_key)}


def follow_user(user: Any, *, written: Collection[str] | None = None) -> Account:
    """Create the account of a user, or copy the user's values to it.

    ``written`` names the fields of the user that were saved; None means all of them. A canonical key that another
    account already has, or that is too long for its column, stays NULL: the user cannot sign in with that value.
    """
    known: Account | None = user._state.fields_cache.get("orgkit_account")
    if known is not None and known._state.adding:
        known.user = user  # the user did not have a primary key before
        known.save(force_insert=True)
        announce(ACCOUNT_CREATED, known)
        return known
    if known is not None and written is not None and not host_user.read_profile(user, written=written):
        return known
    account = account_of_user(user)
    profile = host_user.read_profile(user, written=written if account else None)
    account = account or Account(user=user)
    before = values_of(account, profile)
    changed = [column for name, value in profile.items() for column in _follow(account, name, value)]
    if account._state.adding:
        _write(account, force_insert=True)
        announce(ACCOUNT_CREATED, account)
    elif changed:
        _write(account, update_fields=changed)
        announce_update(account, before if "email_changes" not in changed else {**before, "email": account.email})
    return account


def _write(account: Account, **how: Any) -> None:
    """Write an account. A key that another account took first stays NULL."""
    try:
        with constraint_errors(Account, **TAKEN_ERRORS):
            account.save(**how)
    except EmailTaken:
        account.email_key = None
        _write(account, **how)
    except UsernameTaken:
        account.username_key = None
        _write(account, **how)


def account_for(user: Any) -> Account:
    """Return the account of a user, with this instance of the user. A user without an account gets one.

    Raises Unauthenticated if the user is gone.
    """
    account = account_of_user(user)
    if account is None:
        try:
            with atomic():
                account = follow_user(user)
        except IntegrityError:  # another request has just created it, or the user was deleted
            account = account_of_user(user)
    if account is None:
        raise Unauthenticated
    account.user = user
    return account


def as_account(person: Any) -> Account:
    """Return the account of a user, who gets one if there is none, or the account that was given.

    Raises Unauthenticated if the user is gone, and for somebody who is not signed in.
    """
    if isinstance(person, Account):
        return person
    if person.pk is None:
        raise Unauthenticated
    return account_for(person)


def count_password_change(account: Account) -> None:
    """Count that the password of a user was set, and tell its owner.

    That ends the sessions of the account and voids the links mailed so far.
    """
    Account.objects.filter(pk=account.pk).update(password_changes=F("password_changes") + 1)
    announce(PASSWORD_CHANGED, account)
    send_notice("password", account)


def announce_update(account: Account, before: Mapping[str, Any]) -> None:
    """Tell that fields of an account have changed since these values were read, if any has."""
    if changes := changes_since(before, account):
        announce(ACCOUNT_UPDATED, account, changes=changes)


def forget_address(account: Account, *, unless: str) -> list[str]:
    """Mark the address as changed and unverified, unless it stays ``unless``. Return the changed columns.

    That invalidates every link mailed so far, sends ``address_changed``, and tells both addresses. Call it before you
    set the new address, and save the account afterwards.
    """
    if email_key(account.email) == email_key(unless):
        return []
    if not account._state.adding:
        announce(ADDRESS_CHANGED, account, changes={"email": {"old": account.email, "new": unless}})
        send_notice("address", account, to=[address for address in (account.email, unless) if address])
    account.email_changes += 1
    account.email_verified_at = None
    return ["email_changes", "email_verified_at"]


def mark_verified(account: Account) -> None:
    """Record that the current address is verified, because someone used a link that only its owner gets."""
    if account.email_verified_at is None:
        account.email_verified_at = timezone.now()
        account.save(update_fields=["email_verified_at"])
        announce(ADDRESS_VERIFIED, account)


def build_account(
    *,
    email: str,
    username: str,
    first_name: str,
    last_name: str,
    password: str = "",
    password_hash: str = "",
    **profile: Any,
) -> Account:
    """Return an unsaved account with its unsaved user.

    It hashes a ``password``, so call it outside a transaction, or with a ``password_hash``. Without either of them, the
    password is unusable.
    """
    user = host_user.build_user_without_password(
        email=email, username=username, first_name=first_name, last_name=last_name
    )
    if password_hash:
        user.password = password_hash
    else:
        user.set_password(password or None)
    return Account(
        user=user,
        username=username,
        username_key=username_key(username),
        email=email,
        email_key=email_key(email),
        first_name=first_name,
        last_name=last_name,
        **profile,
    )


def create_user(account: Account) -> None:
    """Create the user and the account that ``build_account`` returned. Raises EmailTaken and UsernameTaken."""
    user = account.user
    try:
        with constraint_errors(Account, **TAKEN_ERRORS):
            refuse_username_of_user(user)
            user.save(force_insert=True)
    except IntegrityError:
        # A constraint of the host's user model failed before ours: find out which value it was about.
        if account_by_email(account.email) is not None or host_user.is_of_another(user, host_user.email_field()):
            raise EmailTaken from None
        refuse_username_of_user(user)
        raise


def _follow(account: Account, name: str, value: str) -> list[str]:
    """Copy a value from the user and return the names of the changed columns."""
    value = value[: _MAX_LENGTHS[name]]
    keyless = name in _KEY_OF and getattr(account, _KEY_OF[name][0]) is None and value  # the other account may be gone
    if getattr(account, name) == value and not account._state.adding and not keyless:
        return []
    changed = [name]
    if name == "email":
        changed += forget_address(account, unless=value)
    setattr(account, name, value)
    if name in _KEY_OF:
        column, canonical = _KEY_OF[name]
        key = canonical(value)
        if key is not None and (len(key) > _MAX_LENGTHS[column] or _is_held(account, column, key)):
            key = None
        setattr(account, column, key)
        changed.append(column)
    return changed


def _is_held(account: Account, column: str, key: str) -> bool:
    return Account.objects.filter(**{column: key}).exclude(pk=account.pk).exists()
