"""What tests of serving files share."""

from __future__ import annotations

from typing import Any

CONTENT = bytes(range(256)) * 1000


def body(response: Any) -> bytes:
    """Return what was sent; the client closes the file at its end."""
    content: bytes = response.getvalue() if response.streaming else response.content
    return content
