"""What can go wrong with events."""

from __future__ import annotations


class AppendOnly(Exception):
    """Events are never changed, and only the retention (``AUDIT_LIFETIME``) deletes them."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)
