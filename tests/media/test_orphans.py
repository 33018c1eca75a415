"""Files without a row and rows without a file are found."""

from __future__ import annotations

import io
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image
from ninja_orgkit.media import storage
from ninja_orgkit.media.tasks import check_files
from tests.conftest import RunOutbox
from tests.media.files import files_in
from tests.media.pictures import picture
from tests.org import Org


def _run(*args: str) -> str:
    out = io.StringIO()
    try:
        call_command("orgkit_files", *args, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


def _age(media_root: Path, *names: str) -> None:
    """Make files two days old."""
    for name in names:
        os.utime(media_root / name, (time.time() - 2 * 86400,) * 2)


@pytest.fixture
def busy(org: Org, run_outbox: RunOutbox, media_root: Path) -> Org:
    """Return an organization that has an image, avatars and an archive, all of them two days old."""
    org.add_image()
    for path in ("/users/avatar", f"/contacts/{org.add_contact()['slug']}/avatar/"):
        assert org.api.upload(path, file=picture()).status_code == 200
    org.api.post(org.exports_path)
    run_outbox()
    assert len({name.partition("/")[0] for name in files_in(media_root)}) == 3
    _age(media_root, *files_in(media_root))
    return org


def test_nothing_is_found_where_all_is_well(busy: Org) -> None:
    assert _run() == "Every file has its row, and every row its file.\n"


def test_old_files_without_a_row_are_listed_and_deleted_on_demand(busy: Org, media_root: Path) -> None:
    before = files_in(media_root)
    forgotten = [storage.save(folder, "webp", b"x") for folder in ("images", "avatars", "exports")]
    young = storage.save("images", "png", b"under way")
    theirs = storage.private().save("images/holiday.png", ContentFile(b"of the host"))
    _age(media_root, *forgotten, theirs)
    for name in forgotten:
        assert f"{name} has no row." in _run()
    assert "3 files without a row, 0 missing files." in _run()
    assert "4 files without a row" in _run("--min-age=0")
    assert len(files_in(media_root)) == len(before) + 5
    assert "3 files deleted." in _run("--delete")
    assert files_in(media_root) == sorted([*before, young, theirs])


def test_rows_whose_file_is_missing_are_listed(busy: Org, caplog: pytest.LogCaptureFixture) -> None:
    image, job = Image.objects.get(), ExportJob.objects.get()
    lost = [image.file, image.rendition_names()[0], job.file]
    for name in lost:
        storage.delete(name)
    found = _run("--delete")
    assert [f"{name} is missing." in found for name in lost] == [True] * 3
    assert "0 files without a row, 3 missing files." in found
    with caplog.at_level(logging.WARNING):
        check_files()
    assert "0 files have no row, and 3 files of rows are missing." in caplog.text


@pytest.mark.slow
@pytest.mark.once
def test_an_object_store_is_compared_too(org: Org, settings: Any, s3_server: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage()}
    org.add_image()
    name = storage.save("images", "png", b"x")
    assert name not in _run()
    assert f"{name} has no row." in _run("--min-age=0", "--delete")
    assert name not in _run("--min-age=0")
