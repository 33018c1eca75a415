"""The registry of models that have a public name, take tags and images, are exported, and are purged with a tenant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from pydantic import BaseModel

from ninja_orgkit.database.attachments import cascade_from, content_type_id
from ninja_orgkit.errors import NotFound
from ninja_orgkit.resources import Purge, Resource

_FETCH = 1000
_resources: dict[str, Resource] = {}
_export_kinds: dict[str, ExportKind] = {}

Rows = Callable[[Any], models.QuerySet[Any] | Iterable[Any]]


@dataclass(frozen=True)
class StoredFile:
    """Marks the field of an export row that holds the name of a stored file.

    With ``Annotated[str | None, StoredFile("images", "id", "title")]``, the file goes into the folder ``images/`` of
    the archive. Its name is made of the fields ``id`` and ``title`` of the row, the first of which is unique. In the
    exported row, the field holds the path of the file in the archive, or null without a file.

    ``size`` and ``sha256`` (hexadecimal) name the fields of the row that say what was stored, if it has them. Then the
    manifest has that SHA-256, so the archive proves what was stored, and lists a file of another size as damaged.
    """

    folder: str
    named_by: tuple[str, ...]
    size: str
    sha256: str

    def __init__(self, folder: str, *named_by: str, size: str = "", sha256: str = "") -> None:
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "named_by", named_by)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "sha256", sha256)


@dataclass(frozen=True)
class ExportKind:
    """One kind of rows in an export, in the files ``data/<kind>.jsonl`` and ``csv/<kind>.csv``.

    ``row`` is the Pydantic model of a row, and only its fields are exported. ``rows`` takes the organization and
    returns a queryset, whose columns of these names are read, or an iterable of mappings with these keys. The
    ``validation_alias`` of a field is its ORM path: ``creator: str | None = Field(validation_alias="creator__slug")``.
    The rows are read once, one by one, in the snapshot of the export.
    """

    kind: str
    row: type[BaseModel]
    rows: Rows


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

    ``name`` is ``"app_label/model"``, by default that of the model. ``lookup`` is the field by which clients address an
    object. An integer field also needs ``numeric_lookup=True``, because it reveals how many objects there are.
    ``organization`` is the ORM path from an object to its organization. ``taggable`` and ``imageable`` say whether
    objects take tags and images. ``export`` is the Pydantic model of the rows in an export (see ``ExportKind``), and
    ``export_kind`` is the kind of these rows, by default ``app_label.model``. For ``purge``, see ``Resource``.

    Raises ImproperlyConfigured when the name or the kind of rows is taken, or when the model has another name.
    """
    name = name or f"{model._meta.app_label}/{model._meta.model_name}"
    for taken in _resources.values():
        if taken.name == name and taken.model is not model:
            raise ImproperlyConfigured(f"{name!r} already names {taken.model._meta.label}. Pass name=… for one.")
        if taken.model is model and taken.name != name:
            raise ImproperlyConfigured(f"{model._meta.label} is already registered as {taken.name!r}. Keep one.")
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


def count(name: str, *, organizations: Collection[int]) -> int:
    """Return how many objects of a model organizations (primary keys) have: 0 if its app is not installed.

    ``name`` is the public name.
    """
    resource = _resources.get(name)
    if resource is None:
        return 0
    return resource.model._default_manager.filter(**{f"{resource.organization}__in": organizations}).count()


def export_rows(kind: str, *, row: type[BaseModel], rows: Rows) -> None:
    """Add a kind of rows that is not a registered model to every export, such as links between objects.

    Raises ImproperlyConfigured when the kind is taken.
    """
    taken = _export_kinds.get(kind)
    if taken is not None and taken.row is not row:
        raise ImproperlyConfigured(f"Exports already have rows of the kind {kind!r}. Pass another export_kind=….")
    _export_kinds[kind] = ExportKind(kind, row, rows)


def export_kinds() -> Iterator[ExportKind]:
    """Yield every kind of rows in an export: first ours, then those of the host's models, which have a dot."""
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
    """Return the entry of a model, or of the model that it is a proxy of. Raises LookupError if there is none."""
    entries = {resource.model: resource for resource in _resources.values()}
    resource = entries.get(model) or entries.get(model._meta.concrete_model or model)
    if resource is None:
        raise LookupError(f"{model._meta.label} is not registered. Register it with ninja_orgkit.registry.register().")
    return resource


def resource_for(obj: models.Model, *, ability: str) -> Resource:
    """Return the entry of the model of an object that a host's code passes. Raises LookupError.

    ``ability`` is ``taggable`` or ``imageable``.
    """
    resource = resource_of(type(obj))
    if not getattr(resource, ability):
        raise LookupError(f"{resource.model._meta.label} is not {ability}. Register it with {ability}=True.")
    return resource


def name_targets(links: models.QuerySet[Any], organization: models.Model, *, ability: str) -> Iterator[dict[str, Any]]:
    """Yield links with the ``app_label``, ``model`` and ``obj_id`` of the objects they point at, in constant memory.

    ``links`` are rows with ``content_type_id`` and ``object_id``, ordered by these. A link is left out when its object
    is not in the organization, or when the model is not registered for ``ability`` (``taggable`` or ``imageable``).
    """
    able = {content_type_id(resource.model): resource for resource in resources() if getattr(resource, ability)}
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
