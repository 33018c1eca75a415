"""Hooks that tests set."""

from __future__ import annotations

from tests.custom.conftest import set_hook

__all__ = ["set_hook"]
