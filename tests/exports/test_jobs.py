"""Asking for an export, watching it, cancelling and discarding it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ninja_orgkit.exports.jobs import builds
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import ExportKind
from tests.client import Api
from tests.exports.conftest import Export, Workspace, replace_rows, status_of, stored_files
from tests.mails import link_of
from tests.parallel import in_parallel


def test_an_export_is_accepted_and_done_in_the_background(workspace: Workspace, run_outbox: Any) -> None:
    workspace.add_contact(display_name="Ann")
    response = workspace.owner.api.post(workspace.path)
    job = response.json()
    assert response.status_code == 202
    assert response["Location"] == f"http://testserver/api/v1/orgs/acme/export/{job['id']}/"
    assert (job["status"], job["requested_by"], job["download_url"]) == ("queued", workspace.owner.slug, None)
    assert job["progress"] == {"done": 0, "total": 0, "percent": 0}
    run_outbox()
    done = workspace.owner.api.get(response["Location"]).json()
    assert (done["status"], done["error"]) == ("ready", None)
    assert done["progress"] == {"done": 3, "total": 3, "percent": 100}
    assert done["size"] > 0
    assert len(done["sha256"]) == 64
    finished, expires = (_moment(done[name]) for name in ("finished_at", "expires_at"))
    assert expires - finished == timedelta(days=7)


def _moment(text: str) -> Any:
    assert text.endswith("Z")
    return timezone.datetime.fromisoformat(text)  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_only_admins_may_export(workspace: Workspace, register: Any, role: str) -> None:
    somebody = workspace.add_member(register(), role)
    for response in (
        somebody.api.post(workspace.path),
        somebody.api.get(workspace.path),
        somebody.api.get(f"{workspace.path}{'0' * 8}-0000-0000-0000-{'0' * 12}/"),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert not ExportJob.objects.exists()


def test_strangers_and_unknown_organizations_are_told_the_same(workspace: Workspace, register: Any, api: Api) -> None:
    stranger = register()
    unknown = stranger.api.post("/orgs/nowhere/export/")
    foreign = stranger.api.post(workspace.path)
    assert unknown.status_code == foreign.status_code == 404
    assert unknown.content == foreign.content
    assert api.post(workspace.path).status_code == 401


def test_an_admin_who_is_no_owner_may_export(workspace: Workspace, register: Any) -> None:
    admin = workspace.add_member(register(), "admin")
    assert workspace.start(admin.api)["requested_by"] == admin.slug


def test_while_one_is_active_the_answer_is_that_one(workspace: Workspace, register: Any, run_outbox: Any) -> None:
    admin = workspace.add_member(register(), "admin")
    first = workspace.start()
    second = workspace.start(admin.api)
    assert second["id"] == first["id"]
    assert OutboxMessage.objects.filter(task="orgkit.exports.run").count() == 1
    run_outbox()
    assert workspace.start()["id"] != first["id"]


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_begin_one_export(workspace: Workspace) -> None:
    jobs = in_parallel(6, lambda _: workspace.start())
    assert len({job["id"] for job in jobs}) == 1
    assert ExportJob.objects.count() == 1


def test_exports_are_listed_latest_first_at_a_constant_number_of_queries(
    workspace: Workspace, run_outbox: Any, count_queries: Any, settings: Any
) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}
    counts = []
    for total in (1, 12):
        while ExportJob.objects.count() < total:
            workspace.start()
            run_outbox()
        with count_queries() as queries:
            page = workspace.owner.api.get(workspace.path).json()
        counts.append(len(queries))
        assert page["count"] == total
    assert counts[0] == counts[1] <= 4
    times = [job["created_at"] for job in page["items"]]
    assert times == sorted(times, reverse=True)
    assert all(job["download_url"] for job in page["items"])
    second = workspace.owner.api.get(workspace.path, limit=5)
    assert [job["id"] for job in second.json()["items"]] == [job["id"] for job in page["items"][:5]]
    third = workspace.owner.api.get(second.json()["next"]).json()
    assert [job["id"] for job in third["items"]] == [job["id"] for job in page["items"][5:10]]


def test_six_new_exports_an_hour_are_let_through_and_asking_for_the_active_one_does_not_count(
    workspace: Workspace, run_outbox: Any
) -> None:
    for _ in range(6):
        assert len({workspace.start()["id"] for _ in range(3)}) == 1
        run_outbox()
    refused = workspace.owner.api.post(workspace.path)
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert ExportJob.objects.count() == 6


@pytest.mark.parametrize("job_id", ["1", "me", "00000000-0000-0000-0000-000000000000", "%00", "..", "A" * 300])
def test_an_unknown_or_malformed_export_is_not_found(workspace: Workspace, job_id: str) -> None:
    assert workspace.owner.api.get(f"{workspace.path}{job_id}/").status_code == 404
    assert workspace.owner.api.delete(f"{workspace.path}{job_id}/").status_code == 404


def test_an_export_of_another_organization_is_not_found(workspace: Workspace, register: Any) -> None:
    job = workspace.start()
    stranger = register()
    assert stranger.api.get(f"/orgs/{stranger.org}/export/{job['id']}/").status_code == 404
    assert stranger.api.delete(f"/orgs/{stranger.org}/export/{job['id']}/").status_code == 404


def test_a_cancelled_export_stays_listed_and_is_not_done(
    workspace: Workspace, run_outbox: Any, mailbox: list[Any], media_root: Path
) -> None:
    job = workspace.start()
    assert workspace.owner.api.delete(f"{workspace.path}{job['id']}/").status_code == 204
    run_outbox()
    found = workspace.job(job["id"])
    assert (found["status"], found["download_url"]) == ("cancelled", None)
    assert stored_files(media_root) == []
    assert not [mail for mail in mailbox if "export" in mail.subject.lower()]
    assert workspace.start()["id"] != job["id"]
    assert workspace.owner.api.delete(f"{workspace.path}{job['id']}/").status_code == 204
    assert workspace.owner.api.get(f"{workspace.path}{job['id']}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_cancelling_stops_a_running_build_soon(
    workspace: Workspace, kinds: dict[str, ExportKind], media_root: Path
) -> None:
    job = workspace.start()
    running, over = threading.Event(), threading.Event()

    def endless(organization: Organization) -> Iterator[dict[str, Any]]:
        number = 0
        while not over.wait(0.001):
            running.set()
            number += 1
            yield {"sku": f"mug-{number}", "name": "Mug", "price": "1"}

    def build() -> None:
        try:
            builds.run(job["id"])
        finally:
            connection.close()

    replace_rows(kinds, "shop.product", endless)
    worker = threading.Thread(target=build)
    worker.start()
    try:
        assert running.wait(20)
        assert workspace.job(job["id"])["status"] == "running"
        assert workspace.owner.api.delete(f"{workspace.path}{job['id']}/").status_code == 204
        worker.join(10)
        assert not worker.is_alive()
    finally:
        over.set()
        worker.join()
    assert workspace.job(job["id"])["status"] == "cancelled"
    assert stored_files(media_root) == []


def test_discarding_a_finished_export_deletes_its_archive(
    workspace: Workspace, export: Export, run_outbox: Any, media_root: Path
) -> None:
    export()
    job = workspace.owner.api.get(workspace.path).json()["items"][0]
    assert len(stored_files(media_root)) == 1
    assert workspace.owner.api.delete(f"{workspace.path}{job['id']}/").status_code == 204
    run_outbox()
    assert stored_files(media_root) == []
    assert workspace.owner.api.get(f"{workspace.path}{job['id']}/").status_code == 404
    assert status_of(job["download_url"]) == 404


def test_the_requester_gets_a_mail_with_their_own_link(
    workspace: Workspace, register: Any, run_outbox: Any, mailbox: list[Any], settings: Any
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "API_URL": "https://api.example.org/v1"}
    workspace.owner.api.patch("/orgs/acme/", {"name": "<b>Acme</b> & sons"})
    admin = workspace.add_member(register("adam@example.com"), "admin")
    run_outbox()
    mailbox.clear()
    job = workspace.start(admin.api)
    messages = json.dumps(list(OutboxMessage.objects.values_list("kwargs", flat=True)))
    run_outbox()
    (mail,) = mailbox
    assert mail.to == ["adam@example.com"]
    assert "<b>Acme</b> & sons" in mail.subject
    html = mail.alternatives[0][0]
    assert "<b>Acme</b>" not in html
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; sons" in html
    link, token = link_of(mail)
    assert link.startswith("https://api.example.org/v1/exports/download?token=")
    assert token not in messages
    assert admin.api.get(f"{workspace.path}{job['id']}/").json()["download_url"].endswith(link.partition("?")[2])
    assert status_of(f"/exports/download?token={token}") == 200


def test_no_mail_goes_to_who_lost_the_right_meanwhile(
    workspace: Workspace, register: Any, run_outbox: Any, mailbox: list[Any]
) -> None:
    admin = workspace.add_member(register(), "admin")
    run_outbox()
    mailbox.clear()
    workspace.start(admin.api)
    workspace.row.memberships.filter(account__slug=admin.slug).update(role="member")
    run_outbox()
    assert mailbox == []


def test_exports_go_with_their_organization(
    workspace: Workspace, export: Export, run_outbox: Any, media_root: Path
) -> None:
    export()
    workspace.start()
    assert workspace.owner.api.delete("/orgs/acme/?confirm=acme").status_code == 204
    run_outbox()
    assert not ExportJob.objects.exists()
    assert stored_files(media_root) == []
