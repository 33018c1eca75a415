"""The world that a demo begins with is made as a whole, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.auth import authenticate

from example.demo import seed
from ninja_orgkit.media.storage import private
from ninja_orgkit.organizations.models import Organization


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_a_world_that_cannot_be_finished_leaves_neither_rows_nor_files(tmp_path: Path, media_root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        seed.fill(tmp_path / "nowhere")
    assert seed.is_empty()
    assert not Organization.objects.exists()
    assert not _files(media_root)


@pytest.mark.django_db(transaction=True)
def test_a_world_keeps_its_pictures(tmp_path: Path, media_root: Path) -> None:
    seed.fill(tmp_path)
    assert not seed.is_empty()
    password = json.loads((tmp_path / "logins.json").read_text())[0]["password"]
    superuser = authenticate(username="ada", password=password)
    assert superuser is not None
    assert superuser.is_staff
    kept = _files(media_root)
    assert kept
    assert all(private().exists(str(path.relative_to(media_root))) for path in kept)
