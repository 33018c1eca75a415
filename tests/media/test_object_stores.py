"""Links to files in an object store are redirects."""

from __future__ import annotations

import socket
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from example import environment
from ninja_orgkit.media import storage
from ninja_orgkit.media.links import media_token
from tests.client import Api
from tests.media.pictures import picture
from tests.media.serving import CONTENT
from tests.org import Org


class ObjectStore(Storage):
    """A storage whose files are served by another server."""

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
    """An object store that makes links as S3 does."""

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
    """An object store with unsigned links, which cannot carry parameters."""

    querystring_auth = False


class StoreWithADomain(ObjectStoreOfS3):
    """An object store behind its own domain."""

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


@pytest.mark.slow
@pytest.mark.once
def test_a_silent_store_holds_an_upload_for_seconds_only(
    org: Org, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts connections and never answers
        given = {"ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}", "ACCESS_KEY": "x", "SECRET_KEY": "x"}
        for name, value in {**given, "BUCKET": "silent"}.items():
            monkeypatch.setenv(f"S3_{name}", value)
        settings.STORAGES = {**settings.STORAGES, "default": environment.file_storage(Path("unused"))}
        begun = time.monotonic()
        response = org.api.upload(org.images_path, file=picture())
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert time.monotonic() - begun < 16
