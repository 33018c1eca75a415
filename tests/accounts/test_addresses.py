"""One key is one mailbox: which addresses are the same account, and where its mail goes."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.addresses import email_key
from tests.accounts.actions import verify
from tests.client import Api
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import token_in
from tests.org import Org

mailbox_keys: Any = import_module("ninja_orgkit.accounts.migrations.0003_mailbox_keys")

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"

LOOKALIKES = [
    "ro\u017f\u017f@example.com", "ross\u212a@example.com", "\uff52oss@example.com", "r\u043ess@example.com",
    "r\u00f6ss@example.com", "ro\u200bss@example.com",
]  # fmt: skip
"""Addresses that look like, or fold to, one in ASCII, and are another mailbox or none."""

SPELLINGS = [
    ("ann@b\u00fccher.example", "ann@xn--bcher-kva.example"),
    ("ann@b\u00fccher.example", "ANN@B\u0055\u0308CHER.example"),
    ("ann@stra\u00dfe.example", "ann@xn--strae-oqa.example"),
    ("ann@example.com", "ann@exam\u200bple.com"),
    ("ann@example.com", "ann@exam\u00adple.com"),
    ("ann@example.com", "ann@exam\u2060ple.com"),
    ("ann@example.com", "ann@exam\ufeffple.com"),
    ("ann@example.com", "ann@\uff45xample\u3002com"),
    ("ann@example.com", '"ann"@example.com'),
    ("ann@\u30c6\u30b9\u30c8.example", "ann@xn--zckzah.example"),
    ("ann@i\u2764.example", "ann@xn--i-7iq.example"),
]  # fmt: skip
"""Pairs of spellings of one mailbox."""

INVALID_DOMAINS = [
    "exam\u200cple.com", "exam\u200dple.com", "exam\u200eple.com", "exam\u2028ple.com", "exam\ue000ple.com",
    "xn--zzzzzz.com", "xn--exmpl-.com", "xn--example-\u00fc.com", "\u0301example.com", "-a.com", "a-.com", "a..com",
    "a_b.com", "com", "a.1", "x" * 64 + ".com", "[300.1.1.1]", "[1.1.1.1",
]  # fmt: skip


@pytest.mark.parametrize("lookalike", LOOKALIKES)
def test_an_address_that_only_looks_like_another_cannot_take_its_place(
    api: Api, register: Register, org: Org, lookalike: str
) -> None:
    body = {"email": lookalike, "password": PASSWORD}
    refused = api.post("/auth/register", body)
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "email"])
    assert org.api.patch("/auth/email", {"email": lookalike}).status_code == 422
    invitation = {"email": lookalike, "role": "member"}
    assert org.api.post(f"{org.path}invitations/", invitation).status_code == 422
    assert register(email="ross@example.com").user["email"] == "ross@example.com"


@pytest.mark.parametrize("domain", INVALID_DOMAINS)
def test_a_domain_that_cannot_exist_is_refused(api: Api, domain: str) -> None:
    assert api.post("/auth/register", {"email": f"ann@{domain}", "password": PASSWORD}).status_code == 422


@pytest.mark.parametrize(("first", "second"), SPELLINGS)
def test_all_spellings_of_a_mailbox_are_one_account(api: Api, register: Register, first: str, second: str) -> None:
    ann = register(email=first)
    assert ann.user["email"] == first
    taken = api.post("/auth/register", {"email": second, "password": PASSWORD})
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    signed_in = api.post("/token/pair", {"email": second, "password": PASSWORD})
    assert signed_in.json()["user"]["slug"] == ann.slug


def test_an_address_is_shown_as_typed_and_mail_goes_to_what_its_key_means(
    api: Api, register: Register, run_outbox: RunOutbox, mailbox: Mailbox, django_user_model: type[User]
) -> None:
    typed = "Ann@Stra\u00dfe.EXAMPLE"
    ann = register(email=typed)
    assert ann.user["email"] == django_user_model.objects.get().email == typed
    run_outbox()
    api.post("/auth/password-reset/request", {"email": "ann@xn--strae-oqa.example"})
    run_outbox()
    # Python's own encoding would send both to strasse.example.
    assert [mail.to for mail in mailbox] == [["Ann@xn--strae-oqa.example"]] * 2


def test_an_address_in_ascii_is_shown_and_mailed_as_typed(
    register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    bob = register(email="Bob@EXAMPLE.com")
    run_outbox()
    assert (bob.user["email"], mailbox[0].to) == ("Bob@EXAMPLE.com", ["Bob@EXAMPLE.com"])


def test_an_address_can_change_to_another_spelling_of_the_same_mailbox(
    api: Api, register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    ann = register(email="ann@xn--bcher-kva.example")
    run_outbox()
    verify(api, token_in(mailbox[0]))
    assert ann.api.patch("/auth/email", {"email": "ann@b\u00fccher.example"}).status_code == 202
    run_outbox()
    assert [mail.to for mail in mailbox[1:]] == [["ann@xn--bcher-kva.example"]]  # the link, and no notice
    assert verify(api, token_in(mailbox[-1])).status_code == 200
    me = ann.api.get("/users/me").json()
    assert (me["email"], me["email_verified"]) == ("ann@b\u00fccher.example", True)


def test_an_invitation_to_one_spelling_is_accepted_by_another(
    org: Org, register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    invited = org.api.post(f"{org.path}invitations/", {"email": "ann@b\u00fccher.example", "role": "member"})
    assert invited.json()["email"] == "ann@b\u00fccher.example"
    again = org.api.post(f"{org.path}invitations/", {"email": "ann@xn--bcher-kva.example", "role": "member"})
    assert again.json()["code"] == "already_invited"
    run_outbox()
    ann = register(email="Ann@xn--bcher-kva.example")
    assert ann.api.post("/invitations/accept", {"token": token_in(mailbox[0])}).status_code == 200


def test_a_user_of_the_host_with_a_lookalike_address_keeps_nobody_out(
    register: Register, django_user_model: type[User]
) -> None:
    for number, lookalike in enumerate(LOOKALIKES):
        django_user_model.objects.create_user(f"host{number}", lookalike)
    assert register(email="ross@example.com").user["email"] == "ross@example.com"
    assert Account.objects.exclude(email_key=None).count() == len(LOOKALIKES) + 1


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Ann@EXAMPLE.com", "ann@example.com"),
        (" ann@example.com ", "ann@example.com"),
        ("J\u00f6rg@example.com", "j\u00f6rg@example.com"),
        ("J\u00d6RG@example.com", "j\u00d6rg@example.com"),
        ('"ann lee"@example.com', '"ann lee"@example.com'),
        ('"a\\nn"@example.com', "ann@example.com"),
        ('"a\\"n"@example.com', '"a\\"n"@example.com'),
        ("ann@[0:0::1]", "ann@[::1]"),
        ("ann@exam\u200cple.com", "ann@exam\u200cple.com"),
        ("No One", "no one"),
        ("\u212a", "\u212a"),
        (" ", None),
        ("", None),
    ],
)
def test_a_key_folds_no_further_than_delivery_does(value: str, key: str | None) -> None:
    assert email_key(value) == key


@pytest.mark.parametrize(
    "email",
    [
        "j\u00f6rg@b\u00fccher.example", "\u5f20\u4e09@\u4f8b\u5b50.\u5e7f\u544a", '"\u5f20 \u4e09"@example.com',
        "ro\u017f\u017f@example.com",
    ],
)  # fmt: skip
def test_a_contact_may_have_an_address_of_any_script(org: Org, email: str) -> None:
    contact = org.add_contact(email=email)
    assert contact["email"] == email
    assert org.api.get("/contacts/", search=email.partition("@")[2]).json()["count"] == 1


@pytest.mark.parametrize(
    "email", ["j\u00f6rg", "j\u00f6rg@", "a b@example.com", "j..r@example.com", "j@exam\u200dple.com"]
)
def test_a_contact_needs_an_address_or_none(org: Org, email: str) -> None:
    assert (
        org.api.post("/contacts/", {"organization": org.slug, "display_name": "J", "email": email}).status_code == 422
    )


def test_accounts_of_an_earlier_version_get_the_key_of_their_mailbox(register: Register) -> None:
    squatter, ann = register(email="ros@example.com"), register(email="ann@b\u00fccher.example")
    Account.objects.filter(slug=squatter.slug).update(email="ro\u017f@example.com", email_key="ros@example.com")
    twin = register(email="ann@twin.example")
    Account.objects.filter(slug=twin.slug).update(email="ann@xn--bcher-kva.example", email_key="old form")
    Account.objects.filter(slug=ann.slug).update(email_key="ann@b\u00fccher.example")
    mailbox_keys.rekey(apps, SimpleNamespace(connection=connection))
    keys = dict(Account.objects.values_list("slug", "email_key"))
    assert keys == {squatter.slug: "ro\u017f@example.com", ann.slug: "ann@xn--bcher-kva.example", twin.slug: None}
