"""What can go wrong with exports."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict, Gone


class ExportExpired(Gone):
    """This archive has expired and was deleted; ask for a new export."""


class ExportActive(Conflict):
    """An export of this organization is under way."""
