"""Find the tags of an organization, of one object, and of each object in a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from pydantic_core import from_json

from ninja_orgkit.database.attachments import content_type_id, target_of
from ninja_orgkit.database.functions import JsonArray, KeyText
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.pages import PreparedRows, Rows
from ninja_orgkit.database.preloading import preload
from ninja_orgkit.database.prepared import Parameter
from ninja_orgkit.database.tagging import TagTerms
from ninja_orgkit.errors import NotFound
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import resource_of
from ninja_orgkit.resources import OWN_ORGANIZATION
from ninja_orgkit.tags.models import Tag, TagAssignment

M = TypeVar("M", bound=models.Model)

_COLUMNS = ("id", "name", "slug", "color", "created_at", "sort_key")
_LOADED = "_orgkit_tags"
"""The attribute of an object that holds its tags after ``with_tags``."""
_key_and_id = itemgetter("key", "id")


def tags_in(organization: Organization, *, search: str = "") -> Rows | PreparedRows:
    """Return the tags of an organization as rows.

    ``search`` must occur in the name; case and diacritics do not matter.
    """
    if term := search_key(search):
        return Rows(_rows(Tag.objects.filter(organization=organization, sort_key__contains=term)))
    return PreparedRows(_tags_in, _listed, 1, {"organization": organization.pk})


def _tags_in(_size: int) -> QuerySet[Tag]:
    return Tag.objects.filter(organization=Parameter("organization", Tag._meta.get_field("organization")))


def _listed(tags: QuerySet[Tag], _column: str) -> QuerySet[Tag, dict[str, Any]]:
    return _rows(tags)


def tags_of_object(organization: Organization, obj: models.Model) -> QuerySet[Tag, dict[str, Any]]:
    """Return the tags that an object of the organization has, as rows."""
    assigned = TagAssignment.objects.filter(**target_of(obj)).values("tag")
    return _rows(Tag.objects.filter(organization=organization, pk__in=assigned))


def get_tag(organization: Organization, tag_id: int) -> Tag:
    """Return a tag of the organization. Raises NotFound."""
    tag = Tag.objects.filter(organization=organization, pk=tag_id).first()
    if tag is None:
        raise NotFound
    tag.organization = organization
    return tag


def tag_row(tag: Tag) -> dict[str, Any]:
    """Return a tag as a row of a list. Raises NotFound if it is gone."""
    row = _rows(Tag.objects.filter(pk=tag.pk)).first()
    if row is None:
        raise NotFound
    return row


def tags_json(model: type[models.Model], content_type: int | Parameter) -> Subquery:
    """Return an annotation for rows of ``model``: the tags of each row as JSON, which ``read_tags`` reads.

    It is part of the statement that reads the rows, so a list takes no other statement. ``content_type`` is what
    ``content_type_id(model)`` returns.
    """
    tag = JSONObject(id="tag_id", name="tag__name", slug="tag__slug", key="tag__sort_key")
    return Subquery(_assigned_to_row(model, content_type).values(found=JsonArray(tag)))


def read_tags(found: str | None) -> list[dict[str, Any]]:
    """Return the result of ``tags_json`` as a list of ``{id, name, slug, key}``, sorted by name."""
    return sorted(from_json(found), key=_key_and_id) if found else []


def tagged(
    queryset: QuerySet[M, Any],
    all_of: Collection[str] = (),
    any_of: Collection[str] = (),
    none_of: Collection[str] = (),
    *,
    organization: Organization | None = None,
) -> QuerySet[M, Any]:
    """Return the objects of a queryset that have these tags, each object once.

    The arguments are slugs of tags. An object has all tags of ``all_of``, at least one of ``any_of`` (if it is not
    empty) and none of ``none_of``. Only tags of the object's own organization count. An unknown slug matches nothing,
    so in ``none_of`` it excludes nothing.

    With ``organization``, the result is limited to its objects, and one statement looks up the tags right away. The
    database then knows how common each tag is, which matters for organizations with very many objects.

    Raises LookupError if the model of the queryset is not registered.
    """
    resource = resource_of(queryset.model)
    terms = TagTerms(_slugs(all_of), _slugs(any_of), _slugs(none_of))
    if organization is not None:
        return tagged_in(queryset.filter(**{resource.organization: organization}), [organization.pk], terms)
    assigned = _assigned_to_row(queryset.model, content_type_id(queryset.model))
    assigned = assigned.filter(tag__organization=OuterRef(resource.organization))
    return _matching(queryset, terms, lambda slugs: Exists(assigned.filter(tag__slug__in=slugs)))


def tagged_in(queryset: QuerySet[M, Any], organizations: Collection[int], terms: TagTerms) -> QuerySet[M, Any]:
    """Return those objects of organizations (primary keys) whose tags match. Takes one statement to look up the tags.

    It filters by ids rather than slugs, because the database knows how common each id is, and so which index to use
    first.
    """
    slugs = terms.slugs()
    if not slugs:
        return queryset
    keys: dict[str, list[int]] = defaultdict(list)
    for key, slug in Tag.objects.filter(organization__in=organizations, slug__in=slugs).values_list("pk", "slug"):
        keys[slug].append(key)
    assigned = _assigned_to_row(queryset.model, content_type_id(queryset.model))
    return _matching(
        queryset, terms, lambda slugs: Exists(assigned.filter(tag__in=[key for slug in slugs for key in keys[slug]]))
    )


def _matching(
    queryset: QuerySet[M, Any], terms: TagTerms, has: Callable[[Collection[str]], Exists]
) -> QuerySet[M, Any]:
    """Return the objects that match. ``has`` returns the condition that an object has one of these tags."""
    for slug in dict.fromkeys(terms.all_of):
        queryset = queryset.filter(has([slug]))
    if terms.any_of:
        queryset = queryset.filter(has(terms.any_of))
    if terms.none_of:
        queryset = queryset.filter(~has(terms.none_of))
    return queryset


def _slugs(slugs: Collection[str]) -> list[str]:
    if isinstance(slugs, str):
        raise TypeError(f"Pass a list of slugs, such as [{slugs!r}], instead of one text.")
    return list(dict.fromkeys(slugs))


def with_tags(queryset: QuerySet[M, M]) -> QuerySet[M, M]:
    """Return a queryset whose objects know their tags: ``tags_of`` each of them takes no statement.

    One more statement reads the tags of all objects. Raises LookupError if the model of the queryset is not registered,
    and TypeError for a queryset of ``values()``.
    """
    return preload(resource_of(queryset.model).with_organization(queryset), _load_tags)


def tags_of(obj: models.Model) -> list[Tag]:
    """Return the tags that an object has in its own organization, by name.

    Takes one statement, or none if the object comes from ``with_tags``. Raises LookupError if its model is not
    registered.
    """
    loaded: list[Tag] | None = vars(obj).get(_LOADED)
    if loaded is not None:
        return list(loaded)
    assigned = TagAssignment.objects.filter(**target_of(obj)).values("tag")
    home = resource_of(type(obj)).organization_of(obj)
    return list(Tag.objects.filter(organization__in=home, pk__in=assigned).order_by("sort_key", "pk"))


def forget_tags(obj: models.Model) -> None:
    """Let ``tags_of`` read the tags of an object again, because they have changed."""
    vars(obj).pop(_LOADED, None)


def _load_tags(objects: Sequence[models.Model]) -> None:
    content_type, keys = content_type_id(type(objects[0])), [str(obj.pk) for obj in objects]
    links = TagAssignment.objects.filter(content_type=content_type, object_id__in=keys).select_related("tag")
    found: dict[str, list[Tag]] = defaultdict(list)
    for link in links.order_by("tag__sort_key", "tag_id"):
        found[link.object_id].append(link.tag)
    for obj in objects:
        home = getattr(obj, OWN_ORGANIZATION)
        setattr(obj, _LOADED, [tag for tag in found[str(obj.pk)] if tag.organization_id == home])


def _rows(tags: QuerySet[Tag]) -> QuerySet[Tag, dict[str, Any]]:
    uses = TagAssignment.objects.filter(tag=OuterRef("pk")).order_by().values("tag").values(n=Count("*"))
    usage_count = Coalesce(Subquery(uses), 0, output_field=models.IntegerField())
    rows: QuerySet[Tag, dict[str, Any]] = tags.values(
        *_COLUMNS, organization_slug=F("organization__slug"), usage_count=usage_count
    )
    return rows


def _assigned_to_row(model: type[models.Model], content_type: int | Parameter) -> QuerySet[TagAssignment]:
    """Return the assignments of the row in the outer query."""
    key = KeyText(OuterRef("pk"), model._meta.pk)
    return TagAssignment.objects.filter(content_type=content_type, object_id=key).order_by()
