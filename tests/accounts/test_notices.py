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
from tests.conftest import CountQueries, Mailbox, Register, RunOutbox
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


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0"
NEWER_FIREFOX = "Mozilla/5.0 (Windows NT 11.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0"
FIREFOX_ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Mobile/15E148 Safari/604.1"
)


def sign_in(api: Api, agent: str, **body: str) -> Any:
    login = {"email": "ann@example.com", "password": PASSWORDS[0], **body}
    return api.post("/token/pair", login, headers={"User-Agent": agent} if agent else {})


@pytest.fixture
def on_firefox(api: Api, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    body = {"email": "ann@example.com", "password": PASSWORDS[0]}
    assert api.post("/auth/register", body, headers={"User-Agent": FIREFOX}).status_code == 201
    run_outbox()
    mailbox.clear()


@pytest.mark.usefixtures("on_firefox")
def test_a_sign_in_from_a_new_kind_of_device_is_told_once(api: Api, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    for agent in (FIREFOX, NEWER_FIREFOX, PHONE, PHONE):
        assert sign_in(api, agent).status_code == 200
    run_outbox()
    (mail,) = mailbox
    assert (mail.to, mail.subject) == (["ann@example.com"], "New sign-in to your account")
    assert "Mobile Safari on iOS" in mail.body
    assert "127.0.0.1" in mail.body


@pytest.mark.usefixtures("on_firefox")
@pytest.mark.parametrize("agent", [FIREFOX_ON_LINUX, PHONE, "curl/8.5.0", ""])
def test_another_browser_another_system_and_an_unknown_program_are_new(api: Api, agent: str) -> None:
    sign_in(api, agent)
    let_an_hour_pass()
    sign_in(api, agent)
    assert OutboxMessage.objects.count() == 1


def test_the_first_sign_in_of_a_user_whom_the_host_created_is_not_told(api: Api) -> None:
    User.objects.create_user("ann", "ann@example.com", PASSWORDS[0])
    assert sign_in(api, FIREFOX).status_code == 200
    assert not OutboxMessage.objects.exists()
    sign_in(api, PHONE)
    assert OutboxMessage.objects.count() == 1


@pytest.mark.usefixtures("on_firefox")
def test_a_refused_sign_in_sends_nothing_and_is_not_remembered(api: Api) -> None:
    assert sign_in(api, PHONE, password="wrong").status_code == 401
    assert not OutboxMessage.objects.exists()
    sign_in(api, PHONE)
    assert OutboxMessage.objects.count() == 1


def test_the_device_of_a_registration_counts_where_addresses_must_be_verified_first(
    api: Api, run_outbox: RunOutbox, mailbox: Mailbox, settings: Any
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    body = {"email": "ann@example.com", "password": PASSWORDS[0]}
    assert api.post("/auth/register", body, headers={"User-Agent": FIREFOX}).status_code == 202
    run_outbox()
    assert api.get(f"/auth/email/verify?token={link_of(mailbox[0])[1]}").status_code == 200
    assert sign_in(api, NEWER_FIREFOX).status_code == 200
    assert not OutboxMessage.objects.exists()


@pytest.mark.usefixtures("on_firefox")
def test_a_sign_in_from_a_known_device_takes_no_statement_more(api: Api, count_queries: CountQueries) -> None:
    with count_queries() as known:
        sign_in(api, FIREFOX)
    assert not [query for query in known if "known_devices" in query["sql"] and "SELECT" not in query["sql"]]
    with count_queries() as unknown:
        sign_in(api, PHONE)
    assert len(unknown) - len(known) == 6  # lock, write, count the notice, enqueue it, and a savepoint around them


@pytest.mark.usefixtures("on_firefox")
def test_an_account_remembers_fifty_kinds_of_devices(api: Api) -> None:
    Account.objects.update(known_devices=[f"Browser {number}" for number in range(50)])
    sign_in(api, PHONE)
    known = Account.objects.get().known_devices
    assert (len(known), known[0], known[-1]) == (50, "Browser 1", "Mobile Safari on iOS")


@pytest.mark.usefixtures("on_firefox")
def test_saving_a_stale_account_forgets_no_device(api: Api) -> None:
    stale = Account.objects.get()
    sign_in(api, PHONE)
    stale.save()
    assert Account.objects.get().known_devices == ["Firefox on Windows", "Mobile Safari on iOS"]
