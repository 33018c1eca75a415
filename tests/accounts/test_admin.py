"""Accounts in Django's admin."""

from __future__ import annotations

import pytest

from ninja_orgkit.accounts.models import Account


@pytest.fixture
def ann(register):
    return register("ann@example.com")


def _change(admin_client, **fields):
    (account,) = Account.objects.filter(email="ann@example.com")
    body = {"preferred_theme": "dark", "custom": "{}", "notification_preferences": "{}", **fields}
    return admin_client.post(f"/admin/orgkit_accounts/account/{account.pk}/change/", body)


@pytest.mark.parametrize("column", ["custom", "notification_preferences"])
def test_what_an_account_has_as_an_object_stays_one(admin_client, ann, column):
    for refused in ("[]", '"x"', "3"):
        assert _change(admin_client, **{column: refused}).status_code == 200
    assert ann.api.get("/users/me").json()["preferred_theme"] == "system"
    assert _change(admin_client, **{column: '{"a": 1}'}).status_code == 302
    assert ann.api.get("/users/me").json()[column] == {"a": 1}
    assert _change(admin_client, **{column: ""}).status_code == 302
    assert ann.api.get("/users/me").json()[column] == {}
