"""URLs of the files of images, for a host's own code."""

from __future__ import annotations

from ninja_orgkit.conf import settings
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.models import Image
from ninja_orgkit.media.links import media_token, named_file


def file_url(image: Image, rendition: str | None = None) -> str:
    """Return the absolute URL of an image's original, or of one of its ``RENDITIONS`` by name. It starts with API_URL.

    The URL is signed. It stays the same for ``MEDIA_URL_WINDOW`` and works until the end of the next window. Raises
    NotFound if the image has no such rendition, or not yet.
    """
    if rendition is None:
        name = named_file(image.file, image.filename)
    elif image.status == Image.Status.READY and rendition in image.renditions:
        name = image.renditions[rendition]["name"]
    else:
        raise NotFound
    return f"{settings.API_URL}/media/{media_token(name)}"
