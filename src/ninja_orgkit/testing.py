"""A plugin for pytest: fixtures and assertions for the tests of a host's own routes.

pytest loads this module before Django has settings, so nothing of Django is imported until a test asks for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ninja_orgkit.testkit.assertions import (
        assert_constant_statements,
        assert_keys,
        assert_roles,
        assert_same_answer,
        assert_stranger_sees_nothing,
    )
    from ninja_orgkit.testkit.client import OrgkitClient
    from ninja_orgkit.testkit.factories import OrgkitFactories

_PLACES = {
    "assert_constant_statements": "assertions",
    "assert_keys": "assertions",
    "assert_roles": "assertions",
    "assert_same_answer": "assertions",
    "assert_stranger_sees_nothing": "assertions",
    "OrgkitClient": "client",
    "OrgkitFactories": "factories",
}

__all__ = [
    "OrgkitClient",
    "OrgkitFactories",
    "assert_constant_statements",
    "assert_keys",
    "assert_roles",
    "assert_same_answer",
    "assert_stranger_sees_nothing",
    "orgkit",
    "orgkit_client",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ninja_orgkit.testkit.{_PLACES[name]}"), name)


@pytest.fixture
def orgkit_client(db: None) -> OrgkitClient:
    """Return a client of the host's API that is not signed in; ``.as_(account)`` and ``.as_key(key)`` return others."""
    client: OrgkitClient = __getattr__("OrgkitClient")()
    return client


@pytest.fixture
def orgkit(db: None) -> OrgkitFactories:
    """Return functions that create accounts, organizations, members, API keys, contacts and images."""
    factories: OrgkitFactories = __getattr__("OrgkitFactories")()
    return factories
