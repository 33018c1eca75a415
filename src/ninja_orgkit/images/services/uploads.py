"""Uploads: the files are stored before their rows are written, and deleted again when the rows are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.background.outbox import enqueue_each
from ninja_orgkit.conf import settings
from ninja_orgkit.errors import OrgKitError, Unavailable
from ninja_orgkit.images.errors import ImageExists
from ninja_orgkit.images.models import Image
from ninja_orgkit.images.rendering import RENDER
from ninja_orgkit.images.selectors import image_rows_by_sha256
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.storage import StoredFiles, delete
from ninja_orgkit.media.uploads import refuse_oversize
from ninja_orgkit.organizations.models import Organization

_TRIES = 3


@dataclass
class Uploaded:
    """What becomes of one file: a new image, the one that was there already, or an error (and ``row`` is empty).

    ``row`` is as it was found or written: whoever deletes the image in the next moment does so after the upload.
    """

    name: str
    row: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False
    error: OrgKitError | None = None

    @property
    def image_id(self) -> int:
        """The id of the image, 0 when there is none."""
        return int(self.row.get("id", 0))


def upload_image(
    organization: Organization, creator: Account, *, file: UploadedFile[Any], stored_files: StoredFiles, **texts: str
) -> Uploaded:
    """Store a picture and record it; its renditions are made in the background.

    ``texts`` are ``title``, ``description`` and ``alt_text``. ``stored_files`` deletes the file when the transaction of
    the caller fails. The same bytes again in the same organization return the existing image, unchanged. Raises
    FileTooLarge, UnsupportedImage, InvalidImage and StorageUnavailable, and ImageExists when others upload and delete
    the same picture too fast to find it.
    """
    (result,) = upload_images(organization, creator, files=[file], stored_files=stored_files, **texts)
    if result.error is not None:
        raise result.error
    return result


def upload_images(
    organization: Organization,
    creator: Account,
    *,
    files: Iterable[UploadedFile[Any]],
    stored_files: StoredFiles,
    **texts: str,
) -> list[Uploaded]:
    """Upload pictures as ``upload_image`` does, each for itself: what is wrong with one stands in its result.

    Raises StorageUnavailable, which is wrong with none of them and worth another try; then none is uploaded.
    """
    pictures = [_Picture(file) for file in files]
    shas = {picture.sha256 for picture in pictures}
    rows = image_rows_by_sha256(organization, shas)
    fresh: dict[str, Image] = {}
    for picture in pictures:
        if picture.result.error is None and picture.sha256 not in rows and picture.sha256 not in fresh:
            image = picture.stored(stored_files)
            if image is not None:
                image.organization, image.creator = organization, creator
                for name, text in texts.items():
                    setattr(image, name, text)
                fresh[picture.sha256] = image
    with transaction.atomic():
        created = _insert(organization, fresh, rows)
        stored_files.keep_on_commit()
    for picture in pictures:
        picture.conclude(rows, created)
    return [picture.result for picture in pictures]


class _Picture:
    """A file on its way in."""

    def __init__(self, file: UploadedFile[Any]) -> None:
        self.file = file
        self.sha256 = ""
        self.result = Uploaded(file.name or "")
        try:
            refuse_oversize(file, max_bytes=settings.IMAGE_MAX_BYTES)
        except OrgKitError as exc:
            self.result.error = exc
            return
        digest = hashlib.sha256()
        for chunk in file.chunks():
            digest.update(chunk)
        self.sha256 = digest.hexdigest()

    def stored(self, stored_files: StoredFiles) -> Image | None:
        """Look into the file and store it as it is; return an image to be saved, None when something is wrong."""
        try:
            info = inspect(self.file)
        except Unavailable:
            raise
        except OrgKitError as exc:
            self.result.error = exc
            return None
        self.file.seek(0)
        name = stored_files.save("images", info.extension, self.file)
        return Image(
            file=name,
            sha256=self.sha256,
            size=self.file.size or 0,
            format=info.format,
            width=info.width,
            height=info.height,
            placeholder=info.placeholder,
        )

    def conclude(self, rows: dict[str, dict[str, Any]], created: set[str]) -> None:
        """Say what became of the file; of several with the same bytes, the first one is new."""
        if self.result.error is not None:
            return
        self.result.row = rows.get(self.sha256, {})
        self.result.is_new = self.sha256 in created
        created.discard(self.sha256)
        if not self.result.row:
            self.result.error = ImageExists()


def _insert(organization: Organization, fresh: dict[str, Image], rows: dict[str, dict[str, Any]]) -> set[str]:
    """Write images in a constant number of statements; return the hashes of those that were written.

    Where another request was faster its image counts, and the file is deleted again; unless that image is gone by then.
    ``rows`` gets what is there now.
    """
    missing = set(fresh)
    for _ in range(_TRIES):
        if missing:
            # Everybody inserts in the same order, so nobody waits for somebody who waits for them.
            Image.objects.bulk_create([fresh[sha] for sha in sorted(missing)], ignore_conflicts=True)
            rows |= image_rows_by_sha256(organization, missing)
            missing -= rows.keys()
    created = {sha for sha, image in fresh.items() if sha in rows and rows[sha]["file"] == image.file}
    for sha in fresh.keys() - created:
        with suppress(StorageUnavailable):
            delete(fresh[sha].file)
    enqueue_each(RENDER, [{"image": rows[sha]["id"]} for sha in fresh if sha in created])
    return created
