"""Rendering an uploaded picture in a worker."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image as Pillow

from ninja_orgkit.images import rendering, tasks
from ninja_orgkit.images.models import Image
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.media.formats.signatures import HEAD_BYTES
from ninja_orgkit.media.renditions import Rendered, render
from ninja_orgkit.models import OutboxMessage
from tests.conftest import RunOutbox
from tests.images.actions import add_rows
from tests.media.files import files_in
from tests.media.pictures import photo, picture, quarters, written
from tests.org import Org
from tests.servers.processes import Worker, environment
from tests.waiting import wait_until


def test_an_image_becomes_ready_with_four_renditions(org: Org, run_outbox: RunOutbox) -> None:
    file = SimpleUploadedFile("x.jpg", photo(2400, 1600, orientation=6).getvalue())
    image = org.add_image(file)
    assert (image["status"], image["renditions"]) == ("processing", {})
    run_outbox()
    image = org.api.get(org.image_path(image["id"])).json()
    assert image["status"] == "ready"
    sizes = {name: (made["width"], made["height"]) for name, made in image["renditions"].items()}
    assert sizes == {"thumb": (107, 160), "sm": (427, 640), "md": (683, 1024), "lg": (1365, 2048)}
    for made in image["renditions"].values():
        response = org.api.get(made["url"])
        assert response["Content-Type"] == "image/webp"
        content = b"".join(response.streaming_content)
        shown = Pillow.open(BytesIO(content))
        assert shown.size == (made["width"], made["height"])
        assert not shown.getexif()
        assert b"secret" not in content.lower()


def test_renditions_of_a_small_picture_are_stored_once(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    image = org.add_image(picture(width=40, height=30))
    run_outbox()
    made = org.api.get(org.image_path(image["id"])).json()["renditions"]
    assert {(item["width"], item["height"]) for item in made.values()} == {(40, 30)}
    assert files_in(media_root) == sorted(Image.objects.get().stored_names())


def test_rendering_twice_changes_nothing(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    image = org.add_image(picture(width=300))
    run_outbox()
    before, files = org.api.get(org.image_path(image["id"])).json(), files_in(media_root)
    tasks.render_image(image["id"])
    assert org.api.get(org.image_path(image["id"])).json() == before
    assert files_in(media_root) == files


def test_two_workers_rendering_one_image_leave_one_set_of_files(
    org: Org, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = org.add_image(picture(width=300))
    others: list[int] = []

    def overtaken(file: IO[bytes]) -> Rendered:
        made = render(file)
        if not others:
            others.append(1)
            rendering.render_image(image["id"])
        return made

    monkeypatch.setattr(rendering, "render", overtaken)
    rendering.render_image(image["id"])
    assert files_in(media_root) == sorted(Image.objects.get().stored_names())


def test_an_image_deleted_while_it_is_being_rendered_leaves_no_file(
    org: Org, media_root: Path, monkeypatch: pytest.MonkeyPatch, run_outbox: RunOutbox
) -> None:
    image = org.add_image()

    def deleted(file: IO[bytes]) -> Rendered:
        made = render(file)
        org.api.delete(org.image_path(image["id"]))
        return made

    monkeypatch.setattr(rendering, "render", deleted)
    run_outbox()
    assert not files_in(media_root)
    tasks.render_image(image["id"])


def test_an_image_whose_file_is_broken_or_missing_becomes_failed(
    org: Org, media_root: Path, run_outbox: RunOutbox
) -> None:
    broken, lost = org.add_image(), org.add_image()
    (media_root / Image.objects.get(pk=broken["id"]).file).write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    (media_root / Image.objects.get(pk=lost["id"]).file).unlink()
    run_outbox()
    for image in (broken, lost):
        shown = org.api.get(org.image_path(image["id"])).json()
        assert (shown["status"], shown["renditions"]) == ("failed", {})


def test_rendering_is_retried_after_a_short_storage_outage(org: Org, media_root: Path) -> None:
    image = org.add_image(picture(width=300))
    away = media_root.with_name("away")
    media_root.rename(away)
    media_root.write_text("no folder")
    with pytest.raises((StorageUnavailable, NotADirectoryError)):
        rendering.render_image(image["id"])
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "processing"
    media_root.unlink()
    away.rename(media_root)
    rendering.render_image(image["id"])
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "ready"
    assert tasks.render_image.max_retries > 0
    assert files_in(media_root) == sorted(Image.objects.get().stored_names())


class BreakingOff(BytesIO):
    """A file that can be read only at its beginning, as if the connection broke after that."""

    def read(self, count: int | None = -1) -> bytes:
        """Read nothing but the beginning."""
        if count is None or self.tell() or not 0 <= count <= HEAD_BYTES:
            raise ConnectionError("gone")
        return super().read(count)


class BreakingStorage(FileSystemStorage):
    """A storage that breaks off before it has sent a whole file."""

    def open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Open a file that breaks off."""
        with super().open(name, mode) as file:
            return File(BreakingOff(file.read()), name=name)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_rendering_is_retried_when_the_storage_breaks_off_in_the_middle_of_a_file(
    org: Org, media_root: Path, settings: Any, kind: str
) -> None:
    image = org.add_image(SimpleUploadedFile("x", written(quarters(300, 200), kind).getvalue()))
    stable = settings.STORAGES
    breaking = {"BACKEND": f"{__name__}.BreakingStorage", "OPTIONS": {"location": str(media_root)}}
    settings.STORAGES = {**stable, "default": breaking}
    with pytest.raises(StorageUnavailable):
        rendering.render_image(image["id"])
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "processing"
    settings.STORAGES = stable
    rendering.render_image(image["id"])
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "ready"


