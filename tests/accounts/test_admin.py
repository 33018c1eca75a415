"""Accounts in Django's admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ninja_orgkit.accounts.models import Account
from tests.client import Person
from tests.conftest import Register


@pytest.fixture
def ann(register: Register) -> Person:
    return register("ann@example.com")


def _change(admin_client: Client, **fields: Any) -> Any:
    (account,) = Account.objects.filter(email="ann@example.com")
    body = {"preferred_theme": "dark", "custom": "{}", "notification_preferences": "{}", **fields}
    return admin_client.post(f"/admin/orgkit_accounts/account/{account.pk}/change/", body)


@pytest.mark.parametrize("column", ["custom", "notification_preferences"])
def test_the_admin_accepts_only_objects_for_json_fields_of_an_account(
    admin_client: Client, ann: Person, column: str
) -> None:
    for refused in ("[]", '"x"', "3"):
        assert _change(admin_client, **{column: refused}).status_code == 200
    assert ann.api.get("/users/me").json()["preferred_theme"] == "system"
    assert _change(admin_client, **{column: '{"a": 1}'}).status_code == 302
    assert ann.api.get("/users/me").json()[column] == {"a": 1}
    assert _change(admin_client, **{column: ""}).status_code == 302
    assert ann.api.get("/users/me").json()[column] == {}
