"""Uploads: the files are stored before their rows are written, and deleted again when the rows are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
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
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.storage import Saver, delete
from ninja_orgkit.media.uploads import refuse_oversize
from ninja_orgkit.organizations.models import Organization


@dataclass
class Uploaded:
    """What becomes of one file: a new image, the one that was there already, or an error (and ``image_id`` is 0)."""

    name: str
    image_id: int = 0
    is_new: bool = False
    error: OrgKitError | None = None


def upload_image(
    organization: Organization, creator: Account, *, file: UploadedFile[Any], saver: Saver, **texts: str
) -> Uploaded:
    """Store a picture and record it; its renditions are made in the background.

    ``texts`` are ``title``, ``description`` and ``alt_text``. ``saver`` deletes the file when the caller's transaction
    fails. The same bytes again in the same organization give the image that is there, untouched. Raises FileTooLarge,
    UnsupportedImage, InvalidImage and StorageUnavailable.
    """
    (result,) = upload_images(organization, creator, files=[file], saver=saver, **texts)
    if result.error is not None:
        raise result.error
    return result


def upload_images(
    organization: Organization, creator: Account, *, files: Iterable[UploadedFile[Any]], saver: Saver, **texts: str
) -> list[Uploaded]:
    """Upload pictures as ``upload_image`` does, each for itself: what is wrong with one stands in its result.

    Raises StorageUnavailable, which is wrong with none of them and worth another try; then none is uploaded.
    """
    pictures = [_Picture(file) for file in files]
    shas = {picture.sha256 for picture in pictures}
    known = dict(_images_with(organization, shas).values_list("sha256", "pk"))
    fresh: dict[str, Image] = {}
    for picture in pictures:
        if picture.result.error is None and picture.sha256 not in known and picture.sha256 not in fresh:
            image = picture.stored(saver)
            if image is not None:
                image.organization, image.creator = organization, creator
                for name, text in texts.items():
                    setattr(image, name, text)
                fresh[picture.sha256] = image
    with transaction.atomic():
        created = _insert(organization, fresh, known)
        transaction.on_commit(saver.names.clear)
    for picture in pictures:
        picture.conclude(known, created)
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

    def stored(self, saver: Saver) -> Image | None:
        """Look into the file and store it as it is; return an image to be saved, None when something is wrong."""
        try:
            info = inspect(self.file)
        except Unavailable:
            raise
        except OrgKitError as exc:
            self.result.error = exc
            return None
        self.file.seek(0)
        name = saver.save("images", info.extension, self.file)
        return Image(
            file=name,
            sha256=self.sha256,
            size=self.file.size or 0,
            format=info.format,
            width=info.width,
            height=info.height,
            placeholder=info.placeholder,
        )

    def conclude(self, known: dict[str, int], created: set[str]) -> None:
        """Say what became of the file; of several with the same bytes, the first one is new."""
        if self.result.error is not None:
            return
        self.result.image_id = known.get(self.sha256, 0)
        self.result.is_new = self.sha256 in created
        created.discard(self.sha256)
        if not self.result.image_id:  # it was there, and is gone again; the next try will do
            self.result.error = ImageExists()


def _insert(organization: Organization, fresh: dict[str, Image], known: dict[str, int]) -> set[str]:
    """Write rows in a constant number of statements; return the hashes of those that were written.

    Where another request was faster its image counts, and the file is deleted again. ``known`` gets what is there now.
    """
    if not fresh:
        return set()
    # Everybody inserts in the same order, so nobody waits for somebody who waits for them.
    Image.objects.bulk_create([fresh[sha] for sha in sorted(fresh)], ignore_conflicts=True)
    created = {}
    for sha, key, file in _images_with(organization, fresh).values_list("sha256", "pk", "file"):
        known[sha] = key
        if file == fresh[sha].file:
            created[sha] = key
    for sha in fresh.keys() - created.keys():
        with suppress(StorageUnavailable):
            delete(fresh[sha].file)
    enqueue_each(RENDER, [{"image": key} for key in created.values()])
    return set(created)


def _images_with(organization: Organization, shas: Iterable[str]) -> Any:
    return Image.objects.filter(organization=organization, sha256__in=shas)
