"""Images of an organization, and their attachments to objects."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.attachments import Attachment
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.searched import SearchedQuerySet
from ninja_orgkit.database.searching import searched_text
from ninja_orgkit.organizations.models import Organization


class Image(DerivedColumns):
    """A picture of an organization.

    ``file`` is the stored name of the uploaded bytes, and ``filename`` is what their sender calls them. ``sha256`` is
    their hash, which is unique in the organization. ``width`` and ``height`` are the displayed size in pixels. A worker
    fills ``renditions``, which is ``{name: {"name": stored name, "width", "height"}}``. ``attempts`` counts the
    renderings that have started, and ``asked_at`` is when a worker was last asked for another one.
    """

    class Status(models.TextChoices):
        """Whether the renditions are ready."""

        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, related_name="images")
    creator = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    filename = models.CharField(max_length=255, blank=True, editable=False)
    title = models.CharField(max_length=200, blank=True)
    title_sort = models.CharField(max_length=255, editable=False)
    search_text = models.TextField(editable=False)
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

    DERIVED = ("title_sort", "search_text")
    DERIVED_FROM = ("title", "description", "alt_text", "filename")

    objects = SearchedQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization", "sha256"], name="orgkit_image_once"),)
        indexes = (
            models.Index(fields=["organization", "created_at", "id"], name="orgkit_images_by_time"),
            models.Index(fields=["organization", "title_sort", "id"], name="orgkit_images_by_title"),
            models.Index(fields=["organization", "size", "id"], name="orgkit_images_by_size"),
            models.Index(fields=["status", "updated_at"], name="orgkit_images_by_status"),
        )

    def __str__(self) -> str:
        """Return the title, or else the file name, or else the format and the size."""
        return self.title or self.filename or f"{self.format} {self.width} × {self.height}"

    def derive(self) -> None:
        """Set the key by which all databases sort alike, and the text that searches look in."""
        self.title_sort = search_key(self.title)[:255]
        self.search_text = searched_text(getattr(self, field) for field in self.DERIVED_FROM)

    def stored_names(self) -> list[str]:
        """Return the names of all files of the image."""
        return [self.file, *self.rendition_names()]

    def rendition_names(self) -> list[str]:
        """Return the names of the files that a worker made."""
        return sorted({rendition["name"] for rendition in self.renditions.values()})


class ImageAttachment(Attachment):
    """The attachment of an image to an object, with its position.

    ``cover_of`` is unique, and names the object if this is its cover. So an object has at most one cover. ``title``,
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
        """Return the title, or else the format and the size."""
        return str(self.image)

    @property
    def is_cover(self) -> bool:
        """Whether the image is the cover of the object."""
        return self.cover_of is not None

    @property
    def target_key(self) -> str:
        """The value of ``cover_of`` for a cover of this object."""
        return f"{self.content_type_id}:{self.object_id}"
