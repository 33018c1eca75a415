"""Tags of an organization, and their assignments to objects."""

from __future__ import annotations

import hashlib

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from ninja_orgkit.database.attachments import Attachment
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key, text_key
from ninja_orgkit.database.slugs import name_slug, random_part
from ninja_orgkit.database.visible import is_blank
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.errors import TagExists

SORT_LENGTH = 255
"""Maximum length of a sort key in characters. A longer one would not fit into an index."""

_KEY_LENGTH = 255
"""The maximum length of a name's key in characters. Four bytes each, as MySQL counts, fit into an index."""

_color = RegexValidator(r"^#[0-9a-f]{6}\Z")


def name_key(name: str) -> str:
    """Return the form that all spellings of a name share. One that is too long for an index ends with a hash of it."""
    key = text_key(name)
    if len(key) <= _KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return key[: _KEY_LENGTH - len(digest)] + digest


def slug_with_suffix(name: str) -> str:
    """Return a slug with a random suffix, for a name whose plain slug is empty or taken."""
    return f"{name_slug(name) or 'tag'}-{random_part(6)}"


class Tag(DerivedColumns):
    """A label that an organization puts on its objects.

    ``name_key`` is the name without differences of case and Unicode form, and unique in the organization. Lists sort
    and search by ``sort_key``.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, related_name="tags")
    name = models.CharField(max_length=50)
    name_key = models.CharField(max_length=_KEY_LENGTH, editable=False)
    sort_key = models.CharField(max_length=SORT_LENGTH, editable=False)
    slug = models.CharField(max_length=64, blank=True)
    color = models.CharField(max_length=7, null=True, blank=True, validators=[_color])  # noqa: DJ001
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    DERIVED = ("name_key", "sort_key")
    DERIVED_FROM = ("name", "slug")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization", "name_key"], name="orgkit_tag_name"),
            models.UniqueConstraint(fields=["organization", "slug"], name="orgkit_tag_slug"),
        )
        indexes = (
            models.Index(fields=["organization", "sort_key", "id"], name="orgkit_tags_by_name"),
            models.Index(fields=["organization", "created_at", "id"], name="orgkit_tags_by_time"),
        )

    def __str__(self) -> str:
        """Return the name of the tag."""
        return self.name

    def derive(self) -> None:
        """Set the keys, and the slug of a tag without one, from the name."""
        self.name_key = name_key(self.name)
        self.sort_key = search_key(self.name)[:SORT_LENGTH]
        self.slug = self.slug or name_slug(self.name) or slug_with_suffix(self.name)

    def clean(self) -> None:
        """Validate a form: refuse an invisible or a taken name, and make a free slug if none is given."""
        if is_blank(self.name):
            raise ValidationError({"name": gettext("Enter a name that people can see.")})
        chosen = self.slug
        self.derive()
        others = Tag.objects.filter(organization=self.organization_id).exclude(pk=self.pk)
        if others.filter(name_key=self.name_key).exists():
            raise ValidationError({"name": TagExists.translated()})
        if not chosen and others.filter(slug=self.slug).exists():
            self.slug = slug_with_suffix(self.name)


class TagAssignment(Attachment):
    """The assignment of a tag to an object."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, db_index=False, related_name="assignments")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tag", "content_type", "object_id"], name="orgkit_tag_assigned_once"),
        )
        indexes = (models.Index(fields=["content_type", "object_id"], name="orgkit_tags_of_object"),)

    def __str__(self) -> str:
        """Return the name of the tag."""
        return str(self.tag)
