"""``GET /media/{token}``: whoever holds a link sees the file, for an hour or two."""

from __future__ import annotations

import http.client
import string
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.core import signing
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from ninja_orgkit.errors import NotFound
from ninja_orgkit.files.serving import serve
from ninja_orgkit.media import storage
from ninja_orgkit.media.links import build, media_token, resolve, window
from tests.client import Api
from tests.servers.processes import Web

CONTENT = bytes(range(256)) * 1000
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def name() -> str:
    return storage.save("images", "png", CONTENT)


@pytest.fixture
def link(name: str) -> str:
    return f"/media/{media_token(name)}"


def body(response: Any) -> bytes:
    """Return what was sent; the client closes the file at its end."""
    content: bytes = response.getvalue() if response.streaming else response.content
    return content


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
    assert 3600 <= int(seconds) <= 7200


def test_head_sends_no_body(api: Api, link: str) -> None:
    response = api.send("HEAD", link)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-99", 0, 99),
        ("100-", 100, 255_999),
        ("-10", 255_990, 255_999),
        ("255999-255999", 255_999, 255_999),
        ("0-999999999", 0, 255_999),
        ("-999999999", 0, 255_999),
        ("70000-200000", 70_000, 200_000),
    ],
)
def test_one_range_can_be_requested(api: Api, link: str, asked: str, start: int, end: int) -> None:
    response = api.get(link, headers={"Range": f"bytes={asked}"})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/256000"
    assert body(response) == CONTENT[start : end + 1]
    assert response["Content-Length"] == str(end + 1 - start)


@pytest.mark.parametrize("asked", ["256000-", "999999-1000000", "-0"])
def test_a_range_beyond_the_end_is_416(api: Api, link: str, asked: str) -> None:
    response = api.get(link, headers={"Range": f"bytes={asked}"})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */256000"
    assert response.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=5-1",
        "bytes=-",
        "bytes=a-b",
        "pages=1-2",
        "bytes=" + "9" * 99 + "-",
        "bytes=\u0661-\u0662",
    ],
)
def test_an_invalid_range_gets_the_whole_file(api: Api, link: str, asked: str) -> None:
    response = api.get(link, headers={"Range": asked})
    assert (response.status_code, len(body(response))) == (200, 256_000)


def test_a_download_resumes_only_if_the_file_is_unchanged(api: Api, link: str) -> None:
    etag = api.send("HEAD", link)["ETag"]
    same = api.get(link, headers={"Range": "bytes=10-", "If-Range": etag})
    other = api.get(link, headers={"Range": "bytes=10-", "If-Range": '"other"'})
    assert (same.status_code, len(body(same))) == (206, 255_990)
    assert (other.status_code, len(body(other))) == (200, 256_000)


def test_a_cached_file_is_not_sent_again(api: Api, link: str) -> None:
    etag = api.send("HEAD", link)["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = api.get(link, headers={"If-None-Match": known})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
        assert "Content-Length" not in response
        assert "Content-Type" not in response
    for other in ('"other"', etag.strip('"'), ""):
        assert body(api.get(link, headers={"If-None-Match": other})) == CONTENT


def test_a_link_to_a_deleted_file_is_not_found(api: Api, name: str, link: str) -> None:
    etag = api.send("HEAD", link)["ETag"]
    storage.delete(name)
    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-1"}):
        assert api.get(link, headers=headers).status_code == 404


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_connection_stays_open_after_a_304(link: str, web: Web) -> None:
    connection = http.client.HTTPConnection(web.address, timeout=10)
    for headers, status, content in (({"If-None-Match": "*"}, 304, b""), ({}, 200, CONTENT)):
        connection.request("GET", f"/api/v1{link}", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, content)
        assert answer.headers.get("Content-Length") == (str(len(content)) if content else None)
    connection.close()


@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}])
@pytest.mark.parametrize("place", ["", "images"])
def test_an_unreachable_file_is_unavailable_and_not_missing(
    api: Api, link: str, media_root: Path, place: str, headers: dict[str, str]
) -> None:
    folder = media_root / place
    away = folder.rename(media_root.with_name("away"))
    folder.write_text("in the way")
    response = api.get(link, headers=headers)
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert int(response["Retry-After"]) > 0
    folder.unlink()
    away.rename(folder)
    assert body(api.get(link)) == CONTENT


def test_a_file_without_read_permission_is_unavailable_and_not_missing(
    api: Api, name: str, link: str, media_root: Path
) -> None:
    path = media_root / name
    path.unlink()
    path.symlink_to(path)  # the system refuses it, as it does a file without permission: root may read those
    response = api.get(link)
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")


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


def test_a_link_is_stable_within_a_window_and_works_until_the_end_of_the_next(name: str) -> None:
    token = media_token(name, now=NOON)
    assert token == media_token(name, now=NOON + timedelta(minutes=59))
    assert token != media_token(name, now=NOON + timedelta(minutes=60))
    assert resolve(token, now=NOON) == (name, 7200)
    assert resolve(token, now=NOON + timedelta(minutes=119)) == (name, 60)
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


