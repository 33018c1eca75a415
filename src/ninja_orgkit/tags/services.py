"""Create, change, assign and delete tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import IntegrityError, models
from django.db.models import Exists, OuterRef, Q

from ninja_orgkit.audit.actions import TAG_CREATED, TAG_DELETED, TAG_UPDATED, TAGS_ASSIGNED, TAGS_UNASSIGNED
from ninja_orgkit.audit.announcing import announce, changes_since, is_heard, values_of
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.attachments import target_of
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.inserting import insert_rows
from ninja_orgkit.database.locks import Check, lock
from ninja_orgkit.database.slugs import name_slug
from ninja_orgkit.errors import NotFound
from ninja_orgkit.organizations.announcing import announce_in, organization_of
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.values import valid
from ninja_orgkit.registry import resource_for
from ninja_orgkit.tags.errors import TagExists, TagSlugTaken
from ninja_orgkit.tags.models import Tag, TagAssignment, name_key, slug_with_suffix
from ninja_orgkit.tags.selectors import forget_tags
from ninja_orgkit.tags.values import CheckedNames, OrgkitTagNames

_ROUNDS = 10
_BATCH = 5000


def create_tag(organization: Organization, *, name: str, slug: str = "", color: str | None = None) -> Tag:
    """Create a tag. Without a slug it gets one made from its name. Raises TagExists."""
    tag = Tag(organization=organization, name=name, slug=slug, color=color)
    try:
        return _insert(tag)
    except TagSlugTaken:
        if slug:
            raise
        tag.slug = slug_with_suffix(name)
        return _insert(tag)


@atomic()
def _insert(tag: Tag) -> Tag:
    with constraint_errors(Tag, orgkit_tag_name=TagExists, orgkit_tag_slug=TagSlugTaken):
        tag.save(force_insert=True)
    announce(TAG_CREATED, tag)
    return tag


@atomic()
def update_tag(tag: Tag, *, changes: dict[str, Any], check: Check | None = None) -> Tag:
    """Change ``name``, ``slug`` and ``color``, as far as given. A new name does not change the slug.

    Raises TagExists, NotFound if the tag is gone, and what ``check`` raises.
    """
    locked = lock(Tag.objects.filter(pk=tag.pk), check)
    before = values_of(locked, changes)
    for field, value in changes.items():
        setattr(locked, field, value)
    if changes:
        with constraint_errors(Tag, orgkit_tag_name=TagExists, orgkit_tag_slug=TagSlugTaken):
            locked.save(update_fields=list(changes))
    if changed := changes_since(before, locked):
        announce(TAG_UPDATED, locked, organization=tag.organization, changes=changed)
    return locked


@atomic()
def delete_tag(tag: Tag, *, check: Check | None = None) -> None:
    """Delete a tag and its assignments. Raises NotFound if it is gone, and what ``check`` raises."""
    locked = lock(Tag.objects.filter(pk=tag.pk), check)
    announce(TAG_DELETED, locked, organization=tag.organization)
    locked.delete()


@atomic()
def assign_tags(obj: models.Model, names: Iterable[str]) -> None:
    """Assign tags of its own organization to an object by name, and create missing tags.

    Takes up to ``TAGS_MAX_ASSIGN`` names of 1–50 characters. Assigns all of them or none, in a constant number of
    statements. Tags that the object already has stay as they are. The object is locked, so that nothing is assigned
    while it is being deleted. Raises ValidationFailed, NotFound if the object is gone, and LookupError if its model is
    not registered as taggable.
    """
    organization = resource_for(obj, ability="taggable").lock(obj)
    target = target_of(obj)
    wanted: dict[str, str] = {}
    for name in _valid_names(names):
        wanted.setdefault(name_key(name), name)
    if not wanted:
        return
    assigned = TagAssignment.objects.filter(tag=OuterRef("pk"), **target)
    tags, created = _ensure(organization, wanted, Tag.objects.annotate(assigned=Exists(assigned)))
    new = [tag for tag in tags if not getattr(tag, "assigned", False)]
    links = [(tag.pk, *target.values()) for tag in new]
    insert_rows(TagAssignment, ("tag_id", *target), links, ignore_conflicts=True)
    forget_tags(obj)
    if new and is_heard(TAGS_ASSIGNED, type(obj)):
        home = organization_of(obj, organization)
        for tag in created:
            announce(TAG_CREATED, tag, organization=home)
        changes = {"tags": {"old": [], "new": sorted(tag.slug for tag in new)}}
        announce(TAGS_ASSIGNED, obj, organization=home, changes=changes)


def _ensure(organization: int, wanted: dict[str, str], tags: models.QuerySet[Tag]) -> tuple[list[Tag], list[Tag]]:
    """Return the tags with these names (by key), and those of them that it has created.

    ``tags`` is the queryset to search in.

    Existing tags are locked, so that none is deleted before it is assigned. If another transaction takes a name or a
    slug first, search again.
    """
    locked = tags.select_for_update().order_by("pk")
    slugs = {key: name_slug(name) for key, name in wanted.items()}
    made: set[str] = set()
    for _ in range(_ROUNDS):
        near = locked.filter(Q(name_key__in=wanted) | Q(slug__in={*slugs.values()}), organization=organization)
        taken = {tag.slug: tag for tag in near}
        found = [tag for tag in taken.values() if tag.name_key in wanted]
        known = {tag.name_key for tag in found}
        # Every transaction inserts in the same order, so two of them never wait for each other.
        new = [_fresh(organization, wanted[key], slugs[key], taken) for key in sorted(wanted.keys() - known)]
        if not new:
            break
        try:
            with atomic():
                created = Tag.objects.bulk_create(new)
        except IntegrityError:
            continue
        made |= {tag.name_key for tag in created}
        # MySQL does not tell their keys, so the next round finds them.
        if all(tag.pk for tag in created):
            found += created
            break
    else:
        raise TagExists
    return found, [tag for tag in found if tag.name_key in made]


def _fresh(organization: int, name: str, slug: str, taken: dict[str, Tag]) -> Tag:
    """Return a new tag with a free slug, and add it to the taken ones."""
    tag = Tag(organization_id=organization, name=name, slug=slug)
    tag.derive()
    if tag.slug in taken:
        tag.slug = slug_with_suffix(name)
    taken[tag.slug] = tag
    return tag


@atomic()
def unassign_tags(obj: models.Model, names: Iterable[str]) -> None:
    """Remove tags of its own organization from an object by name, all of them or none.

    Raises ValidationFailed, NotFound if the object lacks one of them, and LookupError if its model is not registered as
    taggable.
    """
    keys = {name_key(name) for name in _valid_names(names)}
    assigned = _assigned(obj).filter(tag__name_key__in=keys)
    links = dict(assigned.values_list("pk", "tag__slug"))
    if len(links) < len(keys):
        raise NotFound
    TagAssignment.objects.filter(pk__in=links).delete()
    _tell_unassigned(obj, links.values())


@atomic()
def unassign_slug(obj: models.Model, slug: str) -> None:
    """Remove the tag with this slug from an object. Raises NotFound if the object lacks it."""
    if not _assigned(obj).filter(tag__slug=slug).delete()[0]:
        raise NotFound
    _tell_unassigned(obj, [slug])


def _tell_unassigned(obj: models.Model, slugs: Collection[str]) -> None:
    forget_tags(obj)
    if slugs and is_heard(TAGS_UNASSIGNED, type(obj)):
        home = resource_for(obj, ability="taggable").home(obj)
        announce_in(home, TAGS_UNASSIGNED, obj, changes={"tags": {"old": sorted(slugs), "new": []}})


def _valid_names(names: Iterable[str]) -> list[str]:
    if isinstance(names, CheckedNames):
        return names
    if isinstance(names, str):
        raise TypeError(f"Pass a list of names, such as [{names!r}], instead of one text.")
    given = list(names)
    found: list[str] = valid(OrgkitTagNames, {"tags": given})["tags"] if given else []
    return found


def _assigned(obj: models.Model) -> models.QuerySet[TagAssignment]:
    home = resource_for(obj, ability="taggable").home(obj)
    return TagAssignment.objects.filter(tag__organization=home, **target_of(obj))


def purge_tags(organization: int) -> bool:
    """Delete one batch of the tags and assignments of a closed organization. Tell whether there may be more."""
    links = TagAssignment.objects.filter(tag__organization=organization).values_list("pk", flat=True)[:_BATCH]
    if TagAssignment.objects.filter(pk__in=list(links)).delete()[0]:
        return True
    tags = Tag.objects.filter(organization=organization).values_list("pk", flat=True)[:_BATCH]
    return bool(Tag.objects.filter(pk__in=list(tags)).delete()[0])
