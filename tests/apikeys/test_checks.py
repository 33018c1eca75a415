"""The system check of API keys."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.checks.messages import found_by_id

TOKENS = "ninja_orgkit.accounts.authentication.bearer_token"
COOKIES = "ninja_orgkit.accounts.authentication.django_session"
KEYS = "ninja_orgkit.apikeys.authentication.api_key"


@pytest.mark.parametrize(
    ("callables", "reported"),
    [
        ([TOKENS], True),
        ([COOKIES, TOKENS], True),
        ([TOKENS, KEYS], False),
        ([KEYS], False),
        ([COOKIES], False),
    ],
)
def test_api_keys_that_authenticate_nobody_are_reported(
    settings: Settings, callables: list[str], reported: bool
) -> None:
    settings.NINJA_ORGKIT = {"AUTHENTICATION": callables}
    assert ("orgkit.W105" in found_by_id()) is reported
