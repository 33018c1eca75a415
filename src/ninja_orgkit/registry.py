"""The registry: which models are addressed by a public name, tagged, pictured, exported and purged with a tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import (
    ImproperlyConfigured,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    ValidationError,
)
from django.db import DataError, models
from pydantic import BaseModel

from ninja_orgkit.database.attachments import cascade_from
from ninja_orgkit.database.keys import MAX_ID
from ninja_orgkit.errors import NotFound

_FETCH = 1000
_resources: dict[str, Resource] = {}
_export_kinds: dict[str, ExportKind] = {}

Purge = Callable[[int], bool]


@dataclass(frozen=True)
class StoredFile:
    """Marks the field of an export row that holds the name of a stored file.

    ``Annotated[str | None, StoredFile("images", "id", "title")]``: the file goes into the folder ``images/`` of the
    archive, named after the row's fields ``id`` and ``title`` (the first is unique) with the extension of the stored
    name. In the exported row the field becomes the file's path in the archive, null where there is no file.
    """

    folder: str
    named_by: tuple[str, ...]

    def __init__(self, folder: str, *named_by: str) -> None:
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "named_by", named_by)


@dataclass(frozen=True)
class ExportKind:
    """One kind of rows in an export: ``data/<kind>.jsonl`` and ``csv/<kind>.csv``.

    ``row`` is the Pydantic model of a row: only what it names leaves the house. ``rows`` gets the organization and
    returns a queryset, of which the columns that ``row`` names are read, or an iterator of mappings with these keys. A
    field's ``validation_alias`` is its ORM path: ``creator: str | None = Field(validation_alias="creator__slug")``.
    Both are read once, row by row, in the snapshot of the export.
    """

    kind: str
    row: type[BaseModel]
    rows: Callable[[Any], models.QuerySet[Any] | Iterable[Any]]


@dataclass(frozen=True)
class Resource:
    """A registered model: how clients name it and what may be done with its objects.

    ``purge`` deletes one batch of what a deleted organization (given by primary key) owns of this model, files by
    outbox, and tells whether there may be more; without it the rows are deleted in batches as they are.
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

    def get(self, organization: models.Model, obj_id: str) -> Any:
        """Return the object of the organization that has this public identifier.

        Unknown, malformed, ambiguous and foreign identifiers all raise NotFound, and so does another spelling of one
        (a UUID in upper case).
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
        return found

    def public_id(self, obj: models.Model) -> str:
        """Return the public identifier of an object."""
        return str(getattr(obj, self.lookup))


def register(
    model: type[models.Model],
    *,
    name: str | None = None,
    lookup: str,
    organization: str,
    taggable: bool = False,
    imageable: bool = False,
    export: type[BaseModel] | None = None,
    purge: Purge | None = None,
    numeric_lookup: bool = False,
    export_kind: str = "",
) -> Resource:
    """Register a model under its public name.

    ``name`` is ``"app_label/model"``, by default the model's own. ``lookup`` is the field that clients address it by;
    an integer field needs ``numeric_lookup=True``, said on purpose. ``organization`` is the ORM path to its
    organization. ``export`` is the Pydantic model of its rows in an export (see ``ExportKind``); only what it names
    leaves the house. ``export_kind`` names them there, by default ``app_label.model`` of the public name.
    Raises ImproperlyConfigured when the name is taken, when the model has one already, and when the kind of rows is
    taken.
    """
    name = name or f"{model._meta.app_label}/{model._meta.model_name}"
    for taken in _resources.values():
        if taken.name == name and taken.model is not model:
            raise ImproperlyConfigured(
                f"{name!r} is already the name of {taken.model._meta.label}; give name=… to one of them."
            )
        if taken.model is model and taken.name != name:
            raise ImproperlyConfigured(
                f"{model._meta.label} is already registered as {taken.name!r}; keep one of them."
            )
    resource = Resource(
        name, model, lookup, organization, taggable, imageable, export, purge, numeric_lookup, export_kind
    )
    if export is not None:
        export_rows(export_kind or name.replace("/", "."), row=export, rows=resource.of)
    _resources[name] = resource
    if apps.models_ready:
        cascade_from(model)
    return resource


def resources() -> Iterator[Resource]:
    """Yield every registered model."""
    yield from _resources.values()


def export_rows(
    kind: str, *, row: type[BaseModel], rows: Callable[[Any], models.QuerySet[Any] | Iterable[Any]]
) -> None:
    """Add a kind of rows to every export: what is no registered model of its own, like links between objects.

    Raises ImproperlyConfigured when the kind is taken.
    """
    taken = _export_kinds.get(kind)
    if taken is not None and taken.row is not row:
        raise ImproperlyConfigured(f"Exports have rows of the kind {kind!r} already; give export_kind=… another name.")
    _export_kinds[kind] = ExportKind(kind, row, rows)


def export_kinds() -> Iterator[ExportKind]:
    """Yield every kind of rows of an export: ours first, then the models of the host (whose kinds have a dot)."""
    yield from sorted(_export_kinds.values(), key=lambda found: "." in found.kind)


@contextmanager
def isolated(*, empty: bool = False) -> Iterator[None]:
    """Undo at the end of the block what the block registers; with ``empty`` the block begins without registrations.

    For tests: the registry belongs to the process.
    """
    kept_resources, kept_kinds = dict(_resources), dict(_export_kinds)
    try:
        if empty:
            _resources.clear()
            _export_kinds.clear()
        yield
    finally:
        _resources.clear()
        _export_kinds.clear()
        _resources.update(kept_resources)
        _export_kinds.update(kept_kinds)


def taggable(name: str) -> Resource:
    """Return the registered model of this name if it takes tags. Raises NotFound."""
    return _allowed(name, "taggable")


def imageable(name: str) -> Resource:
    """Return the registered model of this name if it takes images. Raises NotFound."""
    return _allowed(name, "imageable")


def resource_of(model: type[models.Model]) -> Resource:
    """Return the entry of a model. Raises LookupError when it is not registered."""
    for resource in _resources.values():
        if resource.model is model:
            return resource
    raise LookupError(model._meta.label)


def name_targets(
    links: models.QuerySet[Any, Any], organization: models.Model, *, ability: str
) -> Iterator[dict[str, Any]]:
    """Yield links together with the ``app_label``, ``model`` and ``obj_id`` of what they point at, in constant memory.

    ``links`` are rows with ``content_type_id`` and ``object_id``, in the order of these. Left out are those to objects
    that are not the organization's, or whose model is not registered for this ability (``taggable``, ``imageable``).
    """
    able = {
        ContentType.objects.get_for_model(resource.model).pk: resource
        for resource in resources()
        if getattr(resource, ability)
    }
    found = links.filter(content_type__in=able).iterator(chunk_size=_FETCH)
    while batch := list(islice(found, _FETCH)):
        for content_type, of_type in groupby(batch, key=lambda link: link["content_type_id"]):
            yield from _named(able[content_type], organization, list(of_type))


def _named(resource: Resource, organization: models.Model, links: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    objects = resource.of(organization).filter(pk__in={link["object_id"] for link in links})
    public = {str(key): str(name) for key, name in objects.values_list("pk", resource.lookup)}
    names = {"app_label": resource.app_label, "model": resource.model_name}
    for link in links:
        if link["object_id"] in public:
            yield {**link, **names, "obj_id": public[link["object_id"]]}


def _allowed(name: str, ability: str) -> Resource:
    resource = _resources.get(name)
    if resource is None or not getattr(resource, ability):
        raise NotFound
    return resource
