"""The files of an archive: their names, their sizes, and files that are missing."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile

from ninja_orgkit.exports.archive.names import Names, safe_stem
from ninja_orgkit.exports.archive.zipping import CHUNK, Archive
from ninja_orgkit.images.models import Image
from ninja_orgkit.media.avatars import set_avatar
from tests.conftest import RunOutbox
from tests.exports.actions import create_contact, create_image, create_product, get_job, start_export, stored_files
from tests.exports.archives import read_as_stream
from tests.exports.conftest import Export
from tests.media.pictures import picture, quarters, written
from tests.org import Org

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def test_pictures_are_stored_as_the_uncompressed_originals(org: Org, export: Export) -> None:
    content = written(quarters(600, 400), "JPEG").read()
    image = create_image(org, "Old harbour, 1920", content)
    archive = export()
    path = archive.rows("images")[0]["file"]
    assert path == f"images/{image.pk}-old-harbour-1920.jpg"
    assert archive.zip.read(path) == content
    assert archive.zip.getinfo(path).compress_type == zipfile.ZIP_STORED
    assert archive.zip.getinfo("data/images.jsonl").compress_type == zipfile.ZIP_DEFLATED


def test_an_archive_contains_the_avatars_of_contacts_and_members(org: Org, export: Export) -> None:
    contact = set_avatar(create_contact(org, display_name="Ann"), file=written(quarters(), "PNG"))
    response = org.api.upload("/users/avatar", file=_upload())
    assert response.status_code == 200, response.content
    archive = export()
    assert archive.rows("contacts")[0]["avatar"] == f"avatars/{contact.slug}.webp"
    assert archive.rows("members")[0]["avatar"] == f"avatars/{org.owner.slug}.webp"
    assert archive.zip.read(f"avatars/{contact.slug}.webp")[8:12] == b"WEBP"
    assert archive.verify().returncode == 0


def test_an_archive_contains_the_logo_of_the_organization(org: Org, export: Export) -> None:
    assert export().rows("organization")[0]["logo"] is None
    assert org.api.upload(f"{org.path}logo/", file=_upload()).status_code == 200
    archive = export()
    assert archive.rows("organization")[0]["logo"] == f"logo/{org.slug}.webp"
    assert archive.zip.read(f"logo/{org.slug}.webp")[8:12] == b"WEBP"
    assert archive.verify().returncode == 0


def _upload() -> Any:
    file = written(quarters(), "PNG")
    file.name = "me.png"
    return file


def test_file_names_are_safe_and_unique_on_every_system(org: Org, export: Export) -> None:
    titles = [
        "../../etc/passwd",
        "CON",
        "a/b\\c:d*?",
        "",
        ".hidden. ",
        "Zürich",
        "Zürich",
        "x" * 200,
        "漢" * 200,
        "\u202egpj",
    ]
    for title in titles:
        create_image(org, title)
    archive = export()
    names = [name for name in archive.names if name.startswith("images/")]
    assert len({name.casefold() for name in archive.names}) == len(archive.names)
    assert len(names) == len(titles)
    for name in archive.names:
        parts = name.split("/")
        assert not any(part in ("", ".", "..") or RESERVED.match(part) for part in parts), name
        assert re.fullmatch(r"[\w.-]+", parts[-1]), name
        assert not parts[-1].startswith("."), name
        assert len(parts[-1].encode()) <= 255
    assert archive.verify().returncode == 0


def test_names_that_are_equal_on_some_system_become_different_paths() -> None:
    names = Names()
    paths = [names.claim("files", safe_stem(stem), "jpg") for stem in ("a", "A", "a", "a-2", "con", "ﬁ", "fi", "..")]
    assert len({path.casefold() for path in paths}) == len(paths)
    assert paths[0] == "files/a.jpg"
    assert "files/con.jpg" not in paths


def test_a_missing_file_is_reported_and_the_rest_is_exported(org: Org, export: Export, media_root: Path) -> None:
    gone, there = create_image(org, "Gone"), create_image(org, "There")
    (media_root / gone.file).unlink()
    archive = export()
    missing = archive.manifest["missing"]
    assert [entry["path"] for entry in missing] == [f"images/{gone.pk}-gone.jpg"]
    assert missing[0]["reason"]
    assert f"images/{there.pk}-there.jpg" in archive.names
    assert archive.verify().returncode == 0
    page = archive.zip.read("index.html").decode()
    assert f'src="images/{there.pk}-there.jpg"' in page
    links = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert f"images/{there.pk}-there.jpg" in links
    assert set(links) <= set(archive.names)
    assert f"<td>images/{gone.pk}-gone.jpg</td>" in page


def test_the_manifest_proves_what_was_uploaded(org: Org, export: Export, media_root: Path) -> None:
    """A file that changed in the storage does not match the manifest, which has the digest of the upload."""
    content = picture().read()
    image = Image.objects.get(pk=org.add_image(SimpleUploadedFile("x.png", content))["id"])
    (media_root / image.file).write_bytes(bytes(reversed(content)))
    archive = export()
    (entry,) = [entry for entry in archive.manifest["files"] if entry["path"].startswith("images/")]
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert archive.manifest["missing"] == []
    verdict = archive.verify()
    assert verdict.returncode == 1
    assert f"{entry['path']} has changed" in verdict.stdout


@pytest.mark.parametrize("change", [-1, 1, 2**20])
def test_a_file_of_another_size_than_uploaded_is_exported_and_reported(
    org: Org, export: Export, media_root: Path, change: int
) -> None:
    content = written(quarters(40, 30), "JPEG").read()
    image = create_image(org, "Harbour", content)
    damaged = content[:change] if change < 0 else content + bytes(change)
    (media_root / image.file).write_bytes(damaged)
    archive = export()
    path = archive.rows("images")[0]["file"]
    assert archive.zip.read(path) == damaged
    (report,) = archive.manifest["missing"]
    assert report["path"] == path
    assert f"had {len(content)} bytes" in report["reason"]
    assert f"has {len(damaged)}" in report["reason"]
    entry = {"path": path, "size": len(damaged), "sha256": hashlib.sha256(damaged).hexdigest()}
    assert entry in archive.manifest["files"]
    assert archive.verify().returncode == 0


class CutOff(FileSystemStorage):
    """A storage that ends too early without an error."""

    def open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Open a file whose last byte does not come."""
        with super().open(name, mode) as whole:
            file = File(io.BytesIO(whole.read()[:-1]), name=name)
            file.size = whole.size
            return file


