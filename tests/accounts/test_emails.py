"""Addresses: verified by their mail, changed only by the new one's mail, and never telling who else has one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.models import OutboxMessage
from tests.mails import link_of

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"


@pytest.fixture
def ann(register):
    return register(email="ann@example.com", password=PASSWORD)


@pytest.fixture
def change_token(ann, run_outbox, mailbox):
    def ask(email="new@example.com"):
        run_outbox()
        mailbox.clear()
        assert ann.api.patch("/auth/email", {"email": email}).status_code == 202
        run_outbox()
        return next(link_of(mail)[1] for mail in mailbox if mail.to == [email])

    return ask


def verify(api, token):
    return api.get("/auth/email/verify", token=token)


def test_the_mail_after_registration_verifies_the_address(api, ann, run_outbox, mailbox):
    run_outbox()
    link, token = link_of(mailbox[0])
    assert link.startswith("http://localhost:3000/verify-email?token=")
    assert ann.api.get("/users/me").json()["email_verified"] is False
    answer = verify(api, token)
    assert answer.status_code == 200
    assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("no-referrer", "no-store")
    assert ann.api.get("/users/me").json()["email_verified"] is True
    assert verify(api, token).status_code == 200


def test_the_mail_warns_who_did_not_register_and_their_reset_puts_the_other_out(api, ann, run_outbox, mailbox):
    run_outbox()
    assert all("do not confirm" in text for text in (mailbox[0].body, mailbox[0].alternatives[0][0]))
    api.post("/auth/password-reset/request", {"email": "ann@example.com"})
    run_outbox()
    body = {"token": link_of(mailbox[-1])[1], "new_password": "my-own-Pass-9"}
    assert api.post("/auth/password-reset/confirm", body).status_code == 200
    assert ann.api.get("/users/me").status_code == 401
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 401


def test_a_link_can_be_taken_from_its_mail_as_it_stands_there(ann, run_outbox, mailbox):
    run_outbox()
    link, token = link_of(mailbox[0])
    assert link.endswith(f"?token={token}")
    html = mailbox[0].alternatives[0][0]
    assert f'<a href="{link}"' in html


@pytest.mark.parametrize(("wanted", "used"), [("", "en"), ("de-AT", "de"), ("tlh", "en")])
def test_a_mail_says_its_language(ann, run_outbox, mailbox, wanted, used):
    ann.api.patch("/users/me", {"preferred_language": wanted})
    run_outbox()
    assert f'<html lang="{used}">' in mailbox[0].alternatives[0][0]


def test_a_failed_verification_is_kept_private_too(api):
    answer = verify(api, "x")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")
    assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize("token", ["", "x" * 9000, "a:b:c", "é", "%00"])
def test_what_is_no_token_is_refused(api, token):
    assert verify(api, token).status_code == 400


def test_a_missing_token_is_a_validation_error(api):
    assert api.get("/auth/email/verify").status_code == 422


def test_a_change_applies_when_the_link_is_opened_and_not_before(api, ann, change_token):
    token = change_token()
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"
    assert verify(api, token).status_code == 200
    me = ann.api.get("/users/me").json()
    assert (me["email"], me["email_verified"]) == ("new@example.com", True)
    assert Account.objects.get().user.email == "new@example.com"
    assert api.post("/token/pair", {"email": "new@example.com", "password": PASSWORD}).status_code == 200
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 401


def test_opening_the_link_again_changes_nothing(api, ann, change_token):
    token = change_token()
    verify(api, token)
    before = Account.objects.get().updated_at
    assert verify(api, token).status_code == 200
    assert Account.objects.get().updated_at == before


def test_a_link_to_a_former_change_is_refused_after_a_later_one(api, ann, change_token):
    first, second = change_token("first@example.com"), change_token("second@example.com")
    assert verify(api, first).status_code == 200
    assert verify(api, second).status_code == 400
    assert verify(api, change_token("third@example.com")).status_code == 200
    assert verify(api, first).status_code == 400


def test_a_link_to_a_former_change_stays_void_when_the_address_comes_back(api, ann, change_token):
    spent, pending = change_token("new@example.com"), change_token("other@example.com")
    assert verify(api, spent).status_code == 200
    assert verify(api, change_token("ann@example.com")).status_code == 200
    assert [verify(api, token).status_code for token in (spent, pending)] == [400, 400]
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


def test_the_link_of_the_last_change_can_be_opened_again_in_any_spelling_of_the_address(api, ann, change_token):
    token = change_token("New@EXAMPLE.com")
    assert [verify(api, token).status_code for _ in range(2)] == [200, 200]


def test_a_change_link_dies_with_the_password_that_it_was_asked_for_under(api, ann, change_token):
    token = change_token()
    ann.api.post("/auth/change-password", {"old_password": PASSWORD, "new_password": "another-Pass-2"})
    assert verify(api, token).status_code == 400
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


def test_a_change_link_that_took_effect_can_be_opened_again_after_a_password_change(api, ann, change_token):
    token = change_token()
    verify(api, token)
    ann.api.post("/auth/change-password", {"old_password": PASSWORD, "new_password": "another-Pass-2"})
    assert verify(api, token).status_code == 200


def test_a_link_that_verifies_outlives_a_password_change(api, ann, run_outbox, mailbox):
    run_outbox()
    ann.api.post("/auth/change-password", {"old_password": PASSWORD, "new_password": "another-Pass-2"})
    assert verify(api, link_of(mailbox[0])[1]).status_code == 200
    assert ann.api.get("/users/me").json()["email_verified"] is True


def test_another_spelling_of_ones_own_address_is_taken_over(api, ann, change_token, run_outbox, mailbox):
    run_outbox()
    verify(api, link_of(mailbox[0])[1])
    token = change_token("Ann@example.com")
    for _ in range(2):
        assert verify(api, token).status_code == 200
        assert ann.api.get("/users/me").json()["email"] == "Ann@example.com"


def test_asking_for_ones_own_address_verifies_it_and_changes_nothing_else(api, ann, change_token):
    other, own = change_token("other@example.com"), change_token("ann@example.com")
    assert [verify(api, own).status_code for _ in range(2)] == [200, 200]
    assert ann.api.get("/users/me").json()["email_verified"] is True
    assert verify(api, other).status_code == 200


def edit_user(django_user_model, **fields):
    """Do what a host does in the admin: load the user, edit it and save the whole row."""
    user = django_user_model.objects.get()
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()


def test_an_address_that_the_host_edits_is_unverified_and_voids_links(
    api, ann, change_token, run_outbox, mailbox, django_user_model
):
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


def test_an_address_that_the_host_edits_is_verified_by_a_new_mail(api, ann, run_outbox, mailbox, django_user_model):
    edit_user(django_user_model, email="typed@example.com")
    api.post("/auth/email/resend", {"email": "typed@example.com"})
    run_outbox()
    assert verify(api, link_of(mailbox[-1])[1]).status_code == 200
    assert ann.api.get("/users/me").json()["email_verified"] is True


@pytest.mark.parametrize(
    "fields", [{}, {"first_name": "Anna"}, {"email": "ann@EXAMPLE.com"}, {"email": "Ann@example.com"}]
)
def test_a_user_saved_with_the_same_address_stays_verified(
    api, ann, change_token, run_outbox, mailbox, django_user_model, fields
):
    run_outbox()
    verify(api, link_of(mailbox[0])[1])
    token = change_token()
    edit_user(django_user_model, **fields)
    assert ann.api.get("/users/me").json()["email_verified"] is True
    assert verify(api, token).status_code == 200
    assert ann.api.get("/users/me").json()["email_verified"] is True


def test_an_address_is_shown_as_the_user_of_the_host_has_it(api, register, django_user_model):
    bob = register(email="Bob@EXAMPLE.com")
    assert bob.user["email"] == django_user_model.objects.get().email == "Bob@example.com"


def test_a_user_that_was_loaded_before_the_change_does_not_bring_the_former_address_back(
    api, ann, change_token, django_user_model
):
    stale = django_user_model.objects.get()
    assert verify(api, change_token()).status_code == 200
    stale.set_password(PASSWORD)
    stale.save(update_fields=["password", "last_login"])
    account = Account.objects.get()
    assert (account.email, account.email_verified_at is None) == ("new@example.com", False)
    assert django_user_model.objects.get().email == "new@example.com"


def test_the_notice_and_the_link_are_sent_apart_so_that_one_does_not_repeat_the_other(ann, run_outbox):
    run_outbox()
    ann.api.patch("/auth/email", {"email": "new@example.com"})
    tasks = OutboxMessage.objects.values_list("task", flat=True)
    assert sorted(tasks) == ["orgkit.accounts.mail_email_change", "orgkit.accounts.mail_email_change_notice"]


def test_the_present_address_gets_a_notice_without_a_link(ann, change_token, mailbox):
    change_token()
    (notice,) = [mail for mail in mailbox if mail.to == ["ann@example.com"]]
    assert "http" not in notice.body


def test_a_taken_address_gets_the_same_answer_and_its_owner_a_mail(ann, register, run_outbox, mailbox):
    register(email="bob@example.com")
    run_outbox()
    mailbox.clear()
    taken = ann.api.patch("/auth/email", {"email": "BOB@example.com"})
    free = ann.api.patch("/auth/email", {"email": "free@example.com"})
    assert (taken.status_code, taken.content) == (free.status_code, free.content)
    run_outbox()
    (told,) = [mail for mail in mailbox if mail.to == ["bob@example.com"]]
    assert "http" not in told.body


def test_an_address_that_was_taken_meanwhile_is_refused(api, ann, change_token, register):
    token = change_token()
    register(email="new@example.com")
    assert verify(api, token).status_code == 400
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


def test_an_address_that_only_the_hosts_own_constraint_knows_is_refused(api, ann, change_token, django_user_model):
    token = change_token()
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX host_email ON auth_user (email)")
    django_user_model.objects.bulk_create([django_user_model(username="old", email="new@example.com")])
    assert verify(api, token).status_code == 400
    assert ann.api.get("/users/me").json()["email"] == "ann@example.com"


def test_a_change_may_need_the_password(ann, settings):
    assert ann.api.patch("/auth/email", {"email": "n@example.com", "password": "wrong"}).status_code == 400
    settings.NINJA_ORGKIT = {"EMAIL_CHANGE_REQUIRES_PASSWORD": True}
    missing = ann.api.patch("/auth/email", {"email": "n@example.com"})
    assert (missing.status_code, missing.json()["code"]) == (400, "wrong_password")
    assert ann.api.patch("/auth/email", {"email": "n@example.com", "password": PASSWORD}).status_code == 202


@pytest.mark.parametrize(
    "email", ["", "x", "a@b", "a@b.c\nBcc: x@y.z", "a" * 250 + "@example.com", "x@" + "क" * 63 + ".com", None, 5]
)
def test_what_is_no_address_is_refused(ann, email):
    assert ann.api.patch("/auth/email", {"email": email}).status_code == 422


def test_links_expire(api, ann, change_token, settings):
    token = change_token()
    settings.NINJA_ORGKIT = {"EMAIL_CHANGE_TOKEN_LIFETIME": timedelta(0)}
    assert verify(api, token).status_code == 400


def test_sessions_go_on_after_a_change(api, ann, change_token):
    verify(api, change_token())
    assert ann.api.get("/users/me").status_code == 200


def test_a_deactivated_user_is_not_activated_by_a_link(api, ann, change_token, django_user_model):
    token = change_token()
    django_user_model.objects.update(is_active=False)
    assert verify(api, token).status_code == 400
    assert not django_user_model.objects.get().is_active


def test_the_verification_mail_can_be_had_again_by_anybody_and_tells_nothing(api, ann, run_outbox, mailbox):
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
