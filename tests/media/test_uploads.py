"""Uploads over the limit are refused while they stream in, and not stored."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import Settings

from ninja_orgkit.media.errors import FileTooLarge, TooManyFiles
from ninja_orgkit.media.uploads import OversizeFile, limit_bulk_upload, limit_upload, refuse_oversize

KIB = 1024
MIB = 1024 * KIB


class Wire(BytesIO):
    """A body that tells how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.fixture(autouse=True)
def temporary(settings: Settings, tmp_path: Path) -> Path:
    """Return the folder for temporary files; every upload is written there, and none kept in memory."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return folder


def posted(*sizes: int, announced: int | None = None) -> tuple[HttpRequest, Wire]:
    """Return a request with files of some sizes, and its body as it comes from the network."""
    files = []
    for size in sizes:
        file = BytesIO(b"x" * size)
        file.name = "picture.jpg"
        files.append(file)
    body = encode_multipart(BOUNDARY, {"title": "Holiday", "files": files})
    wire = Wire(body)
    length = len(body) if announced is None else announced
    request = RequestFactory().generic("POST", "/", b"-", content_type=MULTIPART_CONTENT)
    request.environ.update({"wsgi.input": wire, "CONTENT_LENGTH": str(length)})
    return type(request)(request.environ), wire


def uploaded_in(request: HttpRequest) -> Any:
    """Return the only file of a request."""
    (file,) = request.FILES.getlist("files")
    return file


def test_a_file_within_the_limit_is_accepted() -> None:
    request, _ = posted(100 * KIB)
    limit_upload(request, max_bytes=100 * KIB)
    file = uploaded_in(request)
    assert (file.size, file.read(), request.POST["title"]) == (100 * KIB, b"x" * 100 * KIB, "Holiday")
    refuse_oversize(file, max_bytes=100 * KIB)
    file.close()


def test_a_file_over_the_limit_is_refused_and_not_stored(temporary: Path) -> None:
    request, wire = posted(100 * KIB + 1)
    limit_upload(request, max_bytes=100 * KIB)
    with pytest.raises(FileTooLarge):
        request.FILES  # noqa: B018  # reading it is what parses the body
    assert wire.taken == len(wire.getvalue())  # the client is done sending, so it sees the answer
    assert not list(temporary.iterdir())


def test_several_files_share_the_limit_of_a_single_upload(temporary: Path) -> None:
    request, _ = posted(60 * KIB, 60 * KIB)
    limit_upload(request, max_bytes=100 * KIB)
    with pytest.raises(FileTooLarge):
        request.FILES  # noqa: B018
    assert not list(temporary.iterdir())


def test_a_body_that_announces_too_many_bytes_is_not_read() -> None:
    request, wire = posted(KIB, announced=100 * MIB)
    limit_upload(request, max_bytes=100 * KIB)
    with pytest.raises(FileTooLarge):
        request.FILES  # noqa: B018
    assert wire.taken == 0


def test_a_far_too_large_body_is_not_read_to_its_end(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request, wire = posted(40 * MIB)
    limit_upload(request, max_bytes=MIB)
    monkeypatch.setattr(request.upload_handlers[0], "handle_raw_input", lambda *args: None)  # a body of unknown length
    with pytest.raises(FileTooLarge):
        request.FILES  # noqa: B018
    assert 33 * MIB <= wire.taken < 34 * MIB
    assert not list(temporary.iterdir())


def test_one_file_over_the_limit_does_not_affect_the_others(settings: Settings, temporary: Path) -> None:
    settings.NINJA_ORGKIT = {"IMAGE_MAX_BYTES": 100 * KIB}
    request, _ = posted(10 * KIB, 300 * KIB, 20 * KIB)
    limit_bulk_upload(request)
    first, large, last = request.FILES.getlist("files")
    assert [file.size for file in (first, large, last)] == [10 * KIB, 300 * KIB, 20 * KIB]
    assert isinstance(large, OversizeFile)
    assert (large.name, large.read()) == ("picture.jpg", b"")
    assert len(list(temporary.iterdir())) == 2
    assert (len(first.read()), len(last.read())) == (10 * KIB, 20 * KIB)
    with pytest.raises(FileTooLarge):
        refuse_oversize(large, max_bytes=100 * KIB)
    refuse_oversize(last, max_bytes=100 * KIB)
    request.close()
    assert not list(temporary.iterdir())


def test_a_bulk_upload_that_is_too_large_as_a_whole_is_refused(settings: Settings, temporary: Path) -> None:
    settings.NINJA_ORGKIT = {"IMAGE_MAX_BYTES": 100 * KIB, "BULK_UPLOAD_MAX_BYTES": 250 * KIB}
    request, _ = posted(90 * KIB, 90 * KIB, 90 * KIB)
    limit_bulk_upload(request)
    with pytest.raises(FileTooLarge):
        request.FILES  # noqa: B018
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("surplus", [1, 3, 60])
def test_a_bulk_upload_of_too_many_files_is_refused(settings: Settings, temporary: Path, surplus: int) -> None:
    settings.NINJA_ORGKIT = {"BULK_UPLOAD_MAX_FILES": 3}
    request, _ = posted(*[KIB] * (3 + surplus))
    limit_bulk_upload(request)
    with pytest.raises(TooManyFiles):
        request.FILES  # noqa: B018
    assert not list(temporary.iterdir())


def test_fifty_files_are_not_too_many() -> None:
    request, _ = posted(*[KIB] * 50)
    limit_bulk_upload(request)
    assert len(request.FILES.getlist("files")) == 50
    request.close()


def test_small_uploads_stay_in_memory_under_the_same_limits(settings: Settings, temporary: Path) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * MIB
    settings.NINJA_ORGKIT = {"IMAGE_MAX_BYTES": 100 * KIB}
    request, _ = posted(10 * KIB, 300 * KIB, 20 * KIB)
    limit_bulk_upload(request)
    sizes = [(file.size, len(file.read())) for file in request.FILES.getlist("files")]
    assert sizes == [(10 * KIB, 10 * KIB), (300 * KIB, 0), (20 * KIB, 20 * KIB)]
    assert not list(temporary.iterdir())


def test_a_request_that_is_already_parsed_is_left_alone() -> None:
    request, _ = posted(200 * KIB)
    assert len(request.FILES) == 1
    limit_upload(request, max_bytes=100 * KIB)
    file = uploaded_in(request)
    with pytest.raises(FileTooLarge):
        refuse_oversize(file, max_bytes=100 * KIB)
    file.close()


def test_uploads_use_the_temporary_folder_of_these_tests(temporary: Path) -> None:
    request, _ = posted(10 * KIB)
    limit_upload(request, max_bytes=MIB)
    file = uploaded_in(request)
    assert Path(file.temporary_file_path()).parent == temporary != Path(tempfile.gettempdir())
    file.close()