def test_a_storage_that_ends_too_early_puts_the_job_back(
    org: Org, run_outbox: RunOutbox, media_root: Path, settings: Any
) -> None:
    create_image(org, "Harbour")
    cut_off = {"BACKEND": f"{__name__}.CutOff", "OPTIONS": {"location": str(media_root)}}
    settings.STORAGES = {**settings.STORAGES, "default": cut_off}
    job_id = start_export(org)["id"]
    run_outbox()
    assert get_job(org, job_id)["status"] == "queued"
    assert stored_files(media_root) == []


@pytest.mark.parametrize(
    ("title", "filename", "stem"),
    [
        ("", "Holiday Photo.PNG", "holiday-photo"),
        ("Harbour", "IMG_0001.png", "harbour-img_0001"),
        ("Plan v1.2", "", "plan-v12"),
        ("", "写真.jpeg", "写真"),
    ],
)
def test_a_picture_is_named_after_its_title_and_its_filename(
    org: Org, export: Export, title: str, filename: str, stem: str
) -> None:
    image = create_image(org, title)
    Image.objects.filter(pk=image.pk).update(filename=filename)
    archive = export()
    assert archive.rows("images")[0]["file"] == f"images/{image.pk}-{stem}.jpg"
    assert archive.rows("images")[0]["filename"] == filename
    caption = f"<figcaption>{title or filename}</figcaption>"
    assert caption in archive.zip.read("index.html").decode()


@pytest.mark.parametrize("year", [1970, 2200])
def test_a_date_outside_the_range_of_zip_files_does_no_harm(year: int, tmp_path: Path) -> None:
    with (
        (tmp_path / "a.zip").open("w+b") as file,
        closing(Archive(file, made_at=datetime(year, 1, 1, tzinfo=UTC))) as archive,
    ):
        archive.text("a.txt", io.BytesIO(b"a"))
        archive.finish(io.BytesIO(b"{}"))
        assert zipfile.ZipFile(file).read("a.txt") == b"a"


def test_an_archive_can_be_read_as_a_stream(org: Org, export: Export) -> None:
    """Every local header has the sizes and the CRC, so that a reader needs neither the directory nor a descriptor."""
    create_contact(org, display_name="Ann Lee", notes="Ελένη " * 1000)
    create_image(org, "写真")
    create_product(org, "mug-1")
    set_avatar(create_contact(org, display_name="Bo"), file=written(quarters(), "PNG"))
    archive = export()
    with archive.path.open("rb") as file:
        found = dict(read_as_stream(file))
    assert found == {info.filename: info.file_size for info in archive.zip.infolist()}
    assert {entry["path"]: entry["size"] for entry in archive.manifest["files"]}.items() <= found.items()


def test_the_digest_of_an_archive_is_that_of_its_final_bytes(tmp_path: Path) -> None:
    """The archive is hashed while it is written, so a header must be complete before it is hashed."""
    with (tmp_path / "a.zip").open("w+b") as file, closing(Archive(file, made_at=datetime.now(UTC))) as archive:
        for number in range(300):
            archive.stored(f"{number}.bin", [bytes([number % 256]) * 5000], size=5000)
            archive.text(f"{number}.txt", io.BytesIO(b"text" * number))
        size, sha256 = archive.finish(io.BytesIO(b"{}"))
        file.seek(0)
        assert (size, sha256) == (len(content := file.read()), hashlib.sha256(content).hexdigest())


class _Sparse(io.FileIO):
    """A file that keeps zeros as holes."""

    def write(self, data: Any, /) -> int:
        if len(data) == CHUNK:
            self.seek(CHUNK, io.SEEK_CUR)
            return CHUNK
        return super().write(data)


@pytest.mark.slow
@pytest.mark.once
def test_a_file_in_the_archive_can_be_larger_than_four_gibibytes(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    chunk, count = bytes(CHUNK), 4 * 1024 + 1
    with _Sparse(path, "w+") as out, closing(Archive(out, made_at=datetime.now(UTC))) as archive:
        archive.stored("large.bin", (chunk for _ in range(count)), size=count * CHUNK)
        archive.text("after.txt", io.BytesIO(b"still here"))
        archive.finish(io.BytesIO(b"{}"))
    with zipfile.ZipFile(path) as read:
        assert read.getinfo("large.bin").file_size == count * CHUNK
        assert read.read("after.txt") == b"still here"
    with path.open("rb") as file:
        assert dict(read_as_stream(file)) == {"large.bin": count * CHUNK, "after.txt": 10, "manifest.json": 2}