def test_a_rendering_lost_with_its_worker_is_queued_again_and_fails_after_a_day(org: Org) -> None:
    fresh, stale, hopeless = add_rows(org, 3)
    now = timezone.now()
    Image.objects.filter(pk=stale).update(updated_at=now - timedelta(hours=2))
    Image.objects.filter(pk=hopeless).update(updated_at=now - timedelta(days=2))
    tasks.revive_images()
    asked = OutboxMessage.objects.filter(task="orgkit.images.render").values_list("kwargs", flat=True)
    assert list(asked) == [{"image": stale}]
    status = dict(Image.objects.values_list("pk", "status"))
    assert status == {fresh: "processing", stale: "processing", hopeless: "failed"}


def test_a_lost_rendering_is_not_queued_again_every_hour(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "BATCH", 2)
    images = add_rows(org, 5)
    now = timezone.now()
    Image.objects.update(updated_at=now - timedelta(hours=2))
    before = dict(Image.objects.values_list("pk", "updated_at"))
    asked = OutboxMessage.objects.filter(task="orgkit.images.render").values_list("kwargs__image", flat=True)
    for _ in range(2):
        tasks.revive_images()
        assert sorted(asked.all()) == images
    assert dict(Image.objects.values_list("pk", "updated_at")) == before
    Image.objects.filter(pk=images[0]).update(asked_at=now - timedelta(hours=7))
    tasks.revive_images()
    assert sorted(asked.all()) == [images[0], *images]


CRASHING = """
import os, signal, sys, django
django.setup()
from ninja_orgkit.images import rendering
rendering.render = lambda file: os.kill(os.getpid(), signal.SIGKILL)
rendering.render_image(int(sys.argv[1]))
"""


def test_an_image_over_a_limit_that_was_lowered_becomes_failed(org: Org, run_outbox: RunOutbox, settings: Any) -> None:
    image = org.add_image(picture(width=40, height=30))
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "IMAGE_MAX_PIXELS": 40 * 30 - 1}
    run_outbox()
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "failed"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_picture_that_kills_three_workers_becomes_failed(org: Org, media_root: Path) -> None:
    image = org.add_image(picture(width=300))["id"]
    for _ in range(3):
        killed = subprocess.run([sys.executable, "-c", CRASHING, str(image)], env=environment(), check=False)
        assert killed.returncode == -signal.SIGKILL
        assert org.api.get(org.image_path(image)).json()["status"] == "processing"
    before = Image.objects.get().updated_at
    rendering.render_image(image)
    assert org.api.get(org.image_path(image)).json()["status"] == "failed"
    assert Image.objects.get().updated_at > before
    assert files_in(media_root) == [Image.objects.get().file]
    rendering.render_again(list(Image.objects.all()))
    rendering.render_image(image)
    assert org.api.get(org.image_path(image)).json()["status"] == "ready"


def test_attempts_that_end_with_an_error_do_not_count_as_killed_workers(org: Org, media_root: Path) -> None:
    image = org.add_image(picture(width=300))["id"]
    away = media_root.rename(media_root.with_name("away"))
    media_root.write_text("no folder")
    for _ in range(5):
        with pytest.raises(StorageUnavailable):
            rendering.render_image(image)
    media_root.unlink()
    away.rename(media_root)
    rendering.render_image(image)
    assert org.api.get(org.image_path(image)).json()["status"] == "ready"


def test_new_renditions_replace_the_old_files(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    org.add_image(picture(width=300))
    run_outbox()
    before = set(files_in(media_root))
    rendering.render_again(list(Image.objects.all()))
    run_outbox()
    row = Image.objects.get()
    assert files_in(media_root) == sorted(row.stored_names())
    assert before & set(row.stored_names()) == {row.file}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_makes_the_renditions(worker: Worker, org: Org) -> None:
    path = org.image_path(org.add_image(picture(width=800, height=600))["id"])
    assert wait_until(lambda: org.api.get(path).json()["status"] != "processing"), worker.output()
    image = org.api.get(path).json()
    assert image["status"] == "ready", worker.output()
    assert set(image["renditions"]) == {"thumb", "sm", "md", "lg"}
