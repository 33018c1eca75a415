"""Delete an account and the organizations that only it belongs to."""

from __future__ import annotations

from django.db.models import ProtectedError, RestrictedError

from ninja_orgkit.accounts.errors import AccountInUse
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.selectors import orphaned_without
from ninja_orgkit.organizations.services.members import lock_organizations_of_account


@atomic()
def delete_account(account: Account) -> None:
    """Delete a user with its account, sessions and memberships, and close organizations that have no other member.

    Raises LastOwner, with a list ``organizations``, if the user is the only owner of an organization with other
    members, AccountInUse if a model of the host protects the user, and Unauthenticated if the account is already gone.
    """
    lock_organizations_of_account(account)
    account = lock_account(account)
    lock_organizations_of_account(account)  # the account may have joined more; from here on it cannot
    orphans = orphaned_without(account)
    if orphans:
        raise LastOwner(organizations=[organization.slug for organization in orphans])
    try:
        account.user.delete()
    except (RestrictedError, ProtectedError) as exc:
        raise AccountInUse from exc
