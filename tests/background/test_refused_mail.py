"""What happens to a mail depends on what the mail server says: never is final, later is not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import django
import pytest
from celery.exceptions import Retry
from django.core import mail as django_mail

from ninja_orgkit.models import TaskReceipt
from tests.conftest import Register, RunOutbox
from tests.servers.smtp import SmtpServer

ADDRESS = "ann@example.com"
SENDER = "orgkit@example.com"


@pytest.fixture
def mail_server(smtp_server: SmtpServer, settings: Any) -> Iterator[SmtpServer]:
    """Send the mails of this process to a real server."""
    host, _, port = smtp_server.address.partition(":")
    backend = "django.core.mail.backends.smtp.EmailBackend"
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"host": host, "port": int(port)}}}
    else:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = backend, host, int(port)
    assert not django_mail.outbox
    yield smtp_server
    smtp_server.clear()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("refused", "reply"),
    [
        (ADDRESS, "550 5.1.1 No such user"),
        (ADDRESS, "501 5.1.3 Bad address"),
        (ADDRESS, "552 5.2.2 Mailbox full"),
        ("DATA", "554 5.7.1 This is spam"),
    ],
)
def test_a_mail_that_is_refused_for_good_is_tried_once(
    register: Register,
    run_outbox: RunOutbox,
    mail_server: SmtpServer,
    caplog: pytest.LogCaptureFixture,
    refused: str,
    reply: str,
) -> None:
    register(ADDRESS)
    mail_server.refusals[refused] = reply
    assert run_outbox() == 1
    assert mail_server.attempts[ADDRESS] == 1
    assert [receipt.done for receipt in TaskReceipt.objects.all()] == [True]
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert any("'verify_email'" in warning and reply[:3] in warning for warning in warnings)
    assert not any(ADDRESS in warning for warning in warnings)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("refused", "reply"),
    [
        (ADDRESS, "450 4.2.0 Greylisted, try again later"),
        (ADDRESS, "452 4.2.2 Mailbox full"),
        (SENDER, "530 5.7.0 Authentication required"),
        (SENDER, "553 5.1.8 Sender address refused"),
        (SENDER, "550 5.7.1 Relaying denied"),
        ("DATA", "451 4.3.0 Try again later"),
    ],
)
def test_a_mail_that_is_refused_for_now_is_tried_again(
    register: Register, run_outbox: RunOutbox, mail_server: SmtpServer, refused: str, reply: str
) -> None:
    register(ADDRESS)
    mail_server.refusals[refused] = reply
    with pytest.raises(Retry):
        run_outbox()
    assert [receipt.done for receipt in TaskReceipt.objects.all()] == [False]
    mail_server.refusals.clear()
    assert run_outbox() == 1
    assert mail_server.wait_for(ADDRESS)["To"] == ADDRESS
