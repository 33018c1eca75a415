"""Uploading and deleting many images at once."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from ninja_orgkit.images.models import Image
from ninja_orgkit.models import OutboxMessage
from tests.conftest import RunOutbox
from tests.images.actions import add_rows
from tests.media.files import files_in
from tests.media.pictures import SVG, photo, picture
from tests.org import Org


def bulk_path(org: Org) -> str:
    """Return where many images are uploaded."""
    return f"{org.images_root}/bulk-upload/"


def test_each_file_of_a_bulk_upload_gets_its_own_result(org: Org, media_root: Path, run_outbox: RunOutbox) -> None:
    known, twice = picture("known.png"), picture("twice.png")
    image = org.add_image(known)
    known.seek(0)
    files = [
        picture("new.png"), known, SimpleUploadedFile("vector.svg", SVG), twice,
        SimpleUploadedFile("cut.jpg", photo().getvalue()[:-2000]), SimpleUploadedFile("empty.png", b""),
        SimpleUploadedFile("again.png", twice.read()),
    ]  # fmt: skip
    twice.seek(0)
    response = org.api.upload(bulk_path(org), files=files)
    assert response.status_code == 200
    results = response.json()["results"]
    assert [(item["file"], item["status"]) for item in results] == [
        ("new.png", "created"), ("known.png", "duplicate"), ("vector.svg", "error"), ("twice.png", "created"),
        ("cut.jpg", "error"), ("empty.png", "error"), ("again.png", "duplicate"),
    ]  # fmt: skip
    assert results[1]["image"] == image
    assert results[6]["image"] == results[3]["image"]
    errors = [item["error"] and item["error"]["code"] for item in results]
    assert errors == [None, None, "unsupported_image", None, "invalid_image", "invalid_image", None]
    assert all(item["image"] is None for item in results if item["error"])
    assert results[2]["error"]["detail"]
    run_outbox()
    assert set(Image.objects.values_list("status", flat=True)) == {"ready"}
    assert files_in(media_root) == sorted(name for row in Image.objects.all() for name in row.stored_names())


def test_a_file_over_the_limit_does_not_stop_the_others(org: Org, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "IMAGE_MAX_BYTES": 5000}
    files = [picture(), SimpleUploadedFile("large.jpg", photo(2000, 1500).getvalue()), picture()]
    results = org.api.upload(bulk_path(org), files=files).json()["results"]
    assert [item["status"] for item in results] == ["created", "error", "created"]
    assert results[1]["error"]["code"] == "file_too_large"


def test_a_bulk_upload_accepts_at_most_fifty_files(org: Org) -> None:
    results = org.api.upload(bulk_path(org), files=[picture() for _ in range(50)]).json()["results"]
    assert {item["status"] for item in results} == {"created"}
    response = org.api.upload(bulk_path(org), files=[picture() for _ in range(51)])
    assert (response.status_code, response.json()["code"]) == (413, "too_many_files")
    assert Image.objects.count() == 50


def cost(org: Org, count_queries: Callable[[], Any], count: int) -> int:
    """Upload new pictures at once, and return how many statements ran, without the INSERTs of their rows.

    One INSERT takes all rows, except on SQLite with Django 5.2, which sends at most 999 values in a statement.
    """
    columns = [field for field in Image._meta.concrete_fields if not field.primary_key]
    inserts = ceil(count / connection.ops.bulk_batch_size(columns, range(count)))
    files = [picture() for _ in range(count)]
    with count_queries() as queries:
        results = org.api.upload(bulk_path(org), files=files).json()["results"]
    assert [item["status"] for item in results] == ["created"] * count
    return len(queries) - inserts


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_uploading_fifty_files_runs_as_many_statements_as_uploading_one(
    broker: str, org: Org, count_queries: Callable[[], Any]
) -> None:
    cost(org, count_queries, 1)
    assert cost(org, count_queries, 1) == cost(org, count_queries, 50)
    with redis.Redis.from_url(broker) as queue:
        assert queue.llen("celery") == 52


@pytest.mark.django_db(transaction=True)
def test_uploading_fifty_files_runs_as_many_statements_as_one_while_the_broker_is_down(
    org: Org, count_queries: Callable[[], Any]
) -> None:
    cost(org, count_queries, 1)
    OutboxMessage.objects.all().delete()
    assert cost(org, count_queries, 1) == cost(org, count_queries, 50)
    assert OutboxMessage.objects.filter(task="orgkit.images.render").count() == 51


def test_the_total_size_of_a_bulk_upload_is_limited(org: Org, settings: Any, media_root: Path) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "BULK_UPLOAD_MAX_BYTES": 200}
    response = org.api.upload(bulk_path(org), files=[picture(), picture(), picture()])
    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")
    assert not files_in(media_root)


@pytest.mark.parametrize("fields", [{}, {"file": picture()}, {"files": "x"}, {"files": picture(), "title": "x"}])
def test_a_bulk_upload_with_other_fields_is_refused(org: Org, fields: dict[str, Any]) -> None:
    response = org.api.upload(bulk_path(org), **fields)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
def test_a_storage_failure_fails_the_whole_bulk_upload_and_can_be_retried(
    org: Org, media_root: Path, headers: dict[str, str]
) -> None:
    files = [picture(), picture()]
    media_root.write_text("no folder")
    response = org.api.upload(bulk_path(org), files=files, headers=headers)
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert not Image.objects.exists()
    media_root.unlink()
    for file in files:
        file.seek(0)
    results = org.api.upload(bulk_path(org), files=files, headers=headers).json()["results"]
    assert [item["status"] for item in results] == ["created", "created"]


def test_bulk_delete_reports_the_result_for_each_id(
    org: Org, other_org: Org, media_root: Path, run_outbox: RunOutbox
) -> None:
    ids, other = add_rows(org, 3), add_rows(other_org, 1)[0]
    response = org.api.post(f"{org.images_root}/bulk-delete/", {"ids": [ids[2], other, ids[0], ids[2], 2**62]})
    assert response.status_code == 200
    assert response.json() == {"deleted": [ids[2], ids[0]], "not_found": [other, 2**62]}
    run_outbox()
    assert set(Image.objects.values_list("pk", flat=True)) == {ids[1], other}
    assert files_in(media_root) == sorted(Image.objects.values_list("file", flat=True))
    again = org.api.post(f"{org.images_root}/bulk-delete/", {"ids": [ids[2]]})
    assert again.json() == {"deleted": [], "not_found": [ids[2]]}
