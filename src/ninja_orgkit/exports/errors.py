"""The errors of exports."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict, Gone


class ExportExpired(Gone):
    """This archive has expired and was deleted. Start a new export."""


class ExportActive(Conflict):
    """An export of this organization is already running. Wait until it has finished."""
