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

from ninja_orgkit.exports.archive.names import Names, safe_stem
from ninja_orgkit.exports.archive.zipping import CHUNK, Archive
from ninja_orgkit.media.avatars import set_avatar
from tests.exports.actions import create_contact, create_image, create_product
from tests.exports.archives import read_as_stream
from tests.exports.conftest import Export
from tests.media.pictures import quarters, written
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
