"""Asking for an export, watching it, cancelling and discarding it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from ninja_orgkit.exports.jobs import builds
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from tests.client import Api, told
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.exports.actions import create_contact, get_job, replace_rows, start_export, status_of, stored_files
from tests.exports.conftest import Export
from tests.mails import link_of
from tests.org import Org
from tests.parallel import in_parallel


def test_an_export_is_accepted_and_built_in_the_background(org: Org, run_outbox: RunOutbox) -> None:
    create_contact(org, display_name="Ann")
    response = org.api.post(org.exports_path)
    job = response.json()
    assert response.status_code == 202
    assert response["Location"] == f"http://testserver/api/v1/orgs/acme/export/{job['id']}/"
    assert (job["status"], job["requested_by"], job["download_url"]) == ("queued", org.owner.slug, None)
    assert job["progress"] == {"done": 0, "total": 0, "percent": 0}
    run_outbox()
    done = org.api.get(response["Location"]).json()
    assert (done["status"], done["error"]) == ("ready", None)
    rows = 3 + len(org.api.get(f"/orgs/{org.slug}/audit/", until=done["started_at"]).json()["items"])
    assert done["progress"] == {"done": rows, "total": rows, "percent": 100}
    assert done["size"] > 0
    assert len(done["sha256"]) == 64
    finished, expires = (_moment(done[name]) for name in ("finished_at", "expires_at"))
    assert expires - finished == timedelta(days=7)


def _moment(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_viewers_and_members_cannot_export(org: Org, role: str) -> None:
    somebody = org.add_member(role)
    for response in (
        somebody.api.post(org.exports_path),
        somebody.api.get(org.exports_path),
        somebody.api.get(f"{org.exports_path}{'0' * 8}-0000-0000-0000-{'0' * 12}/"),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert not ExportJob.objects.exists()


def test_a_foreign_and_an_unknown_organization_answer_alike(org: Org, api: Api) -> None:
    unknown = org.stranger.api.post("/orgs/nowhere/export/")
    foreign = org.stranger.api.post(org.exports_path)
    assert unknown.status_code == foreign.status_code == 404
    assert told(unknown) == told(foreign)
    assert api.post(org.exports_path).status_code == 401


def test_an_admin_can_export(org: Org) -> None:
    admin = org.add_member("admin")
    assert start_export(org, admin.api)["requested_by"] == admin.slug


def test_asking_again_returns_the_active_export(org: Org, run_outbox: RunOutbox) -> None:
    admin = org.add_member("admin")
    first = start_export(org)
    second = start_export(org, admin.api)
    assert second["id"] == first["id"]
    assert OutboxMessage.objects.filter(task="orgkit.exports.run").count() == 1
    run_outbox()
    assert start_export(org)["id"] != first["id"]


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_start_one_export(org: Org) -> None:
    jobs = in_parallel(6, lambda _: start_export(org))
    assert len({job["id"] for job in jobs}) == 1
    assert ExportJob.objects.count() == 1


def test_exports_are_listed_newest_first_with_a_constant_number_of_queries(
    org: Org, run_outbox: RunOutbox, count_queries: CountQueries, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}

    def listed(total: int) -> tuple[dict[str, Any], int]:
        while ExportJob.objects.count() < total:
            start_export(org)
            run_outbox()
        with count_queries() as queries:
            page: dict[str, Any] = org.api.get(org.exports_path).json()
        assert page["count"] == total
        return page, len(queries)

    _, statements_for_one = listed(1)
    page, statements = listed(12)
    assert statements == statements_for_one <= 4
    times = [job["created_at"] for job in page["items"]]
    assert times == sorted(times, reverse=True)
    assert all(job["download_url"] for job in page["items"])
    second = org.api.get(org.exports_path, limit=5)
    assert [job["id"] for job in second.json()["items"]] == [job["id"] for job in page["items"][:5]]
    third = org.api.get(second.json()["next"]).json()
    assert [job["id"] for job in third["items"]] == [job["id"] for job in page["items"][5:10]]


def test_only_six_new_exports_an_hour_are_allowed_and_repeats_do_not_count(org: Org, run_outbox: RunOutbox) -> None:
    for _ in range(6):
        assert len({start_export(org)["id"] for _ in range(3)}) == 1
        run_outbox()
    refused = org.api.post(org.exports_path)
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert ExportJob.objects.count() == 6


@pytest.mark.parametrize("job_id", ["1", "me", "00000000-0000-0000-0000-000000000000", "%00", "..", "A" * 300])
def test_an_unknown_or_malformed_export_is_not_found(org: Org, job_id: str) -> None:
    assert org.api.get(f"{org.exports_path}{job_id}/").status_code == 404
    assert org.api.delete(f"{org.exports_path}{job_id}/").status_code == 404


def test_an_export_of_another_organization_is_not_found(org: Org) -> None:
    job = start_export(org)
    assert org.stranger.api.get(f"/orgs/{org.stranger.org}/export/{job['id']}/").status_code == 404
    assert org.stranger.api.delete(f"/orgs/{org.stranger.org}/export/{job['id']}/").status_code == 404


def test_a_cancelled_export_stays_in_the_list_and_is_not_built(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox, media_root: Path
) -> None:
    job = start_export(org)
    assert org.api.delete(f"{org.exports_path}{job['id']}/").status_code == 204
    run_outbox()
    found = get_job(org, job["id"])
    assert (found["status"], found["download_url"]) == ("cancelled", None)
    assert stored_files(media_root) == []
    assert not [mail for mail in mailbox if "export" in mail.subject.lower()]
    assert start_export(org)["id"] != job["id"]
    assert org.api.delete(f"{org.exports_path}{job['id']}/").status_code == 204
    assert org.api.get(f"{org.exports_path}{job['id']}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_cancelling_stops_a_running_build(org: Org, isolated_registry: None, media_root: Path) -> None:
    job = start_export(org)
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

    replace_rows("shop.product", endless)
    worker = threading.Thread(target=build)
    worker.start()
    try:
        assert running.wait(20)
        assert get_job(org, job["id"])["status"] == "running"
        assert org.api.delete(f"{org.exports_path}{job['id']}/").status_code == 204
        worker.join(10)
        assert not worker.is_alive()
    finally:
        over.set()
        worker.join()
    assert get_job(org, job["id"])["status"] == "cancelled"
    assert stored_files(media_root) == []


def test_discarding_a_finished_export_deletes_its_archive(
    org: Org, export: Export, run_outbox: RunOutbox, media_root: Path
) -> None:
    export()
    job = org.api.get(org.exports_path).json()["items"][0]
    assert len(stored_files(media_root)) == 1
    assert org.api.delete(f"{org.exports_path}{job['id']}/").status_code == 204
    run_outbox()
    assert stored_files(media_root) == []
    assert org.api.get(f"{org.exports_path}{job['id']}/").status_code == 404
    assert status_of(job["download_url"]) == 404


def test_the_requester_gets_a_mail_with_their_own_link(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "API_URL": "https://api.example.org/v1"}
    org.api.patch("/orgs/acme/", {"name": "<b>Acme</b> & sons"})
    admin = org.add_member("admin", "adam")
    run_outbox()
    mailbox.clear()
    job = start_export(org, admin.api)
    messages = json.dumps(list(OutboxMessage.objects.values_list("kwargs", flat=True)))
    run_outbox()
    (mail,) = mailbox
    assert mail.to == ["adam@example.com"]
    assert "<b>Acme</b> & sons" in mail.subject
    html = str(mail.alternatives[0][0])
    assert "<b>Acme</b>" not in html
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; sons" in html
    link, token = link_of(mail)
    assert link.startswith("https://api.example.org/v1/exports/download?token=")
    assert token not in messages
    assert admin.api.get(f"{org.exports_path}{job['id']}/").json()["download_url"].endswith(link.partition("?")[2])
    assert status_of(f"/exports/download?token={token}") == 200


def test_no_mail_goes_to_a_requester_who_has_lost_the_permission(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    admin = org.add_member("admin")
    run_outbox()
    mailbox.clear()
    start_export(org, admin.api)
    org.row.memberships.filter(account__slug=admin.slug).update(role="member")
    run_outbox()
    assert mailbox == []


def test_deleting_an_organization_deletes_its_exports(
    org: Org, export: Export, run_outbox: RunOutbox, media_root: Path
) -> None:
    export()
    start_export(org)
    assert org.api.delete("/orgs/acme/?confirm=acme").status_code == 204
    run_outbox()
    assert not ExportJob.objects.exists()
    assert stored_files(media_root) == []
