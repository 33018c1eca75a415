"""What several tests of accounts do."""

from __future__ import annotations

from typing import Any

from tests.client import Api


def verify(api: Api, token: str) -> Any:
    """Open the link in a mail that verifies or changes an address."""
    return api.get("/auth/email/verify", token=token)
