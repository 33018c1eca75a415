"""Hashing is slow, so no transaction waits for it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
from tests.mails import link_of

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "ann@example.com"
FIRST, SECOND, THIRD = "sturdy-Pass-1", "another-Pass-2", "third-Pass-3"


@pytest.fixture(autouse=True)
def _hash_outside_transactions(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.hashers.OutsideTransactionsHasher"]


def test_no_password_is_hashed_inside_a_transaction(api: Api, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    assert api.post("/auth/register", {"email": ADDRESS, "password": FIRST}).status_code == 201
    pair = api.post("/token/pair", {"email": ADDRESS, "password": FIRST}).json()
    body = {"old_password": FIRST, "new_password": SECOND}
    changed = api.as_user(pair["access"]).post("/auth/change-password", body)
    assert changed.status_code == 200
    ann = api.as_user(changed.json()["access"])
    assert ann.patch("/auth/email", {"email": "new@example.com", "password": SECOND}).status_code == 202
    run_outbox()
    mailbox.clear()
    api.post("/auth/password-reset/request", {"email": ADDRESS})
    run_outbox()
    reset = {"token": link_of(mailbox[-1])[1], "new_password": THIRD}
    assert api.post("/auth/password-reset/confirm", reset).status_code == 200
    assert api.post("/token/pair", {"email": ADDRESS, "password": THIRD}).status_code == 200


def test_registering_unseen_hashes_outside_a_transaction_for_every_address(api: Api, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    for _ in range(2):
        assert api.post("/auth/register", {"email": ADDRESS, "password": FIRST}).status_code == 202
