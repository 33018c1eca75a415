"""Let people edit the profile of their account."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.accounts.services.accounts import TAKEN_ERRORS, announce_update
from ninja_orgkit.accounts.services.usernames import refuse_username_of_user, require_username
from ninja_orgkit.audit.announcing import values_of
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.keys import username_key

_REWRITTEN_BY_DATABASES = {"custom", "notification_preferences"}
"""JSON columns, which databases rewrite: they sort keys and change how numbers are written."""


@atomic()
def update_profile(account: Account, changes: dict[str, Any]) -> Account:
    """Change the given fields of a profile, the username included.

    Raises UsernameTaken, and Unauthenticated if the account has been deleted.
    """
    account = lock_account(account)
    before = values_of(account, changes)
    user_fields: list[str] = []
    if "username" in changes and changes["username"] != account.username:
        require_username(changes["username"], own=account)
        account.username_key = username_key(changes["username"])
        user_fields += host_user.write_username(account.user, changes["username"])
    for name, value in changes.items():
        setattr(account, name, value)
    user_fields += host_user.write_names(account.user, account)
    with constraint_errors(Account, **TAKEN_ERRORS):
        account.save(update_fields=[*changes, *(["username_key"] if "username" in changes else []), "updated_at"])
        if user_fields:
            refuse_username_of_user(account.user)
            account.user.save(update_fields=user_fields)
    if rewritten := _REWRITTEN_BY_DATABASES.intersection(changes):
        account.refresh_from_db(fields=rewritten)
    announce_update(account, before)
    return account
