"""What can be wrong with a file."""

from __future__ import annotations

from ninja_orgkit.errors import Invalid, NotFound, TooLarge, Unavailable, UnsupportedMediaType


class UnsupportedImage(UnsupportedMediaType):
    """This is not a picture in a format that is accepted: JPEG, PNG, WebP, AVIF or GIF."""


class InvalidImage(Invalid):
    """This picture is broken, truncated, empty, or has too many pixels."""


class FileTooLarge(TooLarge):
    """The file is too large."""


class TooManyFiles(TooLarge):
    """The request has too many files."""


class NoAvatar(NotFound):
    """There is no avatar."""


class StorageUnavailable(Unavailable):
    """The file storage cannot be reached; try again later."""


UPLOAD_ERRORS = (FileTooLarge, UnsupportedImage, InvalidImage, StorageUnavailable)
"""What can be wrong with an upload."""