def test_a_url_needs_no_escaping_and_is_short(name: str) -> None:
    url = build("https://api.example.com/v1", name)
    assert url.startswith("https://api.example.com/v1/media/")
    assert set(url.removeprefix("https://api.example.com/v1/media/")) <= set(
        string.ascii_letters + string.digits + "-_."
    )
    assert len(url) < 200


@pytest.mark.django_db
def test_an_archive_is_downloaded_under_a_name(rf: Any) -> None:
    archive = storage.save("exports", "zip", CONTENT)
    response = serve(rf.get("/", headers={"Range": "bytes=5-9"}), archive, download_as='acme "ünd" co.zip')
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["Content-Type"] == "application/zip"
    assert response["Cache-Control"] == "private, no-store"
    assert body(response) == CONTENT[5:10]
    response.close()


class ObjectStore(Storage):
    """A storage whose files a server of its own hands out."""

    def __init__(self) -> None:
        self.files = FileSystemStorage(location=Path(django_settings.STORAGES["default"]["OPTIONS"]["location"]))

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return self.files.open(name, mode)

    def _save(self, name: str, content: File[bytes]) -> str:
        return self.files.save(f"bucket/{name}", content)

    def exists(self, name: str) -> bool:
        if "down" in name:
            raise ConnectionError
        return self.files.exists(name)

    def url(self, name: str | None) -> str:
        return f"https://objects.example.com/{name}?signature=x"

    def delete(self, name: str) -> None:
        self.files.delete(name)


def test_a_file_in_an_object_store_is_a_redirect_to_it(api: Api, settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "objects": {"BACKEND": f"{__name__}.ObjectStore"}}
    settings.NINJA_ORGKIT = {"STORAGE": "objects"}
    stored = storage.save("images", "png", ContentFile(CONTENT))
    assert stored.startswith("bucket/images/")
    link = f"/media/{media_token(stored)}"
    response = api.get(link)
    assert response.status_code == 302
    assert response["Location"] == f"https://objects.example.com/{stored}?signature=x"
    assert response["Cache-Control"] == "private, no-store"
    storage.delete(stored)
    assert api.get(link).status_code == 404
    down = api.get(f"/media/{media_token('down/x.png')}")
    assert (down.status_code, down.json()["code"]) == (503, "storage_unavailable")


class ObjectStoreOfS3(ObjectStore):
    """An object store whose links are made as those of S3 are."""

    querystring_auth = True
    custom_domain: str | None = None

    def url(
        self,
        name: str | None,
        parameters: dict[str, str] | None = None,
        expire: int | None = None,
        http_method: str | None = None,
    ) -> str:
        return f"https://objects.example.com/{name}?{urlencode({**(parameters or {}), 'method': http_method or ''})}"


class PublicStore(ObjectStoreOfS3):
    """An object store whose links are not signed, so that nothing can be asked of them."""

    querystring_auth = False


class StoreWithADomain(ObjectStoreOfS3):
    """An object store behind a domain of its own."""

    custom_domain = "files.example.com"


@pytest.mark.parametrize("backend", ["PublicStore", "StoreWithADomain"])
def test_a_storage_without_download_names_gets_a_plain_link(api: Api, settings: Settings, backend: str) -> None:
    settings.STORAGES = {**settings.STORAGES, "objects": {"BACKEND": f"{__name__}.{backend}"}}
    settings.NINJA_ORGKIT = {"STORAGE": "objects"}
    stored = storage.save("images", "png", ContentFile(CONTENT))
    for method in ("GET", "HEAD"):
        location = api.send(method, f"/media/{media_token(stored)}")["Location"]
        assert location == f"https://objects.example.com/{stored}?method={method}"


def _at(location: str, method: str) -> Any:
    return urllib.request.urlopen(urllib.request.Request(location, method=method))


@pytest.mark.slow
@pytest.mark.once
def test_a_redirect_to_s3_fits_the_method_and_has_the_content_type(
    api: Api, settings: Settings, s3_server: Any
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage()}
    disguised = SimpleUploadedFile("x.html", CONTENT, content_type="text/html")
    link = f"/media/{media_token(storage.save('images', 'png', disguised))}"
    for method, content in (("GET", CONTENT), ("HEAD", b"")):
        response = api.send(method, link)
        assert response.status_code == 302
        with _at(response["Location"], method) as answer:
            assert (answer.status, answer.read()) == (200, content)
            assert answer.headers["Content-Type"] == "image/png"
            assert answer.headers["Content-Disposition"] == "inline"
            assert answer.headers["Content-Length"] == str(len(CONTENT))


@pytest.mark.slow
@pytest.mark.once
def test_a_redirect_to_s3_leads_to_the_file(api: Api, settings: Settings, s3_server: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage()}
    stored = storage.save("images", "png", CONTENT)
    response = api.get(f"/media/{media_token(stored)}")
    assert response.status_code == 302
    with urllib.request.urlopen(response["Location"]) as answer:
        assert answer.read() == CONTENT
    with storage.open_file(stored) as file:
        assert file.read() == CONTENT
    assert storage.size(stored) == len(CONTENT)
    storage.delete(stored)
    storage.delete(stored)
    assert api.get(f"/media/{media_token(stored)}").status_code == 404
    with pytest.raises(FileNotFoundError):
        storage.open_file(stored).read(1)
