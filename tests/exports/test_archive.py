"""What is in an archive."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit.exports.archive.names import Names, safe_stem
from ninja_orgkit.exports.archive.zipping import CHUNK, Archive, Sink
from ninja_orgkit.media.avatars import set_avatar
from ninja_orgkit.tags.services import assign_tags
from shop.models import Shop
from tests.exports.actions import create_contact, create_image, create_product
from tests.exports.conftest import Export
from tests.media.pictures import quarters, written
from tests.org import MakePerson, Org

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def test_an_archive_contains_everything_in_the_organization(org: Org, export: Export) -> None:
    contact = create_contact(org, display_name="Ann Lee", email="ann@example.com", custom={"vip": True})
    create_image(org, "Harbour")
    product = create_product(org, "mug-1")
    assign_tags(org.row, contact, names=["VIP", "lead"])
    assign_tags(org.row, product, names=["VIP"])
    archive = export()
    manifest = archive.manifest
    assert (manifest["format"], manifest["version"], manifest["organization"]) == ("ninja-orgkit-export", 1, "acme")
    assert manifest["counts"] == {
        "organization": 1,
        "members": 1,
        "invitations": 0,
        "contacts": 1,
        "tags": 2,
        "tag_assignments": 3,
        "images": 1,
        "attachments": 0,
        "shop.product": 1,
    }
    assert archive.rows("contacts")[0]["email"] == "ann@example.com"
    assert archive.rows("contacts")[0]["custom"] == {"vip": True}
    assert archive.rows("members")[0]["email"] == "olga@example.com"
    targets = [(row["app_label"], row["model"], row["obj_id"]) for row in archive.rows("tag_assignments")]
    assert sorted(set(targets)) == [("contacts", "contact", contact.slug), ("shop", "product", "mug-1")]
    assert archive.cells("shop.product") == [{"sku": "mug-1", "name": "mug-1", "price": "9.50"}]


def test_the_standalone_check_accepts_an_untouched_archive(org: Org, export: Export) -> None:
    create_contact(org, display_name="Ann")
    create_image(org, "Harbour")
    archive = export()
    sha256 = org.api.get(org.exports_path).json()["items"][0]["sha256"]
    verdict = archive.verify(sha256)
    assert (verdict.returncode, verdict.stdout.split(":")[0]) == (0, "OK")
    assert archive.verify("0" * 64).returncode == 1


def test_the_standalone_check_reports_every_change(org: Org, export: Export, tmp_path: Path) -> None:
    create_image(org, "Harbour")
    archive = export()
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as changed:
        for name in archive.names:
            content = archive.zip.read(name)
            if name.startswith("images/"):
                content = bytes(reversed(content))
            if name != "csv/members.csv":
                changed.writestr(name, content)
        changed.writestr("more.txt", b"more")
    verdict = type(archive)(broken).verify()
    assert verdict.returncode == 1
    assert "images/" in verdict.stdout
    assert "csv/members.csv is in the manifest, but not in the archive" in verdict.stdout
    assert "more.txt is not in the manifest" in verdict.stdout


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


def test_no_cell_is_a_formula(org: Org, export: Export) -> None:
    risky = ["=1+1", "+41 44", "-2+3", "-2)", "@SUM(A1)", "\tx", "\rx", "  =1+1", "\uff1d1+1", "\uff0d2"]
    for value in risky:
        create_contact(org, display_name="x", notes=value)
    create_contact(org, display_name="x", notes='fine, "quoted"\nand on')
    archive = export()
    notes = [row["notes"] for row in archive.cells("contacts")]
    assert sorted(notes) == sorted([*(f"'{value}" for value in risky), 'fine, "quoted"\nand on'])
    assert {row["notes"] for row in archive.rows("contacts")} >= set(risky)


def test_a_negative_number_is_not_escaped_as_a_formula(org: Org, export: Export) -> None:
    for sku, price in (("credit", "-5.00"), ("mug", "9.50")):
        create_product(org, sku, price=price)
    create_contact(org, display_name="x", phone="+442079460000", notes="-2+3")
    archive = export()
    assert {row["sku"]: row["price"] for row in archive.cells("shop.product")} == {"credit": "-5.00", "mug": "9.50"}
    (contact,) = archive.cells("contacts")
    assert (contact["phone"], contact["notes"]) == ("'+442079460000", "'-2+3")


def test_the_preview_page_runs_no_script_and_loads_nothing_remote(org: Org, export: Export) -> None:
    org.api.patch("/orgs/acme/", {"name": "<script>alert(0)</script>"})
    create_contact(org, display_name="<script>alert(1)</script>", notes='"><img src=x onerror=alert(2)>')
    create_image(org, "'\"><script>alert(3)</script>")
    page = export().zip.read("index.html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", page)


def test_the_preview_page_shows_the_first_rows_and_says_so(org: Org, export: Export) -> None:
    for number in range(130):
        create_contact(org, display_name=f"Contact {number:03}")
    archive = export()
    page = archive.zip.read("index.html").decode()
    assert ">Contact 099<" in page
    assert ">Contact 100<" not in page
    assert "the first 100 are shown" in page
    assert archive.manifest["counts"]["contacts"] == 130


def test_fields_that_a_host_does_not_list_are_not_exported(org: Org, export: Export) -> None:
    create_product(org, "mug-1", cost_note="We pay 0.31 for it")
    invitation = org.api.post("/orgs/acme/invitations/", {"email": "bob@example.com", "role": "member"})
    assert invitation.status_code == 201, invitation.content
    archive = export()
    assert archive.rows("invitations")[0]["email"] == "bob@example.com"
    text = archive.text()
    assert "We pay" not in text
    assert "password" not in text
    assert "pending_key" not in text


def test_an_archive_contains_no_integer_key(org: Org, export: Export) -> None:
    """Keys like no other number, looked for in all the text."""
    shop = Shop.objects.create(pk=734_000_001, organization=org.row, name="Corner")
    create_product(org, "mug-1", pk=734_000_002, shop=shop)
    contact = create_contact(org, display_name="Ann", pk=734_000_003)
    assign_tags(org.row, contact, names=["VIP"])
    archive = export()
    assert (archive.manifest["counts"]["shop.product"], archive.manifest["counts"]["tag_assignments"]) == (1, 1)
    assert "734000" not in archive.text()
    assert not [row for kind in ("contacts", "members", "organization") for row in archive.rows(kind) if "id" in row]


def test_an_archive_contains_nothing_of_another_organization(
    org: Org, other_org: Org, make_person: MakePerson, export: Export
) -> None:
    eve = make_person("eve", email="eve@elsewhere.com")
    assert eve.api.post("/contacts/", {"organization": org.slug, "display_name": "Eve"}).status_code == 404
    create_contact(other_org, display_name="Stranger")
    create_image(other_org)
    archive = export()
    assert archive.manifest["counts"]["contacts"] == 0
    assert archive.manifest["counts"]["images"] == 0
    assert "Stranger" not in archive.text()
    assert "elsewhere.com" not in archive.text()


def test_text_in_any_script_is_exported_unchanged(org: Org, export: Export) -> None:
    name = "Ελένη 李雷 👩‍👩‍👧 é"
    create_contact(org, display_name=name)
    create_image(org, "写真")
    archive = export()
    assert archive.rows("contacts")[0]["display_name"] == name
    assert archive.cells("contacts")[0]["display_name"] == name
    assert archive.rows("images")[0]["file"].endswith("-写真.jpg")


@pytest.mark.parametrize("year", [1970, 2200])
def test_a_date_outside_the_range_of_zip_files_does_no_harm(year: int) -> None:
    buffer = io.BytesIO()
    archive = Archive(Sink(buffer), made_at=datetime(year, 1, 1, tzinfo=UTC))
    archive.text("a.txt", [b"a"])
    archive.finish([b"{}"])
    archive.close()
    assert zipfile.ZipFile(buffer).read("a.txt") == b"a"


class _Sparse:
    """A file that keeps zeros as holes."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")

    def write(self, data: bytes) -> int:
        if len(data) == CHUNK:
            self.file.seek(CHUNK, io.SEEK_CUR)
            return CHUNK
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()


@pytest.mark.slow
@pytest.mark.once
def test_a_file_in_the_archive_can_be_larger_than_four_gibibytes(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    chunk, count = bytes(CHUNK), 4 * 1024 + 1
    out = _Sparse(path)
    archive = Archive(out, made_at=datetime.now(UTC))
    archive.stored("large.bin", (chunk for _ in range(count)), size=count * CHUNK)
    archive.text("after.txt", [b"still here"])
    archive.finish([b"{}"])
    archive.close()
    out.file.close()
    with zipfile.ZipFile(path) as read:
        assert read.getinfo("large.bin").file_size == count * CHUNK
        assert read.read("after.txt") == b"still here"
