"""Notices: a mail to the owner of an account when something happens to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.notices import send_notice
from ninja_orgkit.models import OutboxMessage, ThrottleCounter
from tests.client import Api, Person
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import link_of

pytestmark = pytest.mark.django_db

PASSWORDS = ["sturdy-Pass-1", "another-Pass-2", "third-Pass-3"]


@pytest.fixture
def ann(register: Register, run_outbox: RunOutbox, mailbox: Mailbox) -> Person:
    person = register(email="ann@example.com", password=PASSWORDS[0])
    run_outbox()
    mailbox.clear()
    return person


def let_an_hour_pass() -> None:
    ThrottleCounter.objects.update(began=F("began") - 3600)


def set_password(password: str) -> None:
    user = User.objects.get(email="ann@example.com")
    user.set_password(password)
    user.save()


def subjects(mailbox: Mailbox) -> list[tuple[str, str]]:
    return sorted((mail.to[0], str(mail.subject)) for mail in mailbox)


def test_a_password_that_other_code_sets_is_told_to_the_owner(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    set_password(PASSWORDS[1])
    run_outbox()
    assert subjects(mailbox) == [("ann@example.com", "Your password was changed")]
    assert PASSWORDS[1] not in str(mailbox[0].message())


def test_a_new_account_gets_no_notice(ann: Person) -> None:
    User.objects.create_user("bob", "bob@example.com", PASSWORDS[0])
    assert not OutboxMessage.objects.exists()


def test_an_owner_gets_one_notice_of_a_kind_in_an_hour(ann: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    set_password(PASSWORDS[1])
    set_password(PASSWORDS[2])
    run_outbox()
    assert len(mailbox) == 1
    let_an_hour_pass()
    set_password(PASSWORDS[0])
    run_outbox()
    assert len(mailbox) == 2


def test_each_account_and_each_kind_of_notice_has_an_hour_of_its_own(ann: Person, register: Register) -> None:
    register(email="bob@example.com")
    OutboxMessage.objects.all().delete()
    for account in Account.objects.all():
        send_notice("password", account)
        send_notice("api_key", account, key="CI", organization="Acme")
    assert OutboxMessage.objects.count() == 4


def test_notices_do_not_depend_on_throttling(ann: Person, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    set_password(PASSWORDS[1])
    set_password(PASSWORDS[2])
    assert OutboxMessage.objects.count() == 1


def test_a_change_that_is_rolled_back_takes_its_notice_back(ann: Person) -> None:
    with transaction.atomic():
        set_password(PASSWORDS[1])
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()
    set_password(PASSWORDS[2])
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("off", [False, None])
def test_one_kind_of_notice_can_be_turned_off(ann: Person, settings: Any, off: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "NOTICES": {"password": off}}
    account = Account.objects.get()
    send_notice("password", account)
    assert not OutboxMessage.objects.exists()
    send_notice("api_key", account, key="CI", organization="Acme")
    assert OutboxMessage.objects.count() == 1


def test_a_change_of_address_is_told_to_both_addresses(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    ann.api.patch("/auth/email", {"email": "new@example.com"})
    run_outbox()
    token = next(link_of(mail)[1] for mail in mailbox if mail.to == ["new@example.com"])
    mailbox.clear()
    assert api.get(f"/auth/email/verify?token={token}").status_code == 200
    assert api.get(f"/auth/email/verify?token={token}").status_code == 200
    run_outbox()
    told = "Your e-mail address was changed"
    assert subjects(mailbox) == [("ann@example.com", told), ("new@example.com", told)]
    assert all("http" not in mail.body for mail in mailbox)


def test_an_address_that_other_code_sets_is_told_to_both_addresses(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    user = User.objects.get()
    user.email = "new@example.com"
    user.save()
    run_outbox()
    assert [to for to, _ in subjects(mailbox)] == ["ann@example.com", "new@example.com"]


def test_another_spelling_of_an_address_is_no_change_to_tell(ann: Person) -> None:
    user = User.objects.get()
    user.email = "Ann@EXAMPLE.com"
    user.save()
    assert not OutboxMessage.objects.exists()


def test_an_address_that_is_taken_away_is_told_to_the_old_one(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    user = User.objects.get()
    user.email = ""
    user.save()
    run_outbox()
    assert [to for to, _ in subjects(mailbox)] == ["ann@example.com"]


def test_an_inactive_user_gets_no_notice(ann: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    set_password(PASSWORDS[1])
    User.objects.update(is_active=False)
    run_outbox()
    assert not mailbox


def test_a_notice_of_an_api_key_names_it_and_its_organization_harmlessly(
    ann: Person, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    send_notice("api_key", Account.objects.get(), key="<b>CI</b>", organization="Acme\r\nBcc: eve@example.com")
    run_outbox()
    (mail,) = mailbox
    assert mail.to == ["ann@example.com"]
    assert "“<b>CI</b>”" in mail.body
    assert "&lt;b&gt;CI&lt;/b&gt;" in str(mail.alternatives[0][0])
    assert mail.message()["Bcc"] is None


def test_a_notice_is_in_the_language_of_its_reader(ann: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    ann.api.patch("/users/me", {"preferred_language": "de"})
    set_password(PASSWORDS[1])
    run_outbox()
    assert mailbox[0].subject == "Ihr Passwort wurde geändert"
