"""A full disk takes a piece of a file before it fails. No piece stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Retry
from django.core.files.uploadedfile import SimpleUploadedFile

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image
from ninja_orgkit.media import storage
from ninja_orgkit.media.errors import StorageUnavailable
from tests.conftest import RunOutbox
from tests.media.disks import fill_disk
from tests.media.files import files_in
from tests.media.pictures import grain, written
from tests.org import Org

ROOMS = [0, 1, 1000]


@pytest.mark.parametrize("room", ROOMS)
def test_a_file_that_does_not_fit_leaves_no_piece(media_root: Path, settings: Any, room: int) -> None:
    fill_disk(settings, media_root, room=room)
    for content in (b"x" * 1001, b"x" * 100_000):
        with pytest.raises(StorageUnavailable):
            storage.save("images", "png", content)
        assert files_in(media_root) == []


def test_the_files_of_an_operation_that_runs_out_of_room_are_deleted(media_root: Path, settings: Any) -> None:
    fill_disk(settings, media_root, room=1000)

    def save_two() -> None:
        with storage.StoredFiles() as stored_files:
            stored_files.save("images", "webp", b"x" * 1000)
            stored_files.save("images", "webp", b"x" * 1001)

    with pytest.raises(StorageUnavailable):
        save_two()
    assert files_in(media_root) == []


@pytest.mark.parametrize("room", ROOMS)
def test_an_upload_that_does_not_fit_answers_503_and_leaves_nothing(
    org: Org, media_root: Path, settings: Any, room: int
) -> None:
    fill_disk(settings, media_root, room=room)
    file = SimpleUploadedFile("x.png", written(grain(60, 60), "PNG").getvalue())
    for path in (org.images_path, f"{org.images_root}/bulk-upload/", "/users/avatar"):
        file.seek(0)
        response = org.api.upload(path, files=file) if "bulk" in path else org.api.upload(path, file=file)
        assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert files_in(media_root) == []
    assert not Image.objects.exists()


def test_renditions_that_do_not_fit_leave_the_original_only(
    org: Org, media_root: Path, settings: Any, run_outbox: RunOutbox
) -> None:
    image = org.add_image(SimpleUploadedFile("x.png", written(grain(700, 700), "PNG").getvalue()))
    original = files_in(media_root)
    fill_disk(settings, media_root, room=20_000)
    for _ in range(2):
        with pytest.raises(Retry) as raised:
            run_outbox()
        assert isinstance(raised.value.__cause__, StorageUnavailable)
        assert files_in(media_root) == original
    fill_disk(settings, media_root, room=10_000_000)
    run_outbox()
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "ready"


def test_an_archive_that_does_not_fit_leaves_no_piece(
    org: Org, media_root: Path, settings: Any, run_outbox: RunOutbox
) -> None:
    fill_disk(settings, media_root, room=100)
    assert org.api.post(org.exports_path).status_code == 202
    run_outbox()
    assert ExportJob.objects.get().status == ExportJob.Status.QUEUED
    assert files_in(media_root) == []
