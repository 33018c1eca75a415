"""An address is verified by the link in a mail."""

from __future__ import annotations

import pytest

from tests.accounts.actions import verify
from tests.client import Api, Person
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import link_of

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com", password=PASSWORD)


def test_the_mail_after_registration_verifies_the_address(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    run_outbox()
    link, token = link_of(mailbox[0])
    assert link.startswith("http://localhost:3000/verify-email?token=")
    assert ann.api.get("/users/me").json()["email_verified"] is False
    answer = verify(api, token)
    assert answer.status_code == 200
    assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("no-referrer", "no-store")
    assert ann.api.get("/users/me").json()["email_verified"] is True
    assert verify(api, token).status_code == 200


def test_the_owner_of_an_address_can_reset_an_account_that_somebody_else_registered(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    run_outbox()
    assert all("do not confirm" in text for text in (str(mailbox[0].body), str(mailbox[0].alternatives[0][0])))
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    run_outbox()
    body = {"token": link_of(mailbox[-1])[1], "new_password": "my-own-Pass-9"}
    assert api.post("/auth/password-reset/confirm", body).status_code == 200
    assert ann.api.get("/users/me").status_code == 401
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 401


def test_the_text_and_the_html_of_a_mail_contain_the_same_link(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    run_outbox()
    link, token = link_of(mailbox[0])
    assert link.endswith(f"?token={token}")
    html = str(mailbox[0].alternatives[0][0])
    assert f'<a href="{link}"' in html


@pytest.mark.parametrize(("wanted", "used"), [("", "en"), ("de-AT", "de"), ("tlh", "en")])
def test_the_html_of_a_mail_declares_its_language(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox, wanted: str, used: str
) -> None:
    ann.api.patch("/users/me", {"preferred_language": wanted})
    run_outbox()
    assert f'<html lang="{used}">' in str(mailbox[0].alternatives[0][0])


def test_a_failed_verification_has_the_same_privacy_headers(api: Api) -> None:
    answer = verify(api, "x")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")
    assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize("token", ["", "x" * 9000, "a:b:c", "é", "%00"])
def test_an_invalid_token_is_refused(api: Api, token: str) -> None:
    assert verify(api, token).status_code == 400


def test_a_missing_token_is_a_validation_error(api: Api) -> None:
    assert api.get("/auth/email/verify").status_code == 422


def test_a_verification_link_survives_a_password_change(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    run_outbox()
    new = ann.api.post("/auth/change-password", {"old_password": PASSWORD, "new_password": "another-Pass-2"}).json()
    assert verify(api, link_of(mailbox[0])[1]).status_code == 200
    assert api.as_user(new["access"]).get("/users/me").json()["email_verified"] is True


def test_requesting_another_verification_mail_reveals_nothing(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    run_outbox()
    mailbox.clear()
    known = api.post("/auth/email/resend", {"email": "ann@example.com"})
    unknown = api.post("/auth/email/resend", {"email": "nobody@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, known.content)
    run_outbox()
    assert [mail.to for mail in mailbox] == [["ann@example.com"]]
    verify(api, link_of(mailbox[0])[1])
    api.post("/auth/email/resend", {"email": "ann@example.com"})
    run_outbox()
    assert len(mailbox) == 1
