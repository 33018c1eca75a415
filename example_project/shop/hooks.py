"""What the kit asks the shop before it writes, as the setting ``HOOKS`` says."""

from __future__ import annotations

from typing import Any

from shop.errors import DisposableAddress

THROWAWAY = ("@mailinator.com", "@example.invalid")


def refuse_throwaway_addresses(*, email: str, **_values: Any) -> None:
    """Let nobody invite a throwaway address."""
    if email.lower().endswith(THROWAWAY):
        raise DisposableAddress
