"""No path may leave an organization without an owner: services, the admin and Django's own deletions ask here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError
from django.db.models.deletion import CASCADE, Collector

from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.roles import owner_roles

if TYPE_CHECKING:
    from ninja_orgkit.accounts.models import Account
    from ninja_orgkit.organizations.models import Organization

_LABEL = "orgkit_organizations"
_COLLECTED = "_orgkit_doomed_memberships"


def keep_an_owner(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Delete memberships with their account, unless one is the last owner's among other members (an ``on_delete``).

    Raises ProtectedError. It covers the admin, querysets and cascades from the host's user model; a collector that
    comes in several batches is judged by all that it has collected.
    """
    doomed: set[int] = collector.__dict__.setdefault(_COLLECTED, set())
    doomed.update(membership.pk for membership in sub_objs)
    protect(orphaned_by(doomed, only_shared=True))
    CASCADE(collector, field, sub_objs, using)


def protect(organizations: list[Organization]) -> None:
    """Raise ProtectedError unless the list is empty."""
    if organizations:
        raise ProtectedError("An organization would lose its last owner.", set(organizations))


@contextmanager
def keeping_owners(organizations: Iterable[int]) -> Iterator[None]:
    """Undo the block when it takes the last owner from one of these organizations (primary keys), which are locked.

    Raises LastOwner.
    """
    with transaction.atomic():
        owned = _owned(hold(organizations))
        yield
        if _owned(owned) != owned:
            raise LastOwner


def hold(organizations: Iterable[int]) -> list[int]:
    """Lock organizations (primary keys) until the transaction ends, and return those that there are.

    Everybody locks them before their memberships, and in this order, so that two transactions count owners one after
    the other and never wait for each other.
    """
    rows = apps.get_model(_LABEL, "Organization")._default_manager.select_for_update().filter(pk__in=organizations)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _owned(organizations: Iterable[int]) -> set[int]:
    owners = apps.get_model(_LABEL, "Membership")._default_manager.filter(role__in=owner_roles())
    there = owners.filter(organization__in=list(organizations), organization__deleted_at=None)
    return set(there.values_list("organization_id", flat=True))


def orphaned_by(memberships: Iterable[int], *, only_shared: bool = False) -> list[Organization]:
    """Return the organizations, by slug, that have no other owner than these memberships (primary keys).

    ``only_shared`` leaves out those that nobody else is in: when the account goes, they go with it.
    """
    doomed = list(memberships)
    members = apps.get_model(_LABEL, "Membership")._default_manager
    others = members.filter(organization=OuterRef("pk")).exclude(pk__in=doomed)
    touched = apps.get_model(_LABEL, "Organization")._default_manager.filter(
        pk__in=members.filter(pk__in=doomed, role__in=owner_roles()).values("organization"), deleted_at=None
    )
    orphans = touched.exclude(Exists(others.filter(role__in=owner_roles())))
    return list((orphans.filter(Exists(others)) if only_shared else orphans).order_by("slug"))


def orphaned_without(account: Account) -> list[Organization]:
    """Return the organizations, by slug, that would keep members but no owner without this account."""
    mine = apps.get_model(_LABEL, "Membership")._default_manager.filter(account=account)
    return orphaned_by(mine.values_list("pk", flat=True), only_shared=True)
