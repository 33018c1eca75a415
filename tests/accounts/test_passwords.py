"""Changing a password with the old one, and resetting it once with the link in a mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.accounts import build_account, create_user
from ninja_orgkit.accounts.services.passwords import change_password
from ninja_orgkit.models import OutboxMessage
from tests.client import Api, Person, told
from tests.conftest import CountQueries, Mailbox, Register, RunOutbox
from tests.mails import link_of
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

OLD, NEW = "sturdy-Pass-1", "another-Pass-2"

AskForToken = Callable[..., str]


@pytest.fixture
def ann(register: Register, run_outbox: RunOutbox, mailbox: Mailbox) -> Person:
    ann = register(email="ann@example.com", password=OLD)
    run_outbox()
    mailbox.clear()
    return ann


@pytest.fixture
def reset_token(api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> AskForToken:
    def ask(email: str = "ann@example.com") -> str:
        assert api.post("/auth/password-reset/request", {"email": email}).status_code == 202
        run_outbox()
        return link_of(mailbox.pop())[1]

    return ask


def sign_in(api: Api, password: str) -> Any:
    return api.post("/token/pair", {"email": "ann@example.com", "password": password}).status_code


def test_changing_the_password_keeps_this_session_and_ends_the_others(api: Api, ann: Person) -> None:
    other = api.post("/token/pair", {"email": "ann@example.com", "password": OLD}).json()
    answer = ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW})
    assert answer.status_code == 200
    assert api.as_user(answer.json()["access"]).get("/users/me").status_code == 200
    assert api.as_user(other["access"]).get("/users/me").status_code == 401
    assert (sign_in(api, OLD), sign_in(api, NEW)) == (401, 200)


def test_changing_the_password_voids_the_access_tokens_that_this_session_had(api: Api, ann: Person) -> None:
    refreshed = api.post("/token/refresh", {"refresh": ann.refresh}).json()
    old = [api.as_user(ann.access), api.as_user(refreshed["access"])]
    assert [client.get("/users/me").status_code for client in old] == [200, 200]
    new = old[1].post("/auth/change-password", {"old_password": OLD, "new_password": NEW}).json()
    assert [client.get("/users/me").status_code for client in old] == [401, 401]
    assert [client.patch("/auth/email", {"email": "thief@example.com"}).status_code for client in old] == [401, 401]
    assert api.as_user(new["access"]).get("/users/me").status_code == 200


def test_refreshing_leaves_the_access_token_of_before_valid(api: Api, ann: Person) -> None:
    api.post("/token/refresh", {"refresh": ann.refresh})
    assert ann.api.get("/users/me").status_code == 200


def test_a_refresh_token_from_before_a_password_change_is_refused(api: Api, ann: Person) -> None:
    new = ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW}).json()
    assert api.post("/token/verify", {"token": ann.refresh}).status_code == 401
    stale = api.post("/token/refresh", {"refresh": ann.refresh})
    assert (stale.status_code, stale.json()["code"]) == (401, "token_not_valid")
    assert api.post("/auth/logout", {"refresh": ann.refresh}).status_code == 200
    assert api.as_user(new["access"]).get("/users/me").status_code == 200
    assert api.post("/token/refresh", {"refresh": new["refresh"]}).status_code == 200


def test_reusing_a_token_from_after_a_password_change_ends_the_session(api: Api, ann: Person) -> None:
    new = ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW}).json()
    last = api.post("/token/refresh", {"refresh": new["refresh"]}).json()
    Session.objects.update(refreshed_at=timezone.now() - timedelta(seconds=11))
    assert api.post("/token/refresh", {"refresh": new["refresh"]}).status_code == 401
    assert api.as_user(last["access"]).get("/users/me").status_code == 401


def test_tokens_refreshed_during_a_password_change_are_refused(api: Api, ann: Person) -> None:
    """The change passes authentication before the refresh and writes after it."""
    session = Session.objects.select_related("account__user").get()
    successor = api.post("/token/refresh", {"refresh": ann.refresh}).json()["refresh"]
    pair: Any = change_password(session.account, session=session, old=OLD, new=NEW)
    assert api.post("/token/refresh", {"refresh": successor}).status_code == 401
    assert api.post("/token/refresh", {"refresh": pair.refresh}).status_code == 200


def test_a_session_that_has_just_ended_cannot_change_the_password(api: Api, ann: Person) -> None:
    session = Session.objects.select_related("account__user").get()
    ann.api.post("/auth/logout-all")
    with pytest.raises(InvalidJwt):
        change_password(session.account, session=session, old=OLD, new=NEW)
    assert sign_in(api, OLD) == 200


def test_a_wrong_old_password_changes_nothing(api: Api, ann: Person) -> None:
    answer = ann.api.post("/auth/change-password", {"old_password": "x", "new_password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_password")
    assert sign_in(api, OLD) == 200


@pytest.mark.parametrize("weak", ["short", "12345678", "password", "x" * 129])
def test_a_weak_password_is_refused_and_changes_nothing(
    api: Api, ann: Person, reset_token: AskForToken, weak: Any
) -> None:
    changed = ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": weak})
    token = reset_token()
    reset = api.post("/auth/password-reset/confirm", {"token": token, "new_password": weak})
    assert (changed.status_code, reset.status_code) == (422, 422)
    assert changed.json()["errors"][0]["loc"] == ["body", "new_password"]
    assert api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW}).status_code == 200


def test_a_reset_request_gets_the_same_answer_for_every_address(api: Api, ann: Person) -> None:
    answers = [
        api.post("/auth/password-reset/request", {"email": email})
        for email in ("ann@example.com", "nobody@example.com", "not an address")
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert len(set(map(told, answers))) == 1


def test_a_reset_request_does_the_same_work_for_known_and_unknown_addresses(
    api: Api, ann: Person, count_queries: CountQueries
) -> None:
    counts = []
    for email in ("ann@example.com", "nobody@example.com"):
        with count_queries() as queries:
            api.post("/auth/password-reset/request", {"email": email})
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_only_a_known_active_address_gets_a_mail(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox, django_user_model: type[User]
) -> None:
    api.post("/auth/password-reset/request", {"email": "nobody@example.com"})
    django_user_model.objects.update(is_active=False)
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    run_outbox()
    assert mailbox == []


def test_the_reset_link_leads_to_the_front_end_and_ignores_the_host_header(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    api.post("/auth/password-reset/request", {"email": "ANN@example.com"}, headers={"Host": "localhost"})
    run_outbox()
    assert link_of(mailbox[0])[0].startswith("http://localhost:3000/reset-password?token=")
    assert mailbox[0].to == ["ann@example.com"]


def test_a_reset_mail_says_how_long_its_link_works(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"RESET_TOKEN_LIFETIME": timedelta(minutes=90)}
    mailbox.clear()
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    run_outbox()
    (mail,) = mailbox
    for text in (str(mail.body), str(mail.alternatives[0][0])):
        assert "within 1 hour, 30 minutes." in text.replace("\xa0", " ")


def test_a_reset_ends_every_session_verifies_the_address_and_works_once(
    api: Api, ann: Person, reset_token: AskForToken
) -> None:
    token = reset_token()
    answer = api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW})
    assert answer.status_code == 200
    assert ann.api.get("/users/me").status_code == 401
    assert Account.objects.get().email_verified_at is not None
    again = api.post("/auth/password-reset/confirm", {"token": token, "new_password": OLD})
    assert (again.status_code, again.json()["code"]) == (400, "invalid_token")
    assert (sign_in(api, OLD), sign_in(api, NEW)) == (401, 200)


def test_changing_the_password_or_the_address_voids_a_reset_token(
    api: Api, ann: Person, reset_token: AskForToken
) -> None:
    first = reset_token()
    ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW})
    second = reset_token()
    account = Account.objects.get()
    account.user.email = "ann@example.org"
    account.user.save()
    for token in (first, second):
        assert api.post("/auth/password-reset/confirm", {"token": token, "new_password": OLD}).status_code == 400


def test_a_reset_token_stays_void_when_the_address_is_restored(api: Api, ann: Person, reset_token: AskForToken) -> None:
    token = reset_token()
    account = Account.objects.get()
    for email in ("ann@example.org", "ann@example.com"):
        account.user.email = email
        account.user.save()
    answer = api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")
    assert sign_in(api, OLD) == 200


def test_a_reset_voids_a_pending_change_of_address(
    api: Api, ann: Person, reset_token: AskForToken, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    ann.api.patch("/auth/email", {"email": "thief@example.com"})
    run_outbox()
    change = next(link_of(mail)[1] for mail in mailbox if mail.to == ["thief@example.com"])
    api.post("/auth/password-reset/confirm", {"token": reset_token(), "new_password": NEW})
    assert api.get("/auth/email/verify", token=change).status_code == 400
    assert Account.objects.get().email == "ann@example.com"


def test_an_expired_reset_token_is_refused(api: Api, ann: Person, reset_token: AskForToken, settings: Settings) -> None:
    token = reset_token()
    settings.NINJA_ORGKIT = {"RESET_TOKEN_LIFETIME": timedelta(0)}
    assert api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW}).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "x" * 9000, "é"])
def test_an_invalid_reset_token_is_refused(api: Api, ann: Person, token: str) -> None:
    answer = api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")


def test_a_verification_token_cannot_reset_a_password(
    api: Api, ann: Person, register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    register(email="bob@example.com")
    run_outbox()
    _, token = link_of(mailbox[-1])
    assert api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW}).status_code == 400


def test_an_inactive_user_cannot_use_a_reset_token(
    api: Api, ann: Person, reset_token: AskForToken, django_user_model: type[User]
) -> None:
    token = reset_token()
    django_user_model.objects.update(is_active=False)
    assert api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW}).status_code == 400


def test_no_token_is_in_the_outbox(api: Api, ann: Person) -> None:
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    assert OutboxMessage.objects.get().kwargs == {"email": "ann@example.com"}


@pytest.mark.django_db(transaction=True)
def test_a_reset_token_works_once_under_concurrent_use(api: Api, ann: Person, reset_token: AskForToken) -> None:
    token = reset_token()

    def confirm(number: int) -> Any:
        body = {"token": token, "new_password": f"another-Pass-{number}"}
        return api.post("/auth/password-reset/confirm", body).status_code

    assert sorted(in_parallel(6, confirm)) == [200, 400, 400, 400, 400, 400]


@pytest.mark.django_db(transaction=True)
def test_a_refresh_during_a_password_change_leaves_one_chain_of_tokens(api: Api, ann: Person) -> None:
    """Only tokens issued under the new password remain valid, whichever request is first."""

    def act(number: int) -> Any:
        if number == 0:
            return ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW})
        return api.post("/token/refresh", {"refresh": ann.refresh})

    changed, *refreshed = in_parallel(4, act)
    assert changed.status_code == 200
    assert {answer.status_code for answer in refreshed} <= {200, 401}
    for answer in refreshed:
        if answer.status_code == 200:
            assert api.post("/token/refresh", {"refresh": answer.json()["refresh"]}).status_code == 401
    assert api.post("/token/refresh", {"refresh": changed.json()["refresh"]}).status_code == 200


def test_the_owner_is_told_by_mail_that_the_password_was_changed(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    assert ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW}).status_code == 200
    run_outbox()
    assert [(mail.to, mail.subject) for mail in mailbox] == [(["ann@example.com"], "Your password was changed")]
    assert NEW not in str(mailbox[0].message())


def test_the_owner_is_told_by_mail_that_the_password_was_reset(
    api: Api, reset_token: AskForToken, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    body = {"token": reset_token(), "new_password": NEW}
    assert api.post("/auth/password-reset/confirm", body).status_code == 200
    run_outbox()
    assert [(mail.to, mail.subject) for mail in mailbox] == [(["ann@example.com"], "Your password was changed")]


@pytest.mark.parametrize(
    "body", [{"old_password": "x", "new_password": NEW}, {"old_password": OLD, "new_password": "x"}]
)
def test_a_refused_change_tells_nobody(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox, body: dict[str, str]
) -> None:
    assert ann.api.post("/auth/change-password", body).status_code in (400, 422)
    run_outbox()
    assert not mailbox


def test_wrong_passwords_of_a_signed_in_user_are_throttled_together(ann: Person) -> None:
    def change() -> int:
        status: int = ann.api.post("/auth/change-password", {"old_password": "x", "new_password": NEW}).status_code
        return status

    assert ann.api.patch("/auth/email", {"email": "new@example.com", "password": "x"}).status_code == 400
    assert [change() for _ in range(10)] == [400] * 9 + [429]
    assert ann.api.post("/auth/change-password", {"old_password": OLD, "new_password": NEW}).status_code == 429


def test_reset_requests_are_throttled_alike_for_known_and_unknown_addresses(api: Api, ann: Person) -> None:
    for spellings in (("ann@example.com", "ANN@example.com "), ("nobody@example.com", "Nobody@EXAMPLE.com")):
        answers = [api.post("/auth/password-reset/request", {"email": spellings[at % 2]}) for at in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]


def test_a_user_made_without_a_password_cannot_sign_in_with_a_blank_one(api: Api) -> None:
    account = build_account(email="bob@example.com", username="bob", first_name="", last_name="")
    create_user(account)
    assert not account.user.has_usable_password()
    assert api.post("/token/pair", {"username": "bob", "password": ""}).status_code in (401, 422)


def test_no_mailed_or_signed_token_reaches_a_log(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    run_outbox()
    token = link_of(mailbox[-1])[1]
    assert api.post("/auth/password-reset/confirm", {"token": f"{token}x", "new_password": NEW}).status_code == 400
    assert api.post("/auth/password-reset/confirm", {"token": token, "new_password": NEW}).status_code == 200
    api.post("/token/refresh", {"refresh": ann.refresh})
    run_outbox()
    assert caplog.records
    assert not [record for record in caplog.records if token in str(vars(record)) or ann.refresh in str(vars(record))]
