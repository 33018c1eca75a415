"""Upload images: store the files, then write the rows, and delete the files again if that fails."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any

from django.core.files.base import File

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import hook_first
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import OrgKitError, Unavailable
from ninja_orgkit.images.errors import ImageExists
from ninja_orgkit.images.models import Image
from ninja_orgkit.images.selectors import image_rows_by_sha256
from ninja_orgkit.images.services.writing import insert, mend
from ninja_orgkit.images.values import OrgkitImageChange
from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.storage import StoredFiles, exists
from ninja_orgkit.media.uploads import filename_of, refuse_oversize
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.selectors.memberships import require_open
from ninja_orgkit.protocol.values import valid

_HOOK_VALUES = ("organization", "creator", "title", "description", "alt_text")


@dataclass
class Uploaded:
    """The result for one file: a new image, an existing one, or an error (then ``row`` is empty).

    ``row`` is the image as it was found or written, even if someone deletes it right afterwards.
    """

    name: str
    row: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False
    error: OrgKitError | None = None

    @property
    def image_id(self) -> int:
        """The id of the image, or 0 if there is none."""
        return int(self.row.get("id", 0))


def upload_image(
    organization: Organization,
    file: File[Any] | IO[bytes],
    *,
    creator: Any = None,
    title: str = "",
    description: str = "",
    alt_text: str = "",
) -> Image:
    """Store a picture and return its image. Its renditions are made in the background.

    ``file`` is a Django file, or one that is open for reading bytes and can seek, of at most ``IMAGE_MAX_BYTES``. Its
    bytes are a JPEG, PNG, WebP, AVIF or GIF. ``creator`` is a user or an account, if anybody. ``title`` has up to 200
    characters, ``description`` 10,000 and ``alt_text`` 500. The same bytes again in the same organization return the
    existing image, unchanged. If that image failed, or if its file is gone, it gets the new file.

    Raises NotFound if the organization has been closed, ValidationFailed, FileTooLarge, UnsupportedImage, InvalidImage,
    ImageTooLarge, StorageUnavailable, what the hook ``before_upload`` raises, and ImageExists when others upload and
    delete the same picture too fast to find it. A transaction of the caller that is rolled back leaves no file.
    """
    require_open(organization)
    texts = valid(OrgkitImageChange, {"title": title, "description": description, "alt_text": alt_text})
    picture: File[Any] = file if isinstance(file, File) else File(file, name=str(getattr(file, "name", "")))
    account = None if creator is None else as_account(creator)
    with StoredFiles() as stored_files:
        stored = store_images(organization, account, files=[picture], stored_files=stored_files, **texts)
        image = Image.objects.get(pk=stored.write_one().image_id)
        stored_files.follow_transaction()
        return image


def store_images(
    organization: Organization,
    creator: Account | None,
    *,
    files: Iterable[File[Any]],
    stored_files: StoredFiles,
    **texts: str,
) -> Upload:
    """Check and store pictures, which is slow, so call it outside a transaction. The result writes the rows.

    Pictures do not depend on each other: the error of a picture is in its result. Raises StorageUnavailable, which is
    not the fault of a picture. Then nothing is uploaded, and a retry may help.
    """
    pictures = [_Picture(file) for file in files]
    rows = image_rows_by_sha256(organization, {picture.sha256 for picture in pictures})
    broken = {sha: rows.pop(sha) for sha in list(rows) if _is_broken(rows[sha])}
    fresh: dict[str, Image] = {}
    for picture in pictures:
        if picture.result.error is None and picture.sha256 not in rows and picture.sha256 not in fresh:
            image = picture.stored(stored_files)
            if image is not None:
                image.organization, image.creator = organization, creator
                for name, text in texts.items():
                    setattr(image, name, text)
                image.derive()
                fresh[picture.sha256] = image
    return Upload(organization, pictures, rows, broken, fresh, stored_files)


@dataclass
class Upload:
    """Pictures whose files are stored, and whose rows are to be written."""

    organization: Organization
    pictures: list[_Picture]
    rows: dict[str, dict[str, Any]]
    broken: dict[str, dict[str, Any]]
    fresh: dict[str, Image]
    stored_files: StoredFiles

    def write(self) -> list[Uploaded]:
        """Write the rows in one transaction, and return a result for each file."""
        with atomic():
            self._ask_hook()
            mend(self.organization, self.fresh, self.broken)
            created = insert(self.organization, self.fresh, self.rows, self.stored_files)
            self.stored_files.keep_on_commit()
        for picture in self.pictures:
            picture.conclude(self.rows, created)
        return [picture.result for picture in self.pictures]

    def _ask_hook(self) -> None:
        """Call ``before_upload`` for each picture that is to be written. One that it refuses is not."""
        for picture in self.pictures:
            image = self.fresh.get(picture.sha256)
            if image is None or picture.result.error is not None:
                continue
            picture.file.seek(0)
            values = {name: getattr(image, name) for name in _HOOK_VALUES}
            try:
                with hook_first("before_upload", file=picture.file, **values):
                    pass
            except OrgKitError as exc:
                self.stored_files.drop(self.fresh.pop(picture.sha256).file)
                for same in self.pictures:
                    if same.sha256 == picture.sha256:
                        same.result.error = exc

    def write_one(self) -> Uploaded:
        """Write the row of the only file. Raises its error."""
        (result,) = self.write()
        if result.error is not None:
            raise result.error
        return result


class _Picture:
    """A file that is being uploaded."""

    def __init__(self, file: File[Any]) -> None:
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
        """Check the file and store it unchanged. Return an unsaved image, or None if the file is not accepted."""
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
            filename=filename_of(self.file),
            sha256=self.sha256,
            size=self.file.size or 0,
            format=info.format,
            width=info.width,
            height=info.height,
            placeholder=info.placeholder,
        )

    def conclude(self, rows: dict[str, dict[str, Any]], created: set[str]) -> None:
        """Set the result of the file. If several files have the same bytes, only the first one is new."""
        if self.result.error is not None:
            return
        self.result.row = rows.get(self.sha256, {})
        self.result.is_new = self.sha256 in created
        created.discard(self.sha256)
        if not self.result.row:
            self.result.error = ImageExists()


def _is_broken(row: dict[str, Any]) -> bool:
    """Tell whether an image failed, or whether its original is gone."""
    return bool(row["status"] == Image.Status.FAILED) or not exists(row["file"])
