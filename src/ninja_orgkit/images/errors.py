"""The errors of images."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict


class ImageExists(Conflict):
    """The organization already has this picture."""
