"""Organizations follow accounts."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.services import members, organizations


def give_home(sender: type[Account], instance: Account, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """Create the personal organization of a new account. Fixtures (``raw``) bring their own."""
    if created and not raw:
        organizations.give_home(instance)


def close_homes(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Close what an account that is being deleted leaves empty, whichever way it is deleted.

    Raises ProtectedError when another owner, who was there when the deletion was collected, has left since.
    """
    members.protect_owned(instance)
    organizations.close_homes(instance)
