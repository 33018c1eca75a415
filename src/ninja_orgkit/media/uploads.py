"""Limits on uploads that act while the body still streams in, before anything large is stored.

Django's own handlers store the files; ``UploadQuota`` stands in front of them and counts. What is over a limit is read
and thrown away for a while, because a client sees the answer only when it is done sending; a body that announces to be
longer than even that is refused unread.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import HttpRequest

from ninja_orgkit.conf import settings
from ninja_orgkit.media.errors import FileTooLarge, TooManyFiles

_ENVELOPE_BYTES = 1024 * 1024  # boundaries, part headers and the small fields next to a file
_PATIENCE_BYTES = 32 * 1024 * 1024  # what is thrown away at least; otherwise the limit once more


class OversizeFile(UploadedFile):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """A file that was over the limit: its ``size`` is true, its content was thrown away."""


def limit_upload(request: HttpRequest, *, max_bytes: int) -> None:
    """Let a request carry files of at most ``max_bytes`` together.

    Call it before ``request.POST`` or ``request.FILES`` is read; reading them then raises FileTooLarge.
    """
    _install(request, UploadQuota(request, max_total=max_bytes))


def limit_bulk_upload(request: HttpRequest) -> None:
    """Let a request carry as many files and bytes as the settings allow a bulk upload.

    Reading ``request.FILES`` then raises FileTooLarge and TooManyFiles. A single file over ``IMAGE_MAX_BYTES`` spoils
    nothing: it comes out as an OversizeFile, for ``refuse_oversize`` to find.
    """
    quota = UploadQuota(
        request,
        max_total=settings.BULK_UPLOAD_MAX_BYTES,
        max_file=settings.IMAGE_MAX_BYTES,
        max_files=settings.BULK_UPLOAD_MAX_FILES,
    )
    _install(request, quota)


def refuse_oversize(file: UploadedFile[Any], *, max_bytes: int) -> None:
    """Raise FileTooLarge when a file has more than ``max_bytes``, or had before they were thrown away."""
    if isinstance(file, OversizeFile) or (file.size or 0) > max_bytes:
        raise FileTooLarge


def _install(request: HttpRequest, quota: UploadQuota) -> None:
    if not hasattr(request, "_files"):  # a middleware of the host's may have parsed it: refuse_oversize still stands
        request.upload_handlers = [quota, *request.upload_handlers]


class UploadQuota(FileUploadHandler):
    """Counts files and their bytes, and keeps what is too much from the handlers behind it."""

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
        """Refuse a body that is announced as longer than would be read."""
        if content_length > self.max_read + _ENVELOPE_BYTES:
            raise FileTooLarge

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin to count a file."""
        super().new_file(*args, **kwargs)
        self.files += 1
        self.size = 0
        if self.max_files is not None and self.files > self.max_files:
            if self.files >= 2 * self.max_files:
                self._refuse(TooManyFiles())
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass a chunk on while everything is within the limits."""
        self.total += len(raw_data)
        self.size += len(raw_data)
        if self.total > self.max_read:
            self._refuse(FileTooLarge())
        return None if self._is_refused() else raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Put a marker in the place of a file that was not kept."""
        if not self._is_refused():
            return None
        self._interrupt()
        return OversizeFile(BytesIO(), self.file_name, self.content_type, self.size)

    def upload_complete(self) -> None:
        """Refuse the upload now that the client has sent it all."""
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
        """Have the other handlers close and remove the file that they were storing."""
        for handler in self.request.upload_handlers if self.request else ():
            if handler is not self:
                handler.upload_interrupted()
