"""Guard the rule that every organization has an owner who can act, whoever changes it: a service, the admin, a cascade.

An owner whose user is inactive cannot act. So neither the last owner nor the last active one is taken away. The user
may be deactivated at any time, because that does not change a membership.

The models import this module and not the other way round: it reaches them through the querysets that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.db.models import Exists, Model, OuterRef, ProtectedError, QuerySet
from django.db.models.deletion import CASCADE, Collector

from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.roles import owner_roles

M = TypeVar("M", bound=Model)
T = TypeVar("T", bound=Model)

_COLLECTED = "_orgkit_doomed_memberships"
_OWNING = {"role", "organization", "organization_id", "account", "account_id"}
"""Columns of a membership that say who owns what."""


class Owner(NamedTuple):
    """A membership of an owner, its organization (primary keys), and whether the user is active."""

    membership: int
    organization: int
    active: bool


class Owned(NamedTuple):
    """An organization (primary key) that has an owner, or even an active one."""

    organization: int
    active: bool


class Fates(NamedTuple, Generic[T]):
    """What becomes of organizations when accounts go; each list is by slug.

    ``closed`` are those that nobody else belongs to. ``orphaned`` would keep members, but lose their last owner, so the
    accounts have to stay. ``kept`` go on without them.
    """

    closed: list[T]
    orphaned: list[T]
    kept: list[T]


class GuardedMemberships(QuerySet[M]):
    """Memberships. They refuse every change that would leave an organization without an owner."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the memberships. Raises ProtectedError where an organization would lose its last owner."""
        with atomic():
            lock_organizations(self.organizations())
            raise_if_orphaned(self._all().orphaned_by(self.values_list("pk", flat=True)))
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
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> list[M]:
        """Write the memberships. Raises LastOwner where an update would take the last owner from an organization."""
        new: list[Any] = list(objs)
        create = partial(super().bulk_create, new, batch_size, ignore_conflicts, update_conflicts, *args, **kwargs)
        if not update_conflicts:
            return create()
        with require_owners(self._all_organizations().filter(pk__in={item.organization_id for item in new})):
            return create()

    def organizations(self) -> QuerySet[Any]:
        """Return the organizations that these memberships belong to."""
        return self._all_organizations().filter(pk__in=self.values("organization"))

    def orphaned_by(self, doomed: Iterable[int]) -> list[Any]:
        """Return the organizations, by slug, that would lose their last owner with these memberships (primary keys).

        The last active owner counts as the last one.
        """
        keys = set(doomed)
        open_ones = self.filter(organization__deleted_at=None)
        touched = self.filter(pk__in=keys, role__in=owner_roles()).values("organization")
        owners = open_ones.filter(organization__in=touched).owners()
        lost = _owned(owners) - _owned(owner for owner in owners if owner.membership not in keys)
        if not lost:
            return []
        return list(self._all_organizations().filter(pk__in={owned.organization for owned in lost}).order_by("slug"))

    def fates(self, doomed: Iterable[int]) -> Fates[Any]:
        """Return what becomes of the organizations of these memberships (primary keys) when their accounts go.

        Takes three statements at most.
        """
        keys = set(doomed)
        others = self.filter(organization=OuterRef("pk")).exclude(pk__in=keys)
        joined = self.filter(pk__in=keys).values("organization")
        found = self._all_organizations().filter(pk__in=joined, deleted_at=None).annotate(is_shared=Exists(others))
        orphans = {organization.pk for organization in self.orphaned_by(keys)}
        fates: Fates[Any] = Fates([], [], [])
        for organization in found.order_by("slug"):
            if not organization.is_shared:
                fates.closed.append(organization)
            elif organization.pk in orphans:
                fates.orphaned.append(organization)
            else:
                fates.kept.append(organization)
        return fates

    def owners(self) -> list[Owner]:
        """Return the owners among these memberships. Takes one statement."""
        found = self.filter(role__in=owner_roles())
        if has_active_column():
            return [Owner(*row) for row in found.values_list("pk", "organization_id", "account__user__is_active")]
        rows: QuerySet[Any] = found.select_related("account__user")
        return _owners(rows)

    def _all(self) -> GuardedMemberships[M]:
        return cast("GuardedMemberships[M]", self.model._default_manager.all())

    def _all_organizations(self) -> QuerySet[Any]:
        model: Any = self.model._meta.get_field("organization").related_model
        organizations: QuerySet[Any] = model._default_manager.all()
        return organizations


class GuardedMembership(Model):
    """A membership. It refuses every change that would leave an organization without an owner."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the membership. Raises LastOwner if an organization would lose its last owner."""
        if not self.pk:
            return super().save(*args, **kwargs)
        with require_owners(self._stored().organizations()):
            return super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the membership. Raises ProtectedError if an organization would lose its last owner."""
        with atomic():
            lock_organizations(self._stored().organizations())
            raise_if_orphaned(self._all().orphaned_by([self.pk]))
            return super().delete(*args, **kwargs)

    def _stored(self) -> Any:
        """Return this membership as the database has it: its organization may have changed here."""
        return self._all().filter(pk=self.pk)

    def _all(self) -> Any:
        model: Any = self._meta.concrete_model
        return model._default_manager.all()


def keep_an_owner(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Delete memberships with their account, unless an organization with other members would lose its last owner.

    This is an ``on_delete``, so it covers the admin, querysets and cascades from the host's user model. Django may
    collect in several batches; each call judges everything collected so far. Raises ProtectedError.
    """
    doomed: set[int] = collector.__dict__.setdefault(_COLLECTED, set())
    doomed.update(membership.pk for membership in sub_objs)
    raise_if_orphaned(field.model.objects.fates(doomed).orphaned)
    CASCADE(collector, field, sub_objs, using)


def raise_if_orphaned(organizations: list[Any]) -> None:
    """Raise ProtectedError if any organization would lose its last owner."""
    if organizations:
        raise ProtectedError("An organization would lose its last owner.", set(organizations))


@contextmanager
def require_owners(organizations: QuerySet[Any]) -> Iterator[None]:
    """Lock organizations, and undo the block if it takes the last owner, or the last active one. Raises LastOwner."""
    memberships: Any = organizations.model._meta.get_field("memberships").related_model
    with atomic():
        locked = memberships.objects.filter(organization__in=lock_organizations(organizations))
        before = owned_by(locked)
        yield
        if not before <= owned_by(locked):
            raise LastOwner


def owned_by(memberships: GuardedMemberships[Any]) -> set[Owned]:
    """Return which open organizations have an owner, and which an active one, among these memberships."""
    return _owned(memberships.filter(organization__deleted_at=None).owners())


def owned_through(memberships: Iterable[Any]) -> set[Owned]:
    """Return what these memberships own, whose accounts and users are loaded. Takes no statement."""
    return _owned(_owners(membership for membership in memberships if membership.role in owner_roles()))


def lock_organizations(organizations: QuerySet[Any]) -> list[int]:
    """Lock organizations until the transaction ends, and return their primary keys.

    Every transaction locks organizations before memberships, and in this order. So two transactions count owners one
    after the other, and never wait for each other.
    """
    return list(organizations.select_for_update().order_by("pk").values_list("pk", flat=True))


def _owners(memberships: Iterable[Any]) -> list[Owner]:
    return [Owner(item.pk, item.organization_id, item.account.user.is_active) for item in memberships]


def _owned(owners: Iterable[Owner]) -> set[Owned]:
    found = {Owned(owner.organization, active=owner.active) for owner in owners}
    return found | {Owned(organization, active=False) for organization, _ in found}
