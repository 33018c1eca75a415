"""Delete an account and the organizations that only it belongs to, and say beforehand what goes."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import ProtectedError, RestrictedError

from ninja_orgkit import registry
from ninja_orgkit.accounts.errors import AccountInUse
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import lock_account
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.selectors.organizations import fates_without
from ninja_orgkit.organizations.services.members import lock_organizations_of_account


class DeletionPreview(NamedTuple):
    """What ``delete_account`` would do now: slugs of organizations, and how much is in those that it closes.

    It would be refused while there are organizations in ``blocked_by``.
    """

    deleted: list[str]
    contacts: int
    images: int
    kept: list[str]
    blocked_by: list[str]


def preview_deletion(account: Account) -> DeletionPreview:
    """Return what deleting an account would do now. Takes six statements at most."""
    closed, orphaned, kept = fates_without(account)
    keys = [organization.pk for organization in closed]
    return DeletionPreview(
        deleted=[organization.slug for organization in closed],
        contacts=registry.count("contacts/contact", organizations=keys),
        images=registry.count("images/image", organizations=keys),
        kept=[organization.slug for organization in kept],
        blocked_by=[organization.slug for organization in orphaned],
    )


@atomic()
def delete_account(account: Account) -> None:
    """Delete a user with its account, sessions and memberships, and close organizations that have no other member.

    Raises LastOwner, with a list ``organizations``, if the user is the only owner of an organization with other
    members, AccountInUse if a model of the host protects the user, and Unauthenticated if the account is already gone.
    """
    lock_organizations_of_account(account)
    account = lock_account(account)
    lock_organizations_of_account(account)  # the account may have joined more; from here on it cannot
    orphaned = fates_without(account).orphaned
    if orphaned:
        raise LastOwner(organizations=[organization.slug for organization in orphaned])
    try:
        account.user.delete()
    except (RestrictedError, ProtectedError) as exc:
        raise AccountInUse from exc
