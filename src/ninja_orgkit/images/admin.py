"""Images in Django's admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from ninja_orgkit import registry
from ninja_orgkit.audit.actions import IMAGE_DELETED, IMAGE_UPDATED, IMAGES_DETACHED, Action
from ninja_orgkit.audit.staff import AnnouncedAdmin
from ninja_orgkit.database.attachments import content_type_id
from ninja_orgkit.files.admin import ValuesFilter, file_link, number_of, picture
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.rendering import render_again
from ninja_orgkit.media.formats.signatures import CONTENT_TYPES
from ninja_orgkit.media.links import named_file
from ninja_orgkit.organizations.announcing import announce_in


class FormatFilter(ValuesFilter):
    """Filters images by their format."""

    title = parameter_name = "format"

    def values(self) -> Iterable[str]:
        """Return the accepted formats."""
        return sorted(kind.removeprefix("image/") for kind in CONTENT_TYPES.values())


@admin.register(Image)
class ImageAdmin(AnnouncedAdmin):
    """Images of all organizations. Deleting an image deletes its files."""

    changed, deleted = IMAGE_UPDATED, IMAGE_DELETED
    list_display = (
        "thumbnail",
        "__str__",
        "organization",
        "status",
        "format",
        "width",
        "height",
        "size",
        "uses",
        "created_at",
    )
    list_display_links = ("__str__",)
    list_filter = ("status", FormatFilter, "created_at")
    list_select_related = ("organization__personal_of",)
    search_fields = ("title", "filename", "organization__name", "organization__slug", "sha256")
    actions = ("make_renditions_again",)
    readonly_fields = (
        "preview", "files", "organization", "creator", "filename", "format", "width", "height", "size", "sha256",
        "status", "placeholder", "created_at", "updated_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        """Count the uses in the same statement."""
        rows: QuerySet[Image] = (
            super().get_queryset(request).annotate(uses=number_of(ImageAttachment.objects.all(), "image"))
        )
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add an image here: images are uploaded through the API."""
        return False

    @admin.display(description="")
    def thumbnail(self, image: Image) -> str:
        """Show the smallest rendition."""
        return picture(_rendition(image, "thumb"), size=60)

    @admin.display(description="picture")
    def preview(self, image: Image) -> str:
        """Show a rendition that links to the original."""
        return picture(_rendition(image, "sm"), size=320, target=_original(image))

    @admin.display(description="files")
    def files(self, image: Image) -> str:
        """Link to the original and to each rendition."""
        links = [("original", image.width, image.height, _original(image))]
        links += [(name, made["width"], made["height"], made["name"]) for name, made in image.renditions.items()]
        texts = (file_link(file, f"{name} ({width} × {height})") for name, width, height, file in links)
        return format_html_join(mark_safe("<br>"), "{}", ((text,) for text in texts))

    def uses(self, image: Image) -> int:
        """Return the number of objects that have the image."""
        return int(image.uses)  # type: ignore[attr-defined]  # annotated above

    @admin.action(description=gettext_lazy("Render selected images again"), permissions=["change"])
    def make_renditions_again(self, request: HttpRequest, images: QuerySet[Image]) -> None:
        """Render the selected images again, in the background."""
        render_again(list(images))


def _rendition(image: Image, name: str) -> str:
    return str(image.renditions.get(name, {}).get("name", ""))


def _original(image: Image) -> str:
    return named_file(image.file, image.filename)


class ImageableFilter(admin.SimpleListFilter):
    """Filters attachments by the models whose objects can have images."""

    title = "model"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the public names of the registered models."""
        return [(found.name, found.name) for found in registry.resources() if found.imageable]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the attachments to objects of the chosen model."""
        chosen = next((found for found in registry.resources() if found.name == self.value()), None)
        return queryset.filter(content_type=content_type_id(chosen.model)) if chosen else queryset


@admin.register(ImageAttachment)
class ImageAttachmentAdmin(AnnouncedAdmin):
    """Images of objects. The admin only shows and deletes them."""

    deleted = IMAGES_DETACHED
    list_display = ("image", "content_type", "object_id", "position", "cover")
    list_filter = (ImageableFilter,)
    list_select_related = ("image", "content_type")
    search_fields = ("object_id", "image__title")
    raw_id_fields = ("image",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to attach an image here: images are attached through the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to change an attachment here: the API keeps positions and covers consistent."""
        return False

    def announce(self, action: Action, objects: Iterable[Any], changes: Any = None) -> None:
        """Announce that objects have lost an image."""
        imageable = {content_type_id(found.model): found.model for found in registry.resources() if found.imageable}
        for link in objects:
            model = imageable.get(link.content_type_id)
            target = model._base_manager.filter(pk=link.object_id).first() if model else None
            if target is not None:
                lost = {"images": {"old": [link.image_id], "new": []}}
                announce_in(link.image.organization_id, action, target, changes=lost)

    @admin.display(boolean=True)
    def cover(self, link: ImageAttachment) -> bool:
        """Tell whether the image is the cover of the object."""
        return link.is_cover
