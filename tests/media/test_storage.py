"""Files are stored under random names, and deleted when their row cannot be saved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from ninja_orgkit.media import storage
from ninja_orgkit.media.errors import StorageUnavailable


class Interrupted(Exception):
    """An error that has nothing to do with files."""


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_stored_name_is_a_feature_and_a_random_uuid() -> None:
    names = [storage.save("images", "png", ContentFile(b"x", name="my holiday.png")) for _ in range(2)]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"images/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.png", name) for name in names)
    with storage.open_file(names[0]) as file:
        assert file.read() == b"x"


def test_deleting_a_file_twice_succeeds() -> None:
    name = storage.save("images", "png", b"x")
    storage.delete(name)
    storage.delete(name)
    with pytest.raises(FileNotFoundError):
        storage.open_file(name)


def test_the_storage_is_a_setting(settings: Settings, tmp_path: Path, media_root: Path) -> None:
    other = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "other")}}
    settings.STORAGES = {**settings.STORAGES, "private": other}
    settings.NINJA_ORGKIT = {"STORAGE": "private"}
    name = storage.save("images", "png", b"x")
    assert (tmp_path / "other" / name).read_bytes() == b"x"
    assert not files_below(media_root)


def test_new_files_are_deleted_when_their_row_cannot_be_saved(media_root: Path) -> None:
    def record() -> None:
        with storage.StoredFiles() as stored_files:
            stored_files.save("images", "png", b"one")
            stored_files.save("images", "webp", b"two")
            assert len(files_below(media_root)) == 2
            raise Interrupted

    with pytest.raises(Interrupted):
        record()
    assert not files_below(media_root)


def test_new_files_stay_when_their_row_is_saved(media_root: Path) -> None:
    with storage.StoredFiles() as stored_files:
        name = stored_files.save("images", "png", b"one")
    assert files_below(media_root) == [media_root / name]


def test_a_storage_failure_is_reported_as_unavailable(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    broken = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "file")}}
    settings.STORAGES = {**settings.STORAGES, "default": broken}
    with pytest.raises(StorageUnavailable):
        storage.save("images", "png", b"x")
