"""Images in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.rendering import render_again


@admin.register(Image)
class ImageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Images of all organizations. Deleting an image deletes its files."""

    list_display = ("__str__", "organization", "status", "format", "width", "height", "size", "uses", "created_at")
    list_filter = ("status", "format", "created_at")
    list_select_related = ("organization",)
    search_fields = ("title", "filename", "organization__name", "organization__slug", "sha256")
    actions = ("make_renditions_again",)
    readonly_fields = (
        "organization", "creator", "filename", "format", "width", "height", "size", "sha256", "status", "placeholder",
        "file", "renditions", "created_at", "updated_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        """Count the uses in the same statement."""
        rows: QuerySet[Image] = super().get_queryset(request).annotate(uses=Count("attachments"))
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add an image here: images are uploaded through the API."""
        return False

    @admin.display(ordering="uses")
    def uses(self, image: Image) -> int:
        """Return the number of objects that have the image."""
        return int(image.uses)  # type: ignore[attr-defined]  # annotated above

    @admin.action(description="Render selected images again", permissions=["change"])
    def make_renditions_again(self, request: HttpRequest, images: QuerySet[Image]) -> None:
        """Render the selected images again, in the background."""
        render_again(list(images))


@admin.register(ImageAttachment)
class ImageAttachmentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Images of objects. The admin only shows and deletes them."""

    list_display = ("image", "content_type", "object_id", "position", "cover")
    list_filter = ("content_type",)
    list_select_related = ("image", "content_type")
    search_fields = ("object_id", "image__title")
    raw_id_fields = ("image",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to attach an image here: images are attached through the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to change an attachment here: the API keeps positions and covers consistent."""
        return False

    @admin.display(boolean=True)
    def cover(self, link: ImageAttachment) -> bool:
        """Tell whether the image is the cover of the object."""
        return link.is_cover
