"""What commands and tasks change is recorded as done by the system; a table names those that change nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

import ninja_orgkit
from ninja_orgkit.audit.models import Event
from ninja_orgkit.exports import services as exports
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images import rendering
from ninja_orgkit.images.models import Image
from tests.celery import app
from tests.client import Api
from tests.conftest import RunOutbox
from tests.exports.actions import start_export
from tests.images.actions import add_rows
from tests.org import PASSWORD, Org

COMMANDS = {
    "orgkit_sync": "test_the_command_that_creates_what_is_missing",
    "orgkit_sync_allauth": "follows addresses, which is told of as it is everywhere",
    "orgkit_doctor": "only looks",
    "orgkit_drain_outbox": "sends tasks, which record what they do",
    "orgkit_files": "deletes files that nothing refers to",
    "orgkit_purge_audit": "is the retention of the events themselves",
}
"""For each command its test, or why it leaves no event."""

TASKS = {
    "orgkit.users.register": "test_a_registration_that_a_worker_carries_out",
    "orgkit.images.render": "test_a_picture_is_ready_or_failed",
    "orgkit.images.revive": "test_a_picture_that_waits_too_long_fails",
    "orgkit.exports.run": "test_the_life_of_an_export",
    "orgkit.exports.expire": "test_the_life_of_an_export",
    "orgkit.exports.revive": "test_an_export_whose_workers_died_fails",
    "orgkit.organizations.purge": "deletes what went with organization.deleted",
    "orgkit.organizations.purge_deleted": "goes on with that",
    "orgkit.accounts.purge_sessions": "deletes what has expired already",
    "orgkit.accounts.purge_registrations": "deletes what has expired already",
    "orgkit.protocol.purge": "deletes what has expired already",
    "orgkit.outbox.purge": "deletes what has expired already",
    "orgkit.audit.purge": "is the retention of the events themselves",
    "orgkit.outbox.drain": "sends tasks, which record what they do",
    "orgkit.files.check": "only looks",
    "orgkit.files.delete": "deletes files of what is gone already",
}
"""For each task that is no mail its test, or why it leaves no event."""


NEW_ACCOUNT = ("account.created", "member.added", "organization.created")


def _events(before: set[Any]) -> list[tuple[str, str, str]]:
    """Return what is new: the action, the kind of actor, and the actor."""
    return [
        (event.action, event.actor_kind, event.actor)
        for event in Event.objects.order_by("created_at", "id")
        if event.pk not in before
    ]


def _known() -> set[Any]:
    return set(Event.objects.values_list("pk", flat=True))


@pytest.mark.once
def test_every_command_is_in_the_table() -> None:
    found = Path(ninja_orgkit.__file__).parent.rglob("management/commands/*.py")
    assert {path.stem for path in found if path.stem != "__init__"} == set(COMMANDS)


@pytest.mark.once
def test_every_task_that_is_not_a_mail_is_in_the_table() -> None:
    mails = ("mail", "resend_verification", "notify")
    own = {name for name in app.tasks if name.startswith("orgkit.") and not name.split(".")[-1].startswith(mails)}
    assert own == set(TASKS)
    assert {entry for entry in [*TASKS.values(), *COMMANDS.values()] if entry.startswith("test_")} <= set(globals())


def test_the_command_that_creates_what_is_missing(db: None) -> None:
    User.objects.bulk_create([User(username="ada"), User(username="bob")])
    call_command("orgkit_sync", verbosity=0)
    created = [(action, "system", "") for action in NEW_ACCOUNT]
    assert sorted(_events(set())) == sorted(created * 2)
    before = _known()
    call_command("orgkit_sync", all=True, verbosity=0)
    assert _events(before) == []


def test_a_password_set_on_the_command_line(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _known()
    monkeypatch.setattr("getpass.getpass", lambda **_: "another horse battery")
    call_command("changepassword", org.owner.user["username"])
    assert _events(before) == [("password.changed", "system", "")]


def test_a_registration_that_a_worker_carries_out(api: Api, settings: Any, run_outbox: RunOutbox, db: None) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    assert api.post("/auth/register", {"email": "ada@example.com", "password": PASSWORD}).status_code == 202
    assert _events(set()) == []
    run_outbox()
    assert sorted(_events(set())) == [(action, "system", "") for action in NEW_ACCOUNT]
    before = _known()
    assert api.post("/token/pair", {"email": "ada@example.com", "password": PASSWORD}).status_code == 401
    assert _events(before) == [("account.sign_in_refused", "user", "")]


def test_the_life_of_an_export(org: Org, run_outbox: RunOutbox) -> None:
    before = _known()
    start_export(org)
    start_export(org)
    assert _events(before) == [("export.requested", "user", org.owner.slug)]
    run_outbox()
    assert _events(before)[1:] == [("export.ready", "system", "")]
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    exports.expire_exports()
    exports.expire_exports()
    assert _events(before)[2:] == [("export.expired", "system", "")]
    job = ExportJob.objects.get()
    assert org.api.delete(f"{org.exports_path}{job.pk}/").status_code == 204
    assert _events(before)[3:] == [("export.deleted", "user", org.owner.slug)]


def test_an_export_whose_workers_died_fails(org: Org, settings: Any) -> None:
    job = start_export(org)
    before = _known()
    past = timezone.now() - timedelta(hours=1)
    ExportJob.objects.filter(pk=job["id"]).update(status="running", attempts=3, lease_until=past)
    exports.revive_exports()
    assert _events(before) == [("export.failed", "system", "")]


def test_a_picture_is_ready_or_failed(org: Org, settings: Any, run_outbox: RunOutbox) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_CONTENT": True}
    org.add_image()
    before = _known()
    run_outbox()
    assert _events(before) == [("image.ready", "system", "")]
    (broken,) = add_rows(org, 1)
    rendering.render_image(broken)
    assert _events(before)[1:] == [("image.failed", "system", "")]


def test_a_picture_that_waits_too_long_fails(org: Org, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_CONTENT": True}
    add_rows(org, 2)
    before = _known()
    Image.objects.update(updated_at=timezone.now() - timedelta(days=2))
    rendering.revive()
    rendering.revive()
    assert _events(before) == [("image.failed", "system", "")] * 2
