"""Guard the rule that every organization has an owner, whoever changes it: a service, the admin, or a cascade.

The models import this module, so it reaches them through the querysets that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, QuerySet
from django.db.models.deletion import CASCADE, Collector

from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.roles import owner_roles

if TYPE_CHECKING:
    from ninja_orgkit.organizations.models import Membership, Organization

_COLLECTED = "_orgkit_doomed_memberships"
_OWNING = {"role", "organization", "organization_id"}
"""Columns of a membership that say who owns what."""


class MembershipQuerySet(QuerySet["Membership"]):
    """Memberships. They refuse every change that would leave an organization without an owner."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the memberships. Raises ProtectedError where an organization would lose its last owner."""
        with transaction.atomic():
            lock_organizations(self.organizations())
            raise_if_orphaned(self.model.objects.orphaned_by(self.values_list("pk", flat=True)))
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        """Update the memberships. Raises LastOwner where an organization would lose its last owner."""
        if _OWNING.isdisjoint(kwargs):
            return super().update(**kwargs)
        with require_owners(self.organizations()):
            return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Membership],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> list[Membership]:
        """Write the memberships. Raises LastOwner where an update would take the last owner from an organization."""
        new = list(objs)
        create = partial(super().bulk_create, new, batch_size, ignore_conflicts, update_conflicts, *args, **kwargs)
        if not update_conflicts:
            return create()
        with require_owners(self._all_organizations().filter(pk__in={item.organization_id for item in new})):
            return create()

    def organizations(self) -> QuerySet[Organization]:
        """Return the organizations that these memberships belong to."""
        return self._all_organizations().filter(pk__in=self.values("organization"))

    def orphaned_by(self, doomed: Iterable[int], *, only_shared: bool = False) -> list[Organization]:
        """Return the organizations, by slug, that would lose their last owner with these memberships (primary keys).

        ``only_shared`` leaves out organizations without other members: they are closed together with the account.
        """
        keys = list(doomed)
        owners = self.filter(role__in=owner_roles())
        others = self.filter(organization=OuterRef("pk")).exclude(pk__in=keys)
        owned = self._all_organizations().filter(
            pk__in=owners.filter(pk__in=keys).values("organization"), deleted_at=None
        )
        orphans = owned.exclude(Exists(others.filter(role__in=owner_roles())))
        return list((orphans.filter(Exists(others)) if only_shared else orphans).order_by("slug"))

    def _all_organizations(self) -> QuerySet[Organization]:
        model: Any = self.model._meta.get_field("organization").related_model
        organizations: QuerySet[Organization] = model._default_manager.all()
        return organizations


def keep_an_owner(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Delete memberships with their account, unless an organization with other members would lose its last owner.

    This is an ``on_delete``, so it covers the admin, querysets and cascades from the host's user model. Django may
    collect in several batches; each call judges everything collected so far. Raises ProtectedError.
    """
    doomed: set[int] = collector.__dict__.setdefault(_COLLECTED, set())
    doomed.update(membership.pk for membership in sub_objs)
    raise_if_orphaned(field.model.objects.orphaned_by(doomed, only_shared=True))
    CASCADE(collector, field, sub_objs, using)


def raise_if_orphaned(organizations: list[Organization]) -> None:
    """Raise ProtectedError if any organization would lose its last owner."""
    if organizations:
        raise ProtectedError("An organization would lose its last owner.", set(organizations))


@contextmanager
def require_owners(organizations: QuerySet[Organization]) -> Iterator[None]:
    """Lock organizations, and undo the block if it takes the last owner from one of them. Raises LastOwner."""
    everything = organizations.model._default_manager
    with transaction.atomic():
        owned = _owned(everything.filter(pk__in=lock_organizations(organizations)))
        yield
        if _owned(everything.filter(pk__in=owned)) != owned:
            raise LastOwner


def lock_organizations(organizations: QuerySet[Organization]) -> list[int]:
    """Lock organizations until the transaction ends, and return their primary keys.

    Every transaction locks organizations before memberships, and in this order. So two transactions count owners one
    after the other, and never wait for each other.
    """
    return list(organizations.select_for_update().order_by("pk").values_list("pk", flat=True))


def _owned(organizations: QuerySet[Organization]) -> set[int]:
    """Return the primary keys of the organizations that are open and have an owner."""
    found = organizations.filter(deleted_at=None, memberships__role__in=owner_roles())
    return set(found.values_list("pk", flat=True))
