"""The guides about who may register and about projects with users do what they say."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from tests.checks.messages import found_by_id
from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
from tests.docs.pages import DOCS, blocks
from tests.mails import token_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def test_a_product_by_invitation_works_as_its_guide_shows(
    api: Api, settings: Settings, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    page = DOCS / "guides" / "invitation-only.md"
    names: dict[str, Any] = {}
    exec(blocks(page, "python")[0], names)
    settings.NINJA_ORGKIT = names["NINJA_ORGKIT"]
    assert found_by_id() == {}
    User.objects.create_superuser("ada", "ada@example.com", PASSWORD)
    ada = api.as_user(api.post("/token/pair", {"username": "ada", "password": PASSWORD}).json()["access"])
    sent = iter(blocks(page, "http"))
    for request, answer in zip(sent, sent, strict=True):
        line, _, body = request.partition("\n\n")
        path = line.split()[1].removeprefix("/api/v1")
        token = token_in(mailbox[-1]) if mailbox else ""
        response = (api if "/auth/" in path else ada).post(path, json.loads(body.replace("TOKEN", token)))
        run_outbox()
        status, _, shown = answer.partition("\n\n")
        assert response.status_code == int(status.split()[1]), response.content
        if response.status_code == 403:
            assert {**response.json(), "request_id": ""} == {**json.loads(shown), "request_id": ""}
        elif shown:
            assert (set(response.json()), response.json()["role"]) == (set(json.loads(shown)), "member")
    mary = Account.objects.get(email="mary@example.com")
    assert mary.email_verified_at is not None
    assert [item.organization.slug for item in mary.memberships.select_related("organization")] == ["engines"]


def test_users_who_were_there_before_get_accounts_as_the_guide_shows() -> None:
    page = DOCS / "guides" / "existing-projects.md"
    User.objects.bulk_create(
        [User(username="first", email="same@example.com"), User(username="second", email="SAME@Example.com")]
    )
    shown = "\n".join(blocks(page, "console"))
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("orgkit_doctor", stdout=out)
    assert {line for line in out.getvalue().splitlines() if line not in shown} == set()
    out = io.StringIO()
    call_command("orgkit_sync", stdout=out)
    assert out.getvalue() in shown
    verify, import_teams = blocks(page, "python")
    exec(verify, {})
    assert not Account.objects.filter(email_verified_at=None).exists()
    names: dict[str, Any] = {}
    exec(import_teams, names)
    first = User.objects.get(username="first")
    made = names["import_team"](SimpleNamespace(founder=first, name="Engines", people=User.objects.all()))
    roles = dict(made.memberships.values_list("account__username", "role"))
    assert roles == {"first": "owner", "second": "member"}
