"""``GET /media/{token}``: a link shows the file to anybody for an hour or two."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from pytest_django import Settings

from ninja_orgkit.conf import settings as kit
from ninja_orgkit.errors import NotFound
from ninja_orgkit.files.serving import serve
from ninja_orgkit.media import storage
from ninja_orgkit.media.links import media_token, resolve, window
from tests.client import Api
from tests.media.serving import CONTENT, body

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_link_shows_the_file(api: Api, link: str) -> None:
    response = api.get(link)
    assert response.status_code == 200
    assert response.streaming
    assert body(response) == CONTENT
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Accept-Ranges"] == "bytes"


def test_a_file_cannot_run_anything_in_a_browser(api: Api, link: str) -> None:
    response = api.send("HEAD", link)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Disposition"] == "inline"


@pytest.mark.parametrize("letter", ["x", "\N{GREEK SMALL LETTER OMEGA}"])
def test_a_link_works_for_the_longest_stored_name(api: Api, media_root: Path, letter: str) -> None:
    long = "/".join(["images", letter * 100, letter * 100, letter * 30, "name.png"])
    assert len(long) <= 255
    name = storage.private().save(long, ContentFile(CONTENT))
    assert body(api.get(f"/media/{media_token(name)}")) == CONTENT


def test_the_content_type_depends_on_the_stored_extension_only(api: Api) -> None:
    types = {
        "jpg": "image/jpeg",
        "webp": "image/webp",
        "avif": "image/avif",
        "gif": "image/gif",
        "html": "application/octet-stream",
    }
    for extension, expected in types.items():
        response = api.get(f"/media/{media_token(storage.save('images', extension, b'<script>'))}")
        assert (response["Content-Type"], body(response)) == (expected, b"<script>")


def test_a_browser_may_keep_the_file_as_long_as_the_link_works(api: Api, link: str) -> None:
    directive, _, seconds = api.send("HEAD", link)["Cache-Control"].partition(", max-age=")
    assert directive == "private"
    length = kit.MEDIA_URL_WINDOW.total_seconds()
    assert length <= int(seconds) <= 2 * length


def test_a_link_to_a_deleted_file_is_not_found(api: Api, name: str, link: str) -> None:
    etag = api.send("HEAD", link)["ETag"]
    storage.delete(name)
    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-1"}):
        assert api.get(link, headers=headers).status_code == 404


@pytest.mark.parametrize("stored", ["images", "../elsewhere.png", "images/no such.png"])
def test_a_link_to_an_impossible_name_is_not_found(api: Api, name: str, stored: str) -> None:
    assert api.get(f"/media/{media_token(stored)}").status_code == 404


@pytest.mark.parametrize("token", ["x", "a.b", "\ud800", "a\0b", "é", "x" * 5000, "..", "%2e%2e", "1-eA.AAAA", "."])
def test_an_unsigned_or_malformed_link_is_not_found(token: str) -> None:
    with pytest.raises(NotFound):
        resolve(token)


def test_a_link_cannot_be_changed(api: Api, link: str) -> None:
    for at in range(len("/media/"), len(link), 7):
        other = "A" if link[at] != "A" else "B"
        assert api.get(link[:at] + other + link[at + 1 :]).status_code == 404


def test_a_token_for_another_purpose_opens_no_file(name: str) -> None:
    for salt in ("ninja_orgkit.exports", "django.core.signing.Signer"):
        with pytest.raises(NotFound):
            resolve(
                signing.Signer(sep=".", salt=salt).sign(f"{window():x}-{signing.b64_encode(name.encode()).decode()}")
            )


def test_a_link_is_stable_within_a_window_and_works_until_the_end_of_the_next(settings: Settings, name: str) -> None:
    settings.NINJA_ORGKIT = {}
    token = media_token(name, now=NOON)
    assert token == media_token(name, now=NOON + timedelta(minutes=59))
    assert token != media_token(name, now=NOON + timedelta(minutes=60))
    assert resolve(token, now=NOON) == (name, 7200, "")
    assert resolve(token, now=NOON + timedelta(minutes=119)) == (name, 60, "")
    with pytest.raises(NotFound):
        resolve(token, now=NOON + timedelta(minutes=120))
    assert resolve(media_token(name, now=NOON + timedelta(minutes=59)), now=NOON + timedelta(minutes=119)).name == name


def test_the_window_is_a_setting(settings: Settings, name: str) -> None:
    settings.NINJA_ORGKIT = {"MEDIA_URL_WINDOW": timedelta(seconds=10)}
    token = media_token(name, now=NOON)
    assert resolve(token, now=NOON + timedelta(seconds=19)).seconds == 1
    with pytest.raises(NotFound):
        resolve(token, now=NOON + timedelta(seconds=20))


def test_a_link_survives_a_change_of_the_secret_key(settings: Settings, name: str) -> None:
    token = media_token(name)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "y" * 40
    assert resolve(token).name == name
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(NotFound):
        resolve(token)


def test_a_token_needs_no_escaping_and_is_short(name: str) -> None:
    token = media_token(name)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    assert len(token) < 160


@pytest.mark.django_db
def test_an_archive_is_downloaded_under_a_name(rf: Any) -> None:
    archive = storage.save("exports", "zip", CONTENT)
    response = serve(rf.get("/", headers={"Range": "bytes=5-9"}), archive, download_as='acme "ünd" co.zip')
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["Content-Type"] == "application/zip"
    assert response["Cache-Control"] == "private, no-store"
    assert body(response) == CONTENT[5:10]
    response.close()
