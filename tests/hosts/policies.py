"""The journey on hosts with a policy of their own; ``test_hosts`` runs this file. Settings are read live."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from tests.hosts.journey import (  # noqa: F401
    api,
    test_somebody_registers_works_and_leaves,
    test_the_system_checks_pass,
    test_users_created_by_the_host_can_sign_in,
)

POLICIES: dict[str, dict[str, Any]] = {
    "invitation only": {"REGISTRATION": "invitation"},
    "without personal organizations": {"PERSONAL_ORGANIZATIONS": False},
    "a closed circle": {"REGISTRATION": "invitation", "PERSONAL_ORGANIZATIONS": False, "MEMBERS_MAX": 2},
}


@pytest.fixture(autouse=True, params=POLICIES)
def policy(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, **POLICIES[request.param]}
