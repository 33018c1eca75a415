"""Fixtures of the tests of images."""

from __future__ import annotations

import pytest

from tests.images.actions import contact_images_path
from tests.org import Org


@pytest.fixture
def contact(org: Org) -> str:
    """Return the path of a contact's images."""
    return contact_images_path(org)
