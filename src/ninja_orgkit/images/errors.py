"""What can go wrong with images."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict


class ImageExists(Conflict):
    """This picture is already in the organization."""
