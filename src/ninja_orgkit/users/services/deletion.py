"""Deleting an account, with what was only its own."""

from __future__ import annotations

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError

from ninja_orgkit.accounts.errors import AccountInUse
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.selectors import orphaned_without
from ninja_orgkit.organizations.services.members import lock_organizations_of_account


@transaction.atomic
def delete_account(account: Account) -> None:
    """Delete a user with account, sessions and memberships; close the organizations that nobody else is in.

    Raises LastOwner, with ``organizations``, while the user is the only owner of one with other members, AccountInUse
    where a model of the host's protects the user, and Unauthenticated when the account has gone meanwhile.
    """
    lock_organizations_of_account(account)
    account = lock_account(account)
    lock_organizations_of_account(account)  # what was joined meanwhile; nothing is from here on
    orphans = orphaned_without(account)
    if orphans:
        raise LastOwner(organizations=[organization.slug for organization in orphans])
    try:
        account.user.delete()
    except (RestrictedError, ProtectedError) as exc:
        raise AccountInUse from exc
