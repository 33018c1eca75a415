"""Registration where verification is mandatory reveals nothing about an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account, Registration, Session
from ninja_orgkit.accounts.services.registrations import purge_registrations
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.users.services import registration
from tests.client import Api, told
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
        assert told(unknown) == told(known)
        assert not Session.objects.exists()
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"], ["ann@example.com"]]
        assert mailbox[0].subject != mailbox[1].subject

    @pytest.fixture
    def watched_users(self) -> Iterator[list[User]]:
        """Let a receiver of the host look up each user that is saved, and return these users."""
        seen = []

        def look_up(instance: User, **_kwargs: object) -> None:
            seen.append(User.objects.get(pk=instance.pk))

        post_save.connect(look_up, sender=User)
        yield seen
        post_save.disconnect(look_up, sender=User)

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
        self, api: Api, invitation: str, run_outbox: RunOutbox, body: Any, status: int
    ) -> None:
        body = {**ANN, "invitation": invitation if body else "x", **body}
        unknown = api.post("/auth/register", body)
        api.post("/auth/register", {**ANN, "email": body["email"]})
        run_outbox()
        known = api.post("/auth/register", body)
        assert unknown.status_code == known.status_code == status
        assert told(unknown) == told(known)
        assert Account.objects.filter(email=body["email"]).count() == 1

    def test_a_known_address_does_not_join_by_registering_again(
        self, api: Api, invitation: str, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", ANN)
        run_outbox()
        mailbox.clear()
        answer = api.post("/auth/register", {**ANN, "password": "another-Pass-2", "invitation": invitation})
        assert answer.status_code == 202
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"]]
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
        self, api: Api, run_outbox: RunOutbox
    ) -> None:
        api.post("/auth/register", {**ANN, "username": "ann"})
        run_outbox()
        for change, status in ({"password": "password"}, 422), ({"username": "a.n.n"}, 409), ({"username": "me"}, 422):
            known, unknown = [
                api.post("/auth/register", {**ANN, "email": email, **change})
                for email in ("ann@example.com", "nobody@example.com")
            ]
            assert known.status_code == unknown.status_code == status
            assert told(known) == told(unknown)

    def test_signing_in_needs_the_link_of_the_mail_or_a_reset(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", ANN)
        refused = api.post("/token/pair", ANN)
        assert (refused.status_code, refused.json()["code"]) == (401, "email_not_verified")
        run_outbox()
        assert api.get("/auth/email/verify", token=link_of(mailbox[0])[1]).status_code == 200
        assert api.post("/token/pair", ANN).status_code == 200

    @pytest.mark.parametrize("has_worker", [False, True])
    def test_signing_in_with_the_chosen_password_does_not_tell_whether_the_address_was_taken(
        self, api: Api, run_outbox: RunOutbox, count_queries: CountQueries, *, has_worker: bool
    ) -> None:
        api.post("/auth/register", {"email": "taken@example.com", "password": "first-Pass-1", "username": "first"})
        run_outbox()
        Account.objects.update(email_verified_at=timezone.now())
        for name in ("free", "taken"):
            api.post("/auth/register", {"email": f"{name}@example.com", "password": f"{name}-Pass-1", "username": name})
        if has_worker:
            run_outbox()
        costs = set()
        for login, password, code in (
            ({"email": "free@example.com"}, "free-Pass-1", "email_not_verified"),
            ({"email": "TAKEN@example.com"}, "taken-Pass-1", "email_not_verified"),
            ({"username": "free"}, "free-Pass-1", "email_not_verified"),
            ({"username": "Ta.ken"}, "taken-Pass-1", "email_not_verified"),
            ({"email": "free@example.com"}, "taken-Pass-1", "invalid_credentials"),
            ({"email": "taken@example.com"}, "free-Pass-1", "invalid_credentials"),
            ({"email": "nobody@example.com"}, "free-Pass-1", "invalid_credentials"),
        ):
            with count_queries() as queries:
                answer = api.post("/token/pair", {**login, "password": password})
            assert (answer.status_code, answer.json()["code"]) == (401, code), (login, password)
            costs.add(len(queries))
        assert len(costs) == 1
        assert api.post("/token/pair", {"username": "first", "password": "first-Pass-1"}).status_code == 200

    @pytest.mark.parametrize("more", [{}, {"username": "grace", "first_name": "Grace"}])
    def test_registering_takes_as_many_statements_for_every_address(
        self, api: Api, run_outbox: RunOutbox, count_queries: CountQueries, watched_users: list[User], more: Any
    ) -> None:
        api.post("/auth/register", ANN)
        run_outbox()
        assert len(watched_users) == 1
        seen = []
        for email in ("ann@example.com", "nobody@example.com"):
            with count_queries() as queries:
                answer = api.post("/auth/register", {**ANN, "email": email, **more})
            assert answer.status_code == 202
            seen.append([query["sql"].partition(" ")[0] for query in queries])
            Registration.objects.filter(email=email).update(username_key=None)
        assert seen[0] == seen[1]
        assert len(watched_users) == 1

    def test_registering_with_an_invitation_takes_as_many_statements_for_every_address(
        self, api: Api, invitation: str, count_queries: CountQueries, run_outbox: RunOutbox, watched_users: list[User]
    ) -> None:
        costs = []
        for _ in range(2):
            with count_queries() as queries:
                assert api.post("/auth/register", {**ANN, "invitation": invitation}).status_code == 202
            costs.append(len(queries))
            Registration.objects.update(invitation=None)  # so that it is not accepted
            run_outbox()
        assert Account.objects.filter(email=ANN["email"]).count() == len(watched_users) == 1
        assert costs[0] == costs[1]

    def test_a_username_that_was_asked_for_is_taken_whether_or_not_the_address_was(
        self, api: Api, run_outbox: RunOutbox
    ) -> None:
        def reason() -> Any:
            return [api.get("/users/check_username", username=name).json()["reason"] for name in ("free", "Ta.ken")]

        api.post("/auth/register", {**ANN, "email": "taken@example.com"})
        run_outbox()
        for name in ("free", "taken"):
            api.post("/auth/register", {**ANN, "email": f"{name}@example.com", "username": name})
        assert reason() == ["taken", "taken"]
        run_outbox()
        assert reason() == ["taken", "taken"]
        Account.objects.update(email_verified_at=timezone.now())
        owner = api.as_user(api.post("/token/pair", {**ANN, "email": "taken@example.com"}).json()["access"])
        assert owner.patch("/users/me", {"username": "taken"}).status_code == 200

    def test_only_a_hash_and_a_digest_of_a_password_are_stored_until_the_worker_comes(self, api: Api) -> None:
        api.post("/auth/register", {**ANN, "username": "ann"})
        (row,) = Registration.objects.values()
        assert check_password(PASSWORD, row["password"])
        assert len(row["digest"]) == 4
        assert PASSWORD not in str(row)
        assert OutboxMessage.objects.get().kwargs == {"registration": str(row["id"])}

    def test_a_finished_registration_keeps_nothing_of_a_person(self, api: Api, run_outbox: RunOutbox) -> None:
        for password in (PASSWORD, "another-Pass-2"):
            api.post("/auth/register", {**ANN, "password": password, "first_name": "Ann", "last_name": "Lee"})
        run_outbox()
        (row,) = Registration.objects.values()
        assert row["account_id"] == Account.objects.get().pk
        kept = {name for name, value in row.items() if value}
        assert kept == {"id", "digest", "account_id", "created_at"}
        User.objects.get().delete()
        assert not Registration.objects.exists()

    def test_old_registrations_are_purged(self, api: Api, run_outbox: RunOutbox) -> None:
        for number in range(2):
            api.post("/auth/register", {**ANN, "password": f"sturdy-Pass-{number}"})
        run_outbox()
        api.post("/auth/register", {**ANN, "email": "bob@example.com"})

        def left(days: int) -> int:
            Registration.objects.update(created_at=timezone.now() - timedelta(days=days))
            purge_registrations()
            return Registration.objects.count()

        assert [left(29), left(31), left(364), left(366)] == [2, 1, 1, 0]

    def test_completing_a_registration_twice_changes_nothing(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        for password in (PASSWORD, "another-Pass-2"):
            api.post("/auth/register", {**ANN, "password": password})
            (key,) = OutboxMessage.objects.values_list("kwargs__registration", flat=True)
            for _ in range(2):
                registration.complete(key)
            run_outbox()
        assert len(mailbox) == 2
        assert Account.objects.get().user.check_password(PASSWORD)

    def test_a_username_that_was_taken_meanwhile_is_replaced(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", {**ANN, "username": "ann"})
        User.objects.create_user("Ann")
        run_outbox()
        assert Account.objects.get(email="ann@example.com").username.startswith("user-")
        assert len(mailbox) == 1

    def test_an_invitation_that_ended_meanwhile_leaves_an_address_to_verify(
        self, api: Api, invitation: str, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", {**ANN, "invitation": invitation})
        assert api.post("/invitations/decline", {"token": invitation}).status_code == 204
        run_outbox()
        assert "token=" in mailbox[-1].body
        account = Account.objects.get(email="ann@example.com")
        assert (account.email_verified_at, account.memberships.count()) == (None, 1)

    def test_a_receiver_of_the_host_that_fails_leaves_nothing_and_is_tried_again(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        def fail(instance: User, **_kwargs: object) -> None:
            raise RuntimeError("the host's own")

        api.post("/auth/register", ANN)
        message = OutboxMessage.objects.get()
        post_save.connect(fail, sender=User)
        try:
            with pytest.raises(RuntimeError, match="the host's own"):
                registration.complete(message.kwargs["registration"])
        finally:
            post_save.disconnect(fail, sender=User)
        assert not User.objects.exists()
        run_outbox()
        assert len(mailbox) == 1
        assert Account.objects.exists()

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
        run_outbox()
        assert Account.objects.get().user.check_password(PASSWORD)
