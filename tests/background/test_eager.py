"""A host may let Celery run tasks at once: then those of the kit run after the commit, without broker and worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from ninja_orgkit.accounts.models import Account, Registration
from ninja_orgkit.audit.acting import Actor, acting, current_actor
from ninja_orgkit.audit.models import Event
from ninja_orgkit.background import outbox
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.models import OutboxMessage
from tests.celery import app
from tests.checks.messages import found_by_id
from tests.client import Api
from tests.conftest import Mailbox
from tests.org import Org

ADA = {"email": "ada@example.com", "password": "correct horse battery"}


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run tasks at once, and let any attempt to reach the broker fail the test."""

    def _unreachable() -> None:
        raise AssertionError("the broker was asked")

    monkeypatch.setattr(outbox, "_producer", _unreachable)
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def _subjects(mailbox: list[EmailMultiAlternatives]) -> list[str]:
    return [str(mail.subject) for mail in mailbox]


def test_registering_with_mandatory_verification_creates_the_account_and_sends_its_mail(
    db: None, api: Api, settings: Any, mailbox: Mailbox, django_capture_on_commit_callbacks: Any
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert api.post("/auth/register", ADA).status_code == 202
    assert Account.objects.get().email == ADA["email"]
    assert [mail.to for mail in mailbox] == [[ADA["email"]]] * 2
    assert _subjects(mailbox)[0] == "Verify your e-mail address"
    assert _subjects(mailbox)[1] != _subjects(mailbox)[0]  # the second tells the owner
    assert not OutboxMessage.objects.exists()
    assert not Registration.objects.exclude(email="").exists()
    answer = api.post("/token/pair", ADA)
    assert (answer.status_code, answer.json()["code"]) == (401, "email_not_verified")


def test_the_system_acts_in_a_task_that_runs_within_a_request(
    org: Org, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert org.api.post(org.exports_path).status_code == 202
    acted = Event.objects.filter(action__startswith="export.").order_by("pk")
    assert list(acted.values_list("action", "actor_kind", "actor", "address")) == [
        ("export.requested", "user", org.owner.slug, "127.0.0.1"),
        ("export.ready", "system", "", ""),
    ]


def test_whoever_acted_before_a_task_acts_after_it(org: Org) -> None:
    seen: list[str] = []

    def look(deeper: bool = False) -> None:
        if deeper:
            app.tasks["host.looks"].apply()
        seen.append(current_actor().kind)

    app.task(name="host.looks")(look)
    with acting(Actor("staff")):
        app.tasks["host.looks"].apply(kwargs={"deeper": True})
        assert current_actor().kind == "staff"
    assert seen == ["system", "system"]


def test_a_task_that_fails_or_does_not_exist_harms_neither_the_change_nor_other_tasks(
    db: None, settings: Any, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []

    def fail() -> None:
        raise RuntimeError("zebra")

    def work(number: int) -> None:
        ran.append(number)

    app.task(name="host.fails")(fail)
    app.task(name="host.works")(work)

    with django_capture_on_commit_callbacks(execute=True), atomic():
        outbox.enqueue("host.fails")
        outbox.enqueue("host.unknown")
        outbox.enqueue("host.works", number=7)
    assert ran == [7]
    assert "zebra" in caplog.text
    assert "host.unknown" in caplog.text
    assert [message.task for message in OutboxMessage.objects.all()] == ["host.unknown"]


def test_a_deployment_that_runs_tasks_at_once_is_warned_of() -> None:
    assert "orgkit.W123" in found_by_id(deploy=True)
    app.conf.task_always_eager = False
    assert "orgkit.W123" not in found_by_id(deploy=True)
