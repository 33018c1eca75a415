"""The name of an uploaded file is kept, shown and used for downloads."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ninja_orgkit.media.uploads import filename_of
from tests.media.pictures import picture
from tests.media.serving import body
from tests.org import Org

DECOMPOSED = unicodedata.normalize("NFD", "Überblick")


def _upload(org: Org, header: str) -> Any:
    """Upload a picture with a Content-Disposition of its own."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; '
        + header.encode()
        + b"\r\nContent-Type: image/png\r\n\r\n"
        + picture().read()
        + b"\r\n--x--\r\n"
    )
    bearer = {"Authorization": f"Bearer {org.owner.access}"}
    url = f"/api/v1{org.images_path}"
    return Client().post(url, body, content_type="multipart/form-data; boundary=x", headers=bearer)


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        ('filename="IMG_2041.JPG"', "IMG_2041.JPG"),
        ('filename="my  holiday.png"', "my  holiday.png"),
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\\\photos\\\\sea.png"', "sea.png"),
        (f'filename="{DECOMPOSED}.png"', "Überblick.png"),
        ("filename*=UTF-8''%E2%82%AC%20rates.png", "€ rates.png"),
        ('filename="a\u202egnp.exe"', "agnp.exe"),
        ('filename="a\u200b\u00adb.png"', "ab.png"),
        ('filename=".png"', ".png"),
        (f'filename="{"n" * 300}.png"', "n" * 251 + ".png"),
    ],
)
def test_the_filename_is_the_last_segment_without_what_nobody_sees(org: Org, header: str, filename: str) -> None:
    response = _upload(org, header)
    assert response.status_code == 201, response.content
    assert response.json()["filename"] == filename
    assert org.api.get(org.image_path(response.json()["id"])).json()["filename"] == filename


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("sea.png", 'inline; filename="sea.png"'),
        ("a, b; c.png", 'inline; filename="a, b; c.png"'),
        ("Überblick €.png", "inline; filename*=utf-8''%C3%9Cberblick%20%E2%82%AC.png"),
    ],
)
def test_a_browser_saves_the_original_under_its_filename(org: Org, filename: str, disposition: str) -> None:
    image = org.add_image(SimpleUploadedFile(filename, picture().read()))
    response = org.api.get(image["url"])
    assert body(response)
    assert response["Content-Disposition"] == disposition


def test_the_link_of_the_longest_filename_works(org: Org) -> None:
    image = org.add_image(SimpleUploadedFile("\N{GREEK SMALL LETTER OMEGA}" * 251 + ".png", picture().read()))
    assert len(image["filename"]) == 255
    assert body(org.api.get(image["url"]))


def test_each_file_of_a_bulk_upload_keeps_its_name(org: Org) -> None:
    one, two = picture("one.png", 20, 20), picture("two.png", 30, 30)
    response = org.api.upload(f"{org.images_root}/bulk-upload/", files=[one, two])
    assert [item["image"]["filename"] for item in response.json()["results"]] == ["one.png", "two.png"]


def test_a_duplicate_keeps_the_first_filename(org: Org) -> None:
    content = picture().read()
    org.add_image(SimpleUploadedFile("first.png", content))
    again = org.api.upload(org.images_path, file=SimpleUploadedFile("second.png", content))
    assert (again.status_code, again.json()["filename"]) == (200, "first.png")


def test_a_file_from_python_code_may_have_a_path_or_nothing_to_see() -> None:
    for name, filename in (("a\\b\\c.png", "c.png"), ("\u200b", ""), ("x\nContent-Type: y", "xContent-Type: y")):
        assert filename_of(SimpleUploadedFile(name, b"")) == filename
