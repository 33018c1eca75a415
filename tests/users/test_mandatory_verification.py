"""Registration where verification is mandatory reveals nothing about an address."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account, ChosenPassword, Session
from tests.client import Api
from tests.conftest import CountQueries, Mailbox, Register, RunOutbox
from tests.mails import link_of

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"

ANN = {"email": "ann@example.com", "password": PASSWORD}


class TestWhereVerificationIsMandatory:
    """Only the owner of an address learns whether it is registered."""

    @pytest.fixture(autouse=True)
    def mandatory(self, settings: Settings) -> None:
        settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}

    def test_known_and_unknown_addresses_get_the_same_answer_and_one_mail(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        unknown = api.post("/auth/register", ANN)
        known = api.post("/auth/register", {**ANN, "password": "another-Pass-2"})
        assert (unknown.status_code, known.status_code) == (202, 202)
        assert unknown.content == known.content
        assert not Session.objects.exists()
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"], ["ann@example.com"]]
        assert mailbox[0].subject != mailbox[1].subject

    @pytest.fixture
    def invitation(self, register: Register, settings: Settings, run_outbox: RunOutbox, mailbox: Mailbox) -> str:
        """Return the token of an invitation to ann@example.com."""
        settings.NINJA_ORGKIT = {}
        host = register(email="host@example.com")
        slug = host.api.post("/orgs/", {"name": "Acme"}).json()["slug"]
        host.api.post(f"/orgs/{slug}/invitations/", {"email": "ann@example.com", "role": "member"})
        run_outbox()
        token = link_of(mailbox[-1])[1]
        mailbox.clear()
        settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}
        return token

    @pytest.mark.parametrize(("body", "status"), [({}, 400), ({"email": "bob@example.com"}, 403)])
    def test_a_bad_invitation_is_refused_for_known_and_unknown_addresses_alike(
        self, api: Api, invitation: str, body: Any, status: int
    ) -> None:
        body = {**ANN, "invitation": invitation if body else "x", **body}
        unknown = api.post("/auth/register", body)
        api.post("/auth/register", {**ANN, "email": body["email"]})
        known = api.post("/auth/register", body)
        assert unknown.status_code == known.status_code == status
        assert unknown.content == known.content
        assert Account.objects.filter(email=body["email"]).count() == 1

    def test_a_known_address_does_not_join_by_registering_again(
        self, api: Api, invitation: str, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", ANN)
        answer = api.post("/auth/register", {**ANN, "password": "another-Pass-2", "invitation": invitation})
        assert answer.status_code == 202
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"], ["ann@example.com"]]
        assert Account.objects.get(email="ann@example.com").memberships.count() == 1

    def test_registering_with_an_invitation_verifies_the_address_and_sends_a_mail(
        self, api: Api, invitation: str, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        plain = api.post("/auth/register", {**ANN, "email": "other@example.com"})
        invited = api.post("/auth/register", {**ANN, "invitation": invitation})
        assert (invited.status_code, invited.content) == (202, plain.content)
        run_outbox()
        (mail,) = [mail for mail in mailbox if mail.to == ["ann@example.com"]]
        assert "sign in" in mail.body
        assert "token=" not in mail.body
        me = api.as_user(api.post("/token/pair", ANN).json()["access"]).get("/users/me").json()
        assert me["email_verified"] is True
        assert {home["name"] for home in me["organizations"]} == {me["username"], "Acme"}

    def test_a_weak_password_and_a_taken_username_are_refused_for_known_and_unknown_addresses_alike(
        self, api: Api
    ) -> None:
        api.post("/auth/register", {**ANN, "username": "ann"})
        for change, status in ({"password": "password"}, 422), ({"username": "a.n.n"}, 409), ({"username": "me"}, 422):
            known, unknown = [
                api.post("/auth/register", {**ANN, "email": email, **change})
                for email in ("ann@example.com", "nobody@example.com")
            ]
            assert known.status_code == unknown.status_code == status
            assert known.content == unknown.content

    def test_signing_in_needs_the_link_of_the_mail_or_a_reset(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", ANN)
        refused = api.post("/token/pair", ANN)
        assert (refused.status_code, refused.json()["code"]) == (401, "email_not_verified")
        run_outbox()
        assert api.get("/auth/email/verify", token=link_of(mailbox[0])[1]).status_code == 200
        assert api.post("/token/pair", ANN).status_code == 200

    def test_signing_in_with_the_chosen_password_does_not_tell_whether_the_address_was_taken(self, api: Api) -> None:
        for number, email in enumerate(("free@example.com", "taken@example.com", "taken@example.com")):
            api.post("/auth/register", {"email": email, "password": f"chosen-Pass-{number}"})
        Account.objects.filter(email="taken@example.com").update(email_verified_at=timezone.now())
        for number, email in (0, "free@example.com"), (2, "taken@example.com"), (2, "TAKEN@example.com"):
            answer = api.post("/token/pair", {"email": email, "password": f"chosen-Pass-{number}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "email_not_verified")
        for number, email in (2, "free@example.com"), (0, "taken@example.com"), (2, "nobody@example.com"):
            answer = api.post("/token/pair", {"email": email, "password": f"chosen-Pass-{number}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert api.post("/token/pair", {"email": "taken@example.com", "password": "chosen-Pass-1"}).status_code == 200

    def test_a_refused_sign_in_takes_as_many_statements_for_every_address(
        self, api: Api, count_queries: CountQueries
    ) -> None:
        for password in (PASSWORD, "another-Pass-2"):
            api.post("/auth/register", {**ANN, "password": password})
        costs = []
        for email, password in (
            ("ann@example.com", "another-Pass-2"), ("ann@example.com", "x"), ("nobody@example.com", "x"),
        ):  # fmt: skip
            with count_queries() as queries:
                assert api.post("/token/pair", {"email": email, "password": password}).status_code == 401
            costs.append(len(queries))
        assert costs[0] == costs[1] == costs[2]

    def test_a_chosen_password_is_not_stored(self, api: Api) -> None:
        for password in (PASSWORD, "another-Pass-2"):
            api.post("/auth/register", {**ANN, "password": password})
        assert [len(row.digest) for row in ChosenPassword.objects.all()] == [4]

    def test_the_owner_of_an_address_can_sign_in_after_a_reset(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        """Somebody else registered the address before, and must be signed out by the reset."""
        api.post("/auth/register", {**ANN, "password": "squatter-Pass-9"})
        api.post("/auth/register", ANN)
        run_outbox()
        body = {"token": link_of(mailbox[-1])[1], "new_password": PASSWORD}
        assert api.post("/auth/password-reset/confirm", body).status_code == 200
        assert api.post("/token/pair", ANN).status_code == 200
        assert api.post("/token/pair", {**ANN, "password": "squatter-Pass-9"}).status_code == 401

    def test_a_second_registration_does_not_change_the_password(self, api: Api, run_outbox: RunOutbox) -> None:
        api.post("/auth/register", ANN)
        api.post("/auth/register", {**ANN, "password": "another-Pass-2"})
        assert Account.objects.get().user.check_password(PASSWORD)
