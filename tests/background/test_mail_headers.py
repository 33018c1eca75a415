"""Every mail says that a program sent it, and for which domain."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ninja_orgkit.background.mail import send_mail
from tests.conftest import Mailbox, Register, RunOutbox
from tests.org import account_of


@pytest.mark.django_db
def test_every_mail_says_that_it_is_automatic(register: Register, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    person = register()
    person.api.patch("/auth/email", {"email": "new@example.com"})
    person.api.post("/auth/password-reset/request", {"email": person.email})
    run_outbox()
    assert len(mailbox) >= 4
    for mail in mailbox:
        message = mail.message()
        assert message.get_all("Auto-Submitted") == ["auto-generated"]
        assert message.get_all("X-Auto-Response-Suppress") == ["All"]
    identifiers = [mail.message()["Message-ID"] for mail in mailbox]
    assert len({str(identifier) for identifier in identifiers}) == len(mailbox)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sender", "api_url", "domain"),
    [
        ("orgkit@mail.example.com", "https://api.example.com/api/v1", "mail.example.com"),
        ('"Acme, Inc." <no-reply@example.org>', "https://api.example.com/api/v1", "example.org"),
        ("info@bücher.example", "https://api.example.com/api/v1", "xn--bcher-kva.example"),
        ("nobody", "https://api.example.com/api/v1", "api.example.com"),
    ],
)
def test_the_message_id_has_the_domain_of_the_sender(
    register: Register, mailbox: Mailbox, settings: Any, sender: str, api_url: str, domain: str
) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "API_URL": api_url}
    person = register()
    send_mail("registered", person.email, account=account_of(person))
    identifier = str(mailbox[-1].extra_headers["Message-ID"])
    assert re.fullmatch(rf"<[^@<>\s]+@{re.escape(domain)}>", identifier)
