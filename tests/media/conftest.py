"""Fixtures of the tests of stored files."""

from __future__ import annotations

import pytest

from ninja_orgkit.media import storage
from ninja_orgkit.media.links import media_token
from tests.media.serving import CONTENT


@pytest.fixture
def name() -> str:
    """Return the name of a stored file."""
    return storage.save("images", "png", CONTENT)


@pytest.fixture
def link(name: str) -> str:
    """Return the path of the link to the file."""
    return f"/media/{media_token(name)}"
