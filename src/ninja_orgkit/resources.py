"""A registered model: its public name, where its organization is, and how clients address its objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured, MultipleObjectsReturned, ObjectDoesNotExist, ValidationError
from django.db import DataError, models
from pydantic import BaseModel

from ninja_orgkit.database.keys import MAX_ID
from ninja_orgkit.errors import NotFound

OWN_ORGANIZATION = "_orgkit_organization"
"""The attribute of an object that holds the primary key of its organization after ``with_organization``."""

Purge = Callable[[int], bool]


@dataclass(frozen=True)
class Resource:
    """A registered model: its public name, and what the kit may do with its objects.

    ``purge`` takes the primary key of a deleted organization, deletes one batch of its objects and, by the outbox,
    their files, and returns whether there may be more. Without ``purge``, Django deletes the rows in batches.
    """

    name: str
    model: type[models.Model]
    lookup: str
    organization: str
    taggable: bool = False
    imageable: bool = False
    export: type[BaseModel] | None = None
    purge: Purge | None = None
    numeric_lookup: bool = False
    export_kind: str = ""

    @property
    def app_label(self) -> str:
        """The first half of the public name."""
        return self.name.partition("/")[0]

    @property
    def model_name(self) -> str:
        """The second half of the public name."""
        return self.name.partition("/")[2]

    @property
    def lookup_field(self) -> models.Field[Any, Any]:
        """The field by which clients address an object."""
        field = self.model._meta.pk if self.lookup == "pk" else self.model._meta.get_field(self.lookup)
        if not isinstance(field, models.Field):
            raise ImproperlyConfigured(f"{self.name}: lookup {self.lookup!r} is not a column of the model.")
        return field

    def of(self, organization: models.Model | int) -> models.QuerySet[Any]:
        """Return the objects of one organization (the object or its primary key)."""
        return self.model._default_manager.filter(**{self.organization: organization})

    def organization_of(self, obj: models.Model) -> models.QuerySet[Any, Any]:
        """Return the primary key of an object's organization, as a subquery."""
        keys: models.QuerySet[Any, Any] = self.model._base_manager.filter(pk=obj.pk).values(self.organization)
        return keys

    def with_organization(self, objects: models.QuerySet[Any, Any]) -> models.QuerySet[Any, Any]:
        """Return a queryset of the model whose objects have the primary key of their organization as an attribute."""
        if OWN_ORGANIZATION in objects.query.annotations:
            return objects
        found: models.QuerySet[Any, Any] = objects.annotate(**{OWN_ORGANIZATION: models.F(self.organization)})
        return found

    def home(self, obj: models.Model) -> Any:
        """Return the primary key of an object's organization. Takes a statement if that is not in a column of its own.

        Raises NotFound if there is none.
        """
        if "__" in self.organization:
            found = self.organization_of(obj).values_list(self.organization, flat=True).first()
        else:
            found = getattr(obj, self.model._meta.get_field(self.organization).attname)  # type: ignore[union-attr]
        if found is None:
            raise NotFound
        return found

    def lock(self, obj: models.Model) -> Any:
        """Lock the row of an object in the caller's transaction, and return the primary key of its organization.

        Raises NotFound if either is gone.
        """
        rows = self.model._base_manager.select_for_update().filter(pk=obj.pk)
        far = "__" in self.organization  # a lock of all tables on the way would be too much
        found = rows.values_list("pk" if far else self.organization, flat=True).first()
        if found is None:
            raise NotFound
        return self.home(obj) if far else found

    def get(self, organization: models.Model, obj_id: str) -> Any:
        """Return the object of an organization by its public identifier.

        Raises NotFound for an identifier that is unknown, malformed, ambiguous or of another organization, and for
        another spelling of the right one, such as a UUID in upper case.
        """
        value: str | int = obj_id
        if self.numeric_lookup:
            if not (obj_id.isascii() and obj_id.isdigit() and int(obj_id[:20]) <= MAX_ID):
                raise NotFound
            value = int(obj_id)
        try:
            found = self.of(organization).get(**{self.lookup: value})
        except (ObjectDoesNotExist, MultipleObjectsReturned, ValidationError, ValueError, OverflowError, DataError):
            raise NotFound from None
        if self.public_id(found) != obj_id:
            raise NotFound
        if "__" not in self.organization:
            setattr(found, self.organization, organization)
        return found

    def public_id(self, obj: models.Model) -> str:
        """Return the public identifier of an object."""
        return str(getattr(obj, self.lookup))
