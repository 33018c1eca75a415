"""Limits on uploads that apply while the body streams in, before anything large is stored.

Django's own handlers store the files, and ``UploadQuota`` counts in front of them. Bytes over a limit are read and
discarded up to a point, because a client sees the response only after it has sent the body. A body whose announced
length is even beyond that point is refused unread.
"""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from typing import Any

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import HttpRequest

from ninja_orgkit.conf import settings
from ninja_orgkit.media.errors import FileTooLarge, TooManyFiles

_ENVELOPE_BYTES = 1024 * 1024  # for boundaries, part headers and small fields next to a file
_PATIENCE_BYTES = 32 * 1024 * 1024  # the minimum that is discarded before giving up; otherwise as much as the limit

_FILENAME_LENGTH = 255
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control and format characters, surrogates, line and paragraph separators


class OversizeFile(UploadedFile):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """A file over the limit. Its ``size`` is right, and its content was discarded."""


def limit_upload(request: HttpRequest, *, max_bytes: int) -> None:
    """Limit the files of a request to ``max_bytes`` bytes in total.

    Call this before ``request.POST`` or ``request.FILES`` is read. Reading them then raises FileTooLarge.
    """
    _install(request, UploadQuota(request, max_total=max_bytes))


def limit_bulk_upload(request: HttpRequest) -> None:
    """Limit the files of a request to what the settings allow for a bulk upload.

    Reading ``request.FILES`` then raises FileTooLarge and TooManyFiles. A single file over ``IMAGE_MAX_BYTES`` does not
    fail the upload: it becomes an OversizeFile, which ``refuse_oversize`` refuses later.
    """
    quota = UploadQuota(
        request,
        max_total=settings.BULK_UPLOAD_MAX_BYTES,
        max_file=settings.IMAGE_MAX_BYTES,
        max_files=settings.BULK_UPLOAD_MAX_FILES,
    )
    _install(request, quota)


def refuse_oversize(file: File[Any], *, max_bytes: int) -> None:
    """Raise FileTooLarge when a file has more than ``max_bytes`` bytes, or had them before they were discarded."""
    if isinstance(file, OversizeFile) or (file.size or 0) > max_bytes:
        raise FileTooLarge


def filename_of(file: File[Any]) -> str:
    """Return what the sender calls a file: no folders, in NFC, at most 255 characters, and none that nobody can see."""
    last = re.split(r"[/\\]", file.name or "")[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSEEN)
    return unicodedata.normalize("NFC", seen).strip()[:_FILENAME_LENGTH]


def _install(request: HttpRequest, quota: UploadQuota) -> None:
    if not hasattr(request, "_files"):  # a middleware may have parsed the body already; refuse_oversize still applies
        request.upload_handlers = [quota, *request.upload_handlers]


class UploadQuota(FileUploadHandler):
    """Counts files and bytes, and passes nothing over the limits to the handlers behind it."""

    def __init__(
        self, request: HttpRequest, *, max_total: int, max_file: int | None = None, max_files: int | None = None
    ) -> None:
        super().__init__(request)
        self.max_total = max_total
        self.max_file = max_total if max_file is None else max_file
        self.max_files = max_files
        self.max_read = max_total + max(max_total, _PATIENCE_BYTES)
        self.total = self.size = self.files = 0

    def handle_raw_input(
        self, input_data: Any, META: dict[str, str], content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """Refuse a body whose announced length is more than would be read."""
        if content_length > self.max_read + _ENVELOPE_BYTES:
            raise FileTooLarge

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start to count a file."""
        super().new_file(*args, **kwargs)
        self.files += 1
        self.size = 0
        if self.max_files is not None and self.files > self.max_files:
            if self.files >= 2 * self.max_files:
                self._refuse(TooManyFiles())
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass a chunk on while the upload is within the limits."""
        self.total += len(raw_data)
        self.size += len(raw_data)
        if self.total > self.max_read:
            self._refuse(FileTooLarge())
        return None if self._is_refused() else raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Return a marker in place of a file that was discarded."""
        if not self._is_refused():
            return None
        self._interrupt()
        return OversizeFile(BytesIO(), self.file_name, self.content_type, self.size)

    def upload_complete(self) -> None:
        """Refuse the upload after the client has sent all of it."""
        if self.max_files is not None and self.files > self.max_files:
            raise TooManyFiles
        if self.total > self.max_total:
            raise FileTooLarge

    def _is_refused(self) -> bool:
        surplus = self.max_files is not None and self.files > self.max_files
        return surplus or self.size > self.max_file or self.total > self.max_total

    def _refuse(self, error: Exception) -> None:
        self._interrupt()
        raise error

    def _interrupt(self) -> None:
        """Let the other handlers close and remove the file that they were storing."""
        for handler in self.request.upload_handlers if self.request else ():
            if handler is not self:
                handler.upload_interrupted()
