"""Downloading an archive by its link."""

from __future__ import annotations

import base64
import hashlib
import re
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.exports.services import expire_exports
from ninja_orgkit.media import storage
from ninja_orgkit.organizations.models import Membership
from tests.client import Api, Person
from tests.conftest import RunOutbox
from tests.exports.actions import create_image, get_job, start_export, status_of, stored_files
from tests.org import Org


@pytest.fixture
def admin(org: Org) -> Person:
    return org.add_member("admin", "adam")


@pytest.fixture
def job(org: Org, admin: Person, run_outbox: RunOutbox) -> dict[str, Any]:
    """Return a finished export as the admin sees it."""
    job_id = start_export(org)["id"]
    run_outbox()
    found: dict[str, Any] = admin.api.get(f"{org.exports_path}{job_id}/").json()
    assert found["status"] == "ready"
    return found


def test_the_link_alone_opens_the_archive(api: Api, job: dict[str, Any]) -> None:
    response = api.get(job["download_url"])
    content = b"".join(response.streaming_content)
    assert response.status_code == 200
    assert (len(content), hashlib.sha256(content).hexdigest()) == (job["size"], job["sha256"])
    assert response["Content-Type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="acme-\d{4}-\d\d-\d\d\.zip"', response["Content-Disposition"])
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_range_of_the_archive_can_be_downloaded(api: Api, job: dict[str, Any]) -> None:
    whole = b"".join(api.get(job["download_url"]).streaming_content)
    part = api.get(job["download_url"], headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == whole[10:20]
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert api.get(job["download_url"], headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    head = api.send("HEAD", job["download_url"])
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(whole)), b"")


def test_each_member_gets_their_own_link(org: Org, job: dict[str, Any]) -> None:
    assert get_job(org, job["id"])["download_url"] != job["download_url"]


def test_a_link_contains_no_integer_key(org: Org, admin: Person, job: dict[str, Any]) -> None:
    token = parse_qs(urlsplit(job["download_url"]).query)["token"][0]
    payload = token.partition(".")[0]
    inside = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    assert inside == f'["{admin.slug}","{job["id"]}"]'


def test_a_link_with_a_changed_token_is_not_found(api: Api, job: dict[str, Any]) -> None:
    token = parse_qs(urlsplit(job["download_url"]).query)["token"][0]
    swapped = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (swapped, token[1:], token + "x", "", "x", "a" * 5000, "\ud83d", "%00", token.split(".")[0]):
        response = api.get("/exports/download", token=wrong.encode("utf-8", "replace"))
        assert response.status_code == 404, wrong
        assert response["Cache-Control"] == "no-store"
    assert api.get("/exports/download").status_code == 422


def test_a_link_stops_working_when_its_owner_loses_the_permission(api: Api, admin: Person, job: dict[str, Any]) -> None:
    membership = Membership.objects.filter(account__slug=admin.slug, organization__slug="acme")
    membership.update(role="member")
    assert status_of(job["download_url"]) == 404
    membership.update(role="owner")
    assert status_of(job["download_url"]) == 200
    membership.delete()
    assert status_of(job["download_url"]) == 404


def test_a_link_stops_working_when_its_owner_is_deactivated(api: Api, admin: Person, job: dict[str, Any]) -> None:
    user = get_user_model().objects.filter(orgkit_account__slug=admin.slug)
    user.update(is_active=False)
    assert status_of(job["download_url"]) == 404


def test_a_link_stops_working_when_the_organization_is_deleted(org: Org, api: Api, job: dict[str, Any]) -> None:
    assert org.api.delete("/orgs/acme/?confirm=acme").status_code == 204
    assert status_of(job["download_url"]) == 404


def test_an_expired_archive_is_gone_even_before_its_file_is_deleted(
    org: Org, api: Api, job: dict[str, Any], media_root: Path
) -> None:
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = api.get(job["download_url"])
    assert (response.status_code, response.json()["code"]) == (410, "export_expired")
    found = get_job(org, job["id"])
    assert (found["status"], found["download_url"]) == ("expired", None)
    assert len(stored_files(media_root)) == 1


def test_the_file_of_an_expired_archive_is_deleted(
    org: Org, api: Api, job: dict[str, Any], run_outbox: RunOutbox, media_root: Path
) -> None:
    assert expire_exports() == 0
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_exports() == 1
    run_outbox()
    assert stored_files(media_root) == []
    assert get_job(org, job["id"])["status"] == "expired"
    assert status_of(job["download_url"]) == 410
    assert org.api.delete(f"{org.exports_path}{job['id']}/").status_code == 204
    assert status_of(job["download_url"]) == 404


@pytest.mark.slow
@pytest.mark.once
def test_a_download_redirects_to_the_object_store(
    org: Org, api: Api, run_outbox: RunOutbox, s3_server: Any, settings: Settings
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage()}
    image = create_image(org, "Harbour")
    create_image(org, "Gone")
    storage.delete(type(image).objects.get(title="Gone").file)
    job_id = start_export(org)["id"]
    run_outbox()
    job = get_job(org, job_id)
    assert job["status"] == "ready"
    response = api.get(job["download_url"])
    assert response.status_code == 302
    with urllib.request.urlopen(response["Location"]) as download:
        content = download.read()
        assert download.headers["Content-Type"] == "application/zip"
        name = download.headers["Content-Disposition"]
    assert hashlib.sha256(content).hexdigest() == job["sha256"]
    assert re.fullmatch(r'attachment; filename="acme-\d{4}-\d\d-\d\d\.zip"', name)
    head = api.send("HEAD", job["download_url"])
    with urllib.request.urlopen(urllib.request.Request(head["Location"], method="HEAD")) as answer:
        assert answer.headers["Content-Length"] == str(job["size"])
