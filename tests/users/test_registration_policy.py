"""``REGISTRATION`` says who may register. A refusal tells nothing about accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_django import Settings

from ninja_orgkit.accounts.errors import RegistrationByInvitation, RegistrationClosed
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.models import ThrottleCounter
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.errors import WrongRecipient
from ninja_orgkit.organizations.models import Invitation
from ninja_orgkit.users.services.registration import require_open
from tests.client import Api, told
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.org import MakePerson, Org
from tests.organizations.actions import invite, roles_in

pytestmark = pytest.mark.django_db

ANN = {"email": "ann@example.com", "password": "sturdy-Pass-1"}


@pytest.fixture
def invitation(org: Org) -> str:
    """Return the token of an invitation to ann@example.com."""
    assert invite(org, "ann@example.com").status_code == 201
    return tokens.mint(Invitation.objects.get())


@pytest.fixture
def by_invitation(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"REGISTRATION": "invitation"}


@pytest.fixture
def closed(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"REGISTRATION": "closed"}


def _register(api: Api, **body: Any) -> tuple[int, str]:
    response = api.post("/auth/register", {**ANN, **body})
    return response.status_code, response.json().get("code", "")


BAD_BODIES = [
    pytest.param(b"{", "application/json", id="no JSON"),
    pytest.param(b"\xff", "application/json", id="no text"),
    pytest.param(b"", "application/json", id="nothing"),
    pytest.param(b"[]", "application/json", id="a list"),
    pytest.param(b"[" * 100_000, "application/json", id="too deep"),
    pytest.param(b" " * (1024 * 1024 + 1), "application/json", id="too large"),
    pytest.param(json.dumps(ANN), "text/plain", id="another media type"),
    pytest.param(b"--x\r\n", "multipart/form-data; boundary=x", id="a form"),
    pytest.param(json.dumps({"email": None, "invitation": 5}), "application/json", id="other types"),
    pytest.param(json.dumps({**ANN, "invitation": "\ud800\x00"}), "application/json", id="no characters"),
    pytest.param(json.dumps({**ANN, "invitation": "x" * 5000}), "application/json", id="too long"),
    pytest.param(json.dumps({**ANN, "unknown": 1}), "application/json", id="an unknown field"),
]


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(("body", "media_type"), BAD_BODIES)
def test_closed_registration_refuses_every_body_alike(
    api: Api, body: Any, media_type: str, count_queries: CountQueries
) -> None:
    with count_queries() as queries:
        answer = api.send("POST", "/auth/register?unknown=1", body, content_type=media_type)
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")
    assert len(queries) == 0


@pytest.mark.usefixtures("by_invitation")
@pytest.mark.parametrize(("body", "media_type"), BAD_BODIES)
def test_without_an_invitation_every_body_is_refused_alike(api: Api, body: Any, media_type: str) -> None:
    expected = api.post("/auth/register", ANN)
    answer = api.send("POST", "/auth/register?unknown=1", body, content_type=media_type)
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_by_invitation")
    assert told(answer) == told(expected)


def test_closed_registration_refuses_the_invited_too(api: Api, invitation: str, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"REGISTRATION": "closed"}
    assert _register(api, invitation=invitation) == (403, "registration_closed")
    assert not Account.objects.filter(email="ann@example.com").exists()


@pytest.mark.parametrize("refused", ["closed", "by_invitation"])
def test_a_refusal_is_the_same_for_known_and_unknown_addresses_and_names(
    api: Api, make_person: MakePerson, refused: str, request: pytest.FixtureRequest, count_queries: CountQueries
) -> None:
    make_person("ann")
    request.getfixturevalue(refused)
    seen = set()
    for body in ({}, {"email": "new@example.com"}, {"username": "ann"}, {"password": "x"}):
        with count_queries() as queries:
            answer = api.post("/auth/register", {**ANN, **body})
        seen.add((told(answer), len(queries)))
    assert len(seen) == 1
    assert Account.objects.count() == 1


@pytest.mark.usefixtures("by_invitation")
class TestByInvitation:
    """Only people with a pending invitation to their address register."""

    def test_the_invited_register_and_join(self, api: Api, org: Org, invitation: str) -> None:
        answer = api.post("/auth/register", {**ANN, "email": " Ann@EXAMPLE.com", "invitation": invitation})
        assert answer.status_code == 201, answer.content
        user = answer.json()["user"]
        assert user["email_verified"] is True
        assert roles_in(org)[user["slug"]] == "member"

    def test_an_invitation_works_once(self, api: Api, invitation: str) -> None:
        assert _register(api, invitation=invitation)[0] == 201
        assert _register(api, invitation=invitation) == (403, "registration_by_invitation")

    @pytest.mark.parametrize("status", ["cancelled", "declined", "expired"])
    def test_an_ended_invitation_is_like_none(self, api: Api, invitation: str, status: str) -> None:
        row = Invitation.objects.get()
        row.status = status
        row.save()
        assert _register(api, invitation=invitation) == (403, "registration_by_invitation")

    def test_an_invitation_is_void_while_its_sender_may_not_invite(self, api: Api, org: Org, invitation: str) -> None:
        sender = Account.objects.get(slug=org.owner.slug).user
        sender.is_active = False
        sender.save()
        assert _register(api, invitation=invitation) == (403, "registration_by_invitation")
        sender.is_active = True
        sender.save()
        assert _register(api, invitation=invitation)[0] == 201

    def test_an_invitation_to_another_address_says_so_whatever_else_is_wrong(self, api: Api, invitation: str) -> None:
        other = {"email": "bob@example.com", "invitation": invitation}
        assert _register(api, **other) == (403, "wrong_recipient")
        assert _register(api, **other, password="x") == (403, "wrong_recipient")

    def test_guessing_the_address_of_an_invitation_is_throttled(
        self, api: Api, invitation: str, settings: Settings
    ) -> None:
        settings.NINJA_ORGKIT = {
            "REGISTRATION": "invitation", "THROTTLING": True, "THROTTLES": {"register.address": "2/h"},
        }  # fmt: skip
        other = {"email": "bob@example.com", "invitation": invitation}
        assert [_register(api, **other)[0] for _ in range(3)] == [403, 403, 429]
        assert _register(api) == (403, "registration_by_invitation")

    def test_a_refusal_without_an_invitation_counts_nothing(self, api: Api, settings: Settings) -> None:
        settings.NINJA_ORGKIT = {
            "REGISTRATION": "invitation", "THROTTLING": True, "THROTTLES": {"register.address": "2/h"},
        }  # fmt: skip
        assert {_register(api)[0] for _ in range(4)} == {403}
        assert not ThrottleCounter.objects.exists()

    def test_whoever_is_invited_is_told_what_is_wrong_with_the_rest(self, api: Api, invitation: str) -> None:
        assert _register(api, invitation=invitation, email="ann@")[0] == 422
        assert _register(api, invitation=invitation, password="12345678") == (422, "weak_password")
        assert _register(api, invitation=invitation)[0] == 201

    def test_the_invited_who_have_an_account_are_told_so(
        self, api: Api, invitation: str, make_person: MakePerson
    ) -> None:
        ann = make_person("ann")
        assert _register(api, invitation=invitation) == (409, "email_taken")
        assert ann.api.post("/invitations/accept", {"token": invitation}).status_code == 200

    def test_mandatory_verification_answers_the_invited_as_before(
        self, api: Api, invitation: str, settings: Settings, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        settings.NINJA_ORGKIT = {"REGISTRATION": "invitation", "EMAIL_VERIFICATION": "mandatory"}
        assert _register(api) == (403, "registration_by_invitation")
        assert _register(api, invitation=invitation)[0] == 202
        run_outbox()
        assert "You can sign in now" in mailbox[-1].body


@pytest.mark.parametrize("refused", ["closed", "by_invitation"])
def test_users_who_are_there_sign_in_and_a_host_creates_users(
    api: Api, make_person: MakePerson, refused: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(refused)
    ann = make_person("ann")
    assert api.post("/token/pair", {"email": ann.email, "password": ann.password}).status_code == 200


def test_other_ways_to_sign_up_ask_the_same_rule(invitation: str, settings: Settings) -> None:
    require_open()
    settings.NINJA_ORGKIT = {"REGISTRATION": "closed"}
    with pytest.raises(RegistrationClosed):
        require_open(email="ann@example.com", invitation=invitation)
    settings.NINJA_ORGKIT = {"REGISTRATION": "invitation"}
    require_open(invitation=invitation)
    require_open(email="ann@example.com", invitation=invitation)
    with pytest.raises(RegistrationByInvitation):
        require_open(email="ann@example.com")
    with pytest.raises(WrongRecipient):
        require_open(email="bob@example.com", invitation=invitation)
