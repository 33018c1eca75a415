"""The errors of files and their storage."""

from __future__ import annotations

from ninja_orgkit.errors import Invalid, NotFound, TooLarge, Unavailable, UnsupportedMediaType


class UnsupportedImage(UnsupportedMediaType):
    """This file is not a JPEG, PNG, WebP, AVIF or GIF picture. Upload one of these formats."""


class InvalidImage(Invalid):
    """This picture is damaged, incomplete or empty."""


class ImageTooLarge(Invalid):
    """This picture has too many pixels. ``detail`` says which limit it exceeds."""


class FileTooLarge(TooLarge):
    """This file is too large."""


class TooManyFiles(TooLarge):
    """This request has too many files."""


class NoAvatar(NotFound):
    """There is no avatar."""


class StorageUnavailable(Unavailable):
    """The file storage cannot be reached. Try again later."""


UPLOAD_ERRORS = (FileTooLarge, UnsupportedImage, InvalidImage, ImageTooLarge, StorageUnavailable)
"""The errors of an upload."""
