"""Tags of an organization, and what they are assigned to."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from ninja_orgkit.database.attachments import Attachment
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key, text_key
from ninja_orgkit.database.slugs import name_slug, random_part
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.errors import TagExists

SORT_LENGTH = 255
"""Most characters of a sort key; what does not fit would not fit into an index either."""

_color = RegexValidator(r"^#[0-9a-f]{6}\Z")


def slug_with_suffix(name: str) -> str:
    """Return a slug for a name whose own is empty or taken."""
    return f"{name_slug(name) or 'tag'}-{random_part(6)}"


class Tag(DerivedColumns):
    """A word that an organization marks its objects with.

    ``name_key`` is the name whatever its case or Unicode form, unique in the organization (some characters grow
    eighteen-fold in it); ``sort_key`` is what lists sort and search by.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, related_name="tags")
    name = models.CharField(max_length=50)
    name_key = models.CharField(max_length=1000, editable=False)
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
        """Name the tag."""
        return self.name

    def derive(self) -> None:
        """Set the keys, and the slug of a tag without one, from the name."""
        self.name_key = text_key(self.name)
        self.sort_key = search_key(self.name)[:SORT_LENGTH]
        self.slug = self.slug or name_slug(self.name) or slug_with_suffix(self.name)

    def clean(self) -> None:
        """Refuse a name that is taken (in forms); a slug that is not given is made, another one if it is taken."""
        chosen = self.slug
        self.derive()
        others = Tag.objects.filter(organization=self.organization_id).exclude(pk=self.pk)
        if others.filter(name_key=self.name_key).exists():
            raise ValidationError({"name": TagExists.message()})
        if not chosen and others.filter(slug=self.slug).exists():
            self.slug = slug_with_suffix(self.name)


class TagAssignment(Attachment):
    """That an object has a tag."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, db_index=False, related_name="assignments")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tag", "content_type", "object_id"], name="orgkit_tag_assigned_once"),
        )
        indexes = (models.Index(fields=["content_type", "object_id"], name="orgkit_tags_of_object"),)

    def __str__(self) -> str:
        """Name the tag."""
        return str(self.tag)
