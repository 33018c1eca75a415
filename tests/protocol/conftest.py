"""Fixtures for the tests of the protocol."""

from __future__ import annotations

from typing import Any

import pytest

from tests.org import Org
from tests.protocol.samples import path_parts


@pytest.fixture(scope="module")
def parts(shared_org: Org) -> dict[str, Any]:
    """Create one of everything for all tests of a module, and return what fills the placeholders in paths."""
    return path_parts(shared_org)
