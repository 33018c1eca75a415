"""An address changes only through the link in a mail to the new one, and nobody learns who else has it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account, EmailChange
from ninja_orgkit.accounts.services.emails import purge_changes
from ninja_orgkit.models import OutboxMessage
from tests.accounts.actions import verify
from tests.client import Api, Person
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import link_of

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"

AskForToken = Callable[..., str]


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com", password=PASSWORD)


@pytest.fixture
def change_token(ann: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> AskForToken:
    def ask(email: str = "new@example.com") -> str:
        run_outbox()
        mailbox.clear()
        assert ann.api.patch("/auth/email", {"email": email}).status_code == 202
        run_outbox()
        return next(link_of(mail)[1] for mail in mailbox if mail.to == [email])

    return ask


def test_an_address_changes_only_when_the_link_is_opened(api: Api, ann: Person, change_token: AskForToken) -> None:
    token = change_token()
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"
    assert verify(api, token).status_code == 200
    me = ann.api.get("/users/me").json()
    assert (me["email"], me["email_verified"]) == ("new@example.com", True)
    assert Account.objects.get().user.email == "new@example.com"
    assert api.post("/token/pair", {"email": "new@example.com", "password": PASSWORD}).status_code == 200
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 401


def test_opening_the_link_again_changes_nothing(api: Api, ann: Person, change_token: AskForToken) -> None:
    token = change_token()
    verify(api, token)
    before = Account.objects.get().updated_at
    assert verify(api, token).status_code == 200
    assert Account.objects.get().updated_at == before


def test_the_link_of_an_earlier_change_is_refused_after_a_later_change(
    api: Api, ann: Person, change_token: AskForToken
) -> None:
    first, second = change_token("first@example.com"), change_token("second@example.com")
    assert verify(api, first).status_code == 200
    assert verify(api, second).status_code == 400
    assert verify(api, change_token("third@example.com")).status_code == 200
    assert verify(api, first).status_code == 400


def test_the_link_of_an_earlier_change_stays_void_when_the_address_is_restored(
    api: Api, ann: Person, change_token: AskForToken
) -> None:
    spent, pending = change_token("new@example.com"), change_token("other@example.com")
    assert verify(api, spent).status_code == 200
    assert verify(api, change_token("ann@example.com")).status_code == 200
    assert [verify(api, token).status_code for token in (spent, pending)] == [400, 400]
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


def test_the_link_of_the_last_change_can_be_opened_again_for_any_spelling_of_the_address(
    api: Api, ann: Person, change_token: AskForToken
) -> None:
    token = change_token("New@EXAMPLE.com")
    assert [verify(api, token).status_code for _ in range(2)] == [200, 200]


def test_a_password_change_voids_a_pending_change_of_address(api: Api, ann: Person, change_token: AskForToken) -> None:
    token = change_token()
    new = ann.api.post("/auth/change-password", {"old_password": PASSWORD, "new_password": "another-Pass-2"}).json()
    assert verify(api, token).status_code == 400
    assert api.as_user(new["access"]).get("/users/me").json()["email"] == "ann@example.com"


def test_a_used_change_link_can_be_opened_again_after_a_password_change(
    api: Api, ann: Person, change_token: AskForToken
) -> None:
    token = change_token()
    verify(api, token)
    ann.api.post("/auth/change-password", {"old_password": PASSWORD, "new_password": "another-Pass-2"})
    assert verify(api, token).status_code == 200


def test_a_user_can_change_the_spelling_of_their_own_address(
    api: Api, ann: Person, change_token: AskForToken, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    run_outbox()
    verify(api, link_of(mailbox[0])[1])
    token = change_token("Ann@example.com")
    for _ in range(2):
        assert verify(api, token).status_code == 200
        assert ann.api.get("/users/me").json()["email"] == "Ann@example.com"


def test_a_change_to_the_current_address_only_verifies_it(api: Api, ann: Person, change_token: AskForToken) -> None:
    other, own = change_token("other@example.com"), change_token("ann@example.com")
    assert [verify(api, own).status_code for _ in range(2)] == [200, 200]
    assert ann.api.get("/users/me").json()["email_verified"] is True
    assert verify(api, other).status_code == 200


def edit_user(django_user_model: type[User], **fields: Any) -> None:
    """Do what a host does in the admin: load the user, edit it and save the whole row."""
    user = django_user_model.objects.get()
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()


def test_an_address_edited_by_the_host_is_unverified_and_voids_links(
    api: Api,
    ann: Person,
    change_token: AskForToken,
    run_outbox: RunOutbox,
    mailbox: Mailbox,
    django_user_model: type[User],
) -> None:
    run_outbox()
    verification = link_of(mailbox[0])[1]
    verify(api, verification)
    change = change_token()
    edit_user(django_user_model, email="admin-typed@example.com")
    me = ann.api.get("/users/me").json()
    assert (me["email"], me["email_verified"]) == ("admin-typed@example.com", False)
    edit_user(django_user_model, email="ann@example.com")
    assert [verify(api, token).status_code for token in (verification, change)] == [400, 400]
    assert ann.api.get("/users/me").json()["email_verified"] is False


def test_an_address_edited_by_the_host_can_be_verified_by_a_new_mail(
    api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox, django_user_model: type[User]
) -> None:
    edit_user(django_user_model, email="typed@example.com")
    api.post("/auth/email/resend", {"email": "typed@example.com"})
    run_outbox()
    assert verify(api, link_of(mailbox[-1])[1]).status_code == 200
    assert ann.api.get("/users/me").json()["email_verified"] is True


@pytest.mark.parametrize(
    "fields", [{}, {"first_name": "Anna"}, {"email": "ann@EXAMPLE.com"}, {"email": "Ann@example.com"}]
)
def test_a_user_saved_with_the_same_address_stays_verified(
    api: Api,
    ann: Person,
    change_token: AskForToken,
    run_outbox: RunOutbox,
    mailbox: Mailbox,
    django_user_model: type[User],
    fields: dict[str, Any],
) -> None:
    run_outbox()
    verify(api, link_of(mailbox[0])[1])
    token = change_token()
    edit_user(django_user_model, **fields)
    assert ann.api.get("/users/me").json()["email_verified"] is True
    assert verify(api, token).status_code == 200
    assert ann.api.get("/users/me").json()["email_verified"] is True


def test_an_address_is_shown_as_it_is_stored_on_the_host_user(
    api: Api, register: Register, django_user_model: type[User]
) -> None:
    bob = register(email="Bob@EXAMPLE.com")
    assert bob.user["email"] == django_user_model.objects.get().email == "Bob@EXAMPLE.com"


def test_saving_a_stale_user_does_not_restore_the_old_address(
    api: Api, ann: Person, change_token: AskForToken, django_user_model: type[User]
) -> None:
    stale = django_user_model.objects.get()
    assert verify(api, change_token()).status_code == 200
    stale.set_password(PASSWORD)
    stale.save(update_fields=["password", "last_login"])
    account = Account.objects.get()
    assert (account.email, account.email_verified_at is None) == ("new@example.com", False)
    assert django_user_model.objects.get().email == "new@example.com"


def test_the_notice_and_the_link_are_sent_by_separate_tasks(ann: Person, run_outbox: RunOutbox) -> None:
    run_outbox()
    ann.api.patch("/auth/email", {"email": "new@example.com"})
    tasks = OutboxMessage.objects.values_list("task", flat=True)
    assert sorted(tasks) == ["orgkit.accounts.mail_email_change", "orgkit.accounts.mail_email_change_notice"]


def test_the_current_address_gets_a_notice_without_a_link(
    ann: Person, change_token: AskForToken, mailbox: Mailbox
) -> None:
    change_token()
    (notice,) = [mail for mail in mailbox if mail.to == ["ann@example.com"]]
    assert "http" not in notice.body


def test_a_taken_address_gets_the_same_answer_and_its_owner_gets_a_mail(
    ann: Person, register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    register(email="bob@example.com")
    run_outbox()
    mailbox.clear()
    taken = ann.api.patch("/auth/email", {"email": "BOB@example.com"})
    free = ann.api.patch("/auth/email", {"email": "free@example.com"})
    assert (taken.status_code, taken.content) == (free.status_code, free.content)
    run_outbox()
    (told,) = [mail for mail in mailbox if mail.to == ["bob@example.com"]]
    assert "http" not in told.body


def test_a_change_is_refused_when_the_address_has_been_taken_since(
    api: Api, ann: Person, change_token: AskForToken, register: Register
) -> None:
    token = change_token()
    register(email="new@example.com")
    assert verify(api, token).status_code == 400
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


@pytest.mark.usefixtures("unique_host_email")
def test_a_change_is_refused_when_a_host_constraint_forbids_the_address(
    api: Api, ann: Person, change_token: AskForToken, django_user_model: type[User]
) -> None:
    token = change_token()
    django_user_model.objects.bulk_create([django_user_model(username="old", email="new@example.com")])
    assert verify(api, token).status_code == 400
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


def test_a_setting_makes_a_change_of_address_require_the_password(ann: Person, settings: Settings) -> None:
    assert ann.api.patch("/auth/email", {"email": "n@example.com", "password": "wrong"}).status_code == 400
    settings.NINJA_ORGKIT = {"EMAIL_CHANGE_REQUIRES_PASSWORD": True}
    missing = ann.api.patch("/auth/email", {"email": "n@example.com"})
    assert (missing.status_code, missing.json()["code"]) == (400, "wrong_password")
    assert ann.api.patch("/auth/email", {"email": "n@example.com", "password": PASSWORD}).status_code == 202


@pytest.mark.parametrize(
    "email", ["", "x", "a@b", "a@b.c\nBcc: x@y.z", "a" * 250 + "@example.com", "x@" + "क" * 63 + ".com", None, 5]
)
def test_an_invalid_address_is_refused(ann: Person, email: Any) -> None:
    assert ann.api.patch("/auth/email", {"email": email}).status_code == 422


def test_links_expire(api: Api, ann: Person, change_token: AskForToken, settings: Settings) -> None:
    token = change_token()
    settings.NINJA_ORGKIT = {"EMAIL_CHANGE_TOKEN_LIFETIME": timedelta(0)}
    assert verify(api, token).status_code == 400


def test_a_change_of_address_keeps_the_sessions(api: Api, ann: Person, change_token: AskForToken) -> None:
    verify(api, change_token())
    assert ann.api.get("/users/me").status_code == 200


def test_a_link_does_not_reactivate_a_deactivated_user(
    api: Api, ann: Person, change_token: AskForToken, django_user_model: type[User]
) -> None:
    token = change_token()
    django_user_model.objects.update(is_active=False)
    assert verify(api, token).status_code == 400
    assert not django_user_model.objects.get().is_active


def readable_parts(token: str) -> list[bytes]:
    """Return what anybody can read of a token: itself, and each part of it as base64."""
    parts = [part + "=" * (-len(part) % 4) for part in token.split(".")]
    return [token.encode(), *(base64.urlsafe_b64decode(part) for part in parts)]


def test_no_mailed_token_contains_a_readable_address(
    api: Api, register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    ann = register(email="ann@example.com", password=PASSWORD)
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    ann.api.patch("/auth/email", {"email": "new@example.com"})
    org = ann.api.post("/orgs/", {"name": "Acme"}).json()["slug"]
    ann.api.post(f"/orgs/{org}/invitations/", {"email": "bob@example.com", "role": "member"})
    run_outbox()
    mailed = [link_of(mail)[1] for mail in mailbox if "http" in mail.body]
    assert len(mailed) == 4  # to verify, to reset, to change, to join
    for part in (part for token in mailed for part in readable_parts(token)):
        assert b"example.com" not in part.lower()


def test_no_address_of_a_change_reaches_the_broker(ann: Person, run_outbox: RunOutbox) -> None:
    run_outbox()
    ann.api.patch("/auth/email", {"email": "new@example.com"})
    assert "example.com" not in str(list(OutboxMessage.objects.values_list("kwargs", flat=True)))


def test_an_address_that_was_asked_for_is_kept_as_long_as_its_link_may_work(
    api: Api, ann: Person, change_token: AskForToken
) -> None:
    token = change_token()
    EmailChange.objects.update(created_at=timezone.now() - timedelta(hours=95))
    assert purge_changes() == 0
    assert verify(api, token).status_code == 200
    EmailChange.objects.update(created_at=timezone.now() - timedelta(hours=97))
    assert purge_changes() == 1
    assert ann.api.get("/users/me").json()["email"] == "new@example.com"
