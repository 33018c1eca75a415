"""Images of an organization, and what they are attached to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.attachments import Attachment
from ninja_orgkit.organizations.models import Organization


class Image(models.Model):
    """A picture: ``file`` is the stored name of the bytes as uploaded, ``sha256`` theirs, unique in the organization.

    ``width`` and ``height`` are as displayed. ``renditions`` is ``{name: {"name": stored name, "width", "height"}}``,
    filled by a worker. ``attempts`` counts the tries that have begun; ``asked_at`` is when one more was last asked for.
    """

    class Status(models.TextChoices):
        """Whether its renditions are there."""

        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, related_name="images")
    creator = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    alt_text = models.CharField(max_length=500, blank=True)
    format = models.CharField(max_length=8, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    size = models.PositiveBigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.PROCESSING, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    asked_at = models.DateTimeField(null=True, editable=False)
    placeholder = models.CharField(max_length=7, editable=False)
    file = models.CharField(max_length=255, editable=False)
    renditions = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization", "sha256"], name="orgkit_image_once"),)
        indexes = (
            models.Index(fields=["organization", "created_at", "id"], name="orgkit_images_by_time"),
            models.Index(fields=["organization", "title", "id"], name="orgkit_images_by_title"),
            models.Index(fields=["organization", "size", "id"], name="orgkit_images_by_size"),
            models.Index(fields=["status", "updated_at"], name="orgkit_images_by_status"),
        )

    def __str__(self) -> str:
        """Name the image."""
        return self.title or f"{self.format} {self.width} × {self.height}"

    def stored_names(self) -> list[str]:
        """Return the names of all files of the image."""
        return [self.file, *self.rendition_names()]

    def rendition_names(self) -> list[str]:
        """Return the names of the files that a worker made."""
        return sorted({rendition["name"] for rendition in self.renditions.values()})


class ImageAttachment(Attachment):
    """That an object has an image, and at which place.

    ``cover_of`` is unique and names the object when this is its cover, so that there is at most one. ``title``,
    ``description`` and ``alt_text`` override the image's for this object; NULL leaves the image's.
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, db_index=False, related_name="attachments")
    position = models.PositiveIntegerField(default=0)
    cover_of = models.CharField(max_length=80, null=True, editable=False)  # noqa: DJ001
    title = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    alt_text = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["image", "content_type", "object_id"], name="orgkit_image_attached_once"),
            models.UniqueConstraint(fields=["cover_of"], name="orgkit_image_one_cover"),
        )
        indexes = (
            models.Index(fields=["content_type", "object_id", "position", "image"], name="orgkit_images_of_object"),
        )

    def __str__(self) -> str:
        """Name the image."""
        return str(self.image)

    @property
    def is_cover(self) -> bool:
        """Whether the object shows this image first of all."""
        return self.cover_of is not None

    @property
    def target_key(self) -> str:
        """What ``cover_of`` is while this is the cover."""
        return f"{self.content_type_id}:{self.object_id}"
