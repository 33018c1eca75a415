"""The response to a link to a stored file: the file, one range of it, or a redirect to the object store."""

from __future__ import annotations

import hashlib
import inspect
import re
from typing import Any, Protocol

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import Storage
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from ninja_orgkit.errors import NotFound, RangeNotSatisfiable
from ninja_orgkit.media.formats.signatures import CONTENT_TYPES
from ninja_orgkit.media.links import resolve
from ninja_orgkit.media.storage import is_local, private, storage_errors
from ninja_orgkit.protocol.responses import NotModified

_TYPES = {**CONTENT_TYPES, "zip": "application/zip"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII | re.IGNORECASE)
_DIGITS_OF_A_SIZE = 19  # no size of a file has more digits, and longer numbers only take time to parse


def respond(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer ``GET /media/{token}``. Raises NotFound for a token that is not valid, and what ``serve`` raises."""
    link = resolve(token)
    return serve(request, link.name, shown_as=link.filename, max_age=link.seconds)


def serve(
    request: HttpRequest, name: str, *, download_as: str = "", shown_as: str = "", max_age: int | None = None
) -> HttpResponseBase:
    """Send a stored file. When the storage is not local, redirect to a link of the storage instead.

    ``download_as`` is the file name for a download; without it, the browser shows the file, and calls it ``shown_as``
    when people save it. ``max_age`` is the number of seconds that a browser may cache the file, and None forbids
    caching. A local file is streamed, or one range of it when the request has a Range header (RFC 9110, section 14).
    Raises NotFound when the file does not exist, RangeNotSatisfiable and StorageUnavailable.
    """
    storage = private()
    caching = "private, no-store" if max_age is None else f"private, max-age={max_age}"
    disposition = content_disposition_header(bool(download_as), download_as or shown_as) or "inline"
    response = _stream(request, storage, name) if is_local(storage) else _redirect(request, storage, name, disposition)
    response["Cache-Control"] = "private, no-store" if response.status_code == 302 else caching
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Content-Disposition"] = disposition
    return response


def _redirect(request: HttpRequest, storage: Storage, name: str, disposition: str) -> HttpResponseBase:
    options = _link_options(storage, method=request.method, name=name, disposition=disposition)
    with storage_errors():
        url = storage.url(name, **options) if storage.exists(name) else None
    if url is None:
        raise NotFound
    return HttpResponseRedirect(url)


def _link_options(storage: Storage, *, method: str | None, name: str, disposition: str) -> dict[str, Any]:
    """Return the options for a link of a storage like that of django-storages for S3, none for other storages.

    Such a link works for one method. The store sends the media type that the file was uploaded with, unless a link sets
    another one. Only a link that the store itself signs may do that.
    """
    if "http_method" not in inspect.signature(storage.url).parameters:
        return {}
    if getattr(storage, "custom_domain", None) or not getattr(storage, "querystring_auth", False):
        return {"http_method": method}
    headers = {"ResponseContentType": _content_type(name), "ResponseContentDisposition": disposition}
    return {"http_method": method, "parameters": headers}


def _stream(request: HttpRequest, storage: Storage, name: str) -> HttpResponseBase:
    with storage_errors():
        try:
            file = storage.open(name)
        except (FileNotFoundError, IsADirectoryError, SuspiciousOperation):
            file = None
    if file is None:
        raise NotFound
    try:
        return _answer(request, file, name, file.size)
    except BaseException:
        file.close()
        raise


class _Readable(Protocol):
    def read(self, count: int = ..., /) -> bytes: ...
    def seek(self, offset: int, /) -> Any: ...
    def close(self) -> None: ...


class _Part:
    """A range of an open file, as a file. It has no descriptor, so a server cannot send more than the range."""

    def __init__(self, file: _Readable, start: int, length: int) -> None:
        file.seek(start)
        self.file = file
        self.left = length

    def read(self, count: int = -1) -> bytes:
        """Read up to ``count`` bytes."""
        data = self.file.read(self.left if count < 0 else min(count, self.left))
        self.left -= len(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class _FileResponse(FileResponse):
    block_size = 64 * 1024


def _answer(request: HttpRequest, file: Any, name: str, size: int) -> HttpResponseBase:
    """Return the file, the requested range, or 304. A stored file never changes, so its name makes a strong ETag."""
    etag = f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'
    headers = {"Accept-Ranges": "bytes", "ETag": etag}
    response: HttpResponseBase
    known = request.headers.get("If-None-Match", "")
    if etag in known or known.strip() == "*":
        file.close()
        return NotModified(headers=headers)
    asked = _asked_range(request, etag, size)
    start, length = asked or (0, size)
    content_type = _content_type(name)
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(content_type=content_type)
    else:
        response = _FileResponse(_Part(file, start, length) if asked else file, content_type=content_type)
    if asked:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    response["Content-Length"] = str(length)
    for header, value in headers.items():
        response[header] = value
    return response


def _content_type(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def _asked_range(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """Return the start and the length of the requested range in bytes, None for the whole file.

    Several ranges, other units and malformed headers are ignored, as RFC 9110 allows. Raises RangeNotSatisfiable.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if request.method != "GET" or not match or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = (_position(digits) for digits in match.groups())
    if first is None:
        if last is None:
            return None
        start, end = max(0, size - last), size - 1
    else:
        start, end = first, size - 1 if last is None else min(last, size - 1)
        if last is not None and last < first:
            return None
    if start > end:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, end - start + 1


def _position(digits: str) -> int | None:
    """Return the number that digits stand for, as far as it can matter; None where there are none."""
    return int(digits.lstrip("0")[:_DIGITS_OF_A_SIZE] or 0) if digits else None
