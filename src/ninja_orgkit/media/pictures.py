"""Open a picture, prove it complete, and correct its colours and its orientation.

The cheap checks (signature, container, size, frames) come before the decoder. Decoding then proves that the file is
complete. ``formats`` reads what the files say; only the other modules of pictures import the image library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.utils.translation import gettext
from PIL import Image

from ninja_orgkit.conf import settings
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.media.colours import ColourConverter
from ninja_orgkit.media.decoding import Frame, composed, is_complete, load, open_picture, with_clear_key
from ninja_orgkit.media.errors import ImageTooLarge, InvalidImage
from ninja_orgkit.media.formats.avif import read_avif
from ninja_orgkit.media.formats.contents import Contents
from ninja_orgkit.media.formats.exif import orientation
from ninja_orgkit.media.formats.gif import read_gif
from ninja_orgkit.media.formats.jpeg import read_jpeg
from ninja_orgkit.media.formats.png import read_png, still
from ninja_orgkit.media.formats.signatures import AVIF, GIF, HEAD_BYTES, JPEG, PNG, WEBP, Format, sniff
from ninja_orgkit.media.formats.webp import read_webp
from ninja_orgkit.media.gate import decoding, weighed
from ninja_orgkit.media.pixels import Size, average, fit, reduced, turned_size
from ninja_orgkit.media.storage import storage_errors

T = TypeVar("T")

_FRAME_OVERHEAD = 128 * 128  # decoding a frame costs at least as much as this many pixels
_PLACEHOLDER_SIDE = 32
# Errors that are raised while a picture is read, but that are not about the picture.
_NOT_ABOUT_THE_PICTURE = (OrgKitError, MemoryError, SoftTimeLimitExceeded)


class ImageInfo(NamedTuple):
    """Facts about a picture. ``width`` and ``height`` are in pixels as displayed, ``format`` is in lower case."""

    format: str
    extension: str
    content_type: str
    width: int
    height: int
    frames: int
    placeholder: str
    """The average colour as ``#rrggbb``."""


class Source:
    """An opened picture that passed the checks which need no decoding."""

    def __init__(self, file: IO[bytes], kind: Format, contents: Contents) -> None:
        self.kind = kind
        self._file = file
        self._contents = contents
        layers = contents.layers
        self.frames = len(layers) or 1
        if contents.width:
            sizes = [(contents.width, contents.height), *((layer.width, layer.height) for layer in layers)]
            _check_limits((max(width for width, _ in sizes), max(height for _, height in sizes)), self.frames)
        self.size: Size = (contents.width, contents.height)
        if not layers:
            self.image: Image.Image = open_picture(file, kind, (*contents.parts, contents.endings[0]))
            self.size = self.image.size
            # A JPEG may contain further pictures, such as a depth map or a preview. Only the first is shown.
            self.frames = 1 if kind is JPEG else getattr(self.image, "n_frames", 1)
            _check_limits(self.size, self.frames)
        descriptions = contents.colours
        exif = contents.exif
        if kind is AVIF:  # its profile, and its orientation, which is a property of the picture
            profile = self.image.info.get("icc_profile")
            descriptions = (profile, *descriptions) if profile else descriptions
            exif = self.image.info.get("exif", b"").removeprefix(b"Exif\0\0")
        self.orientation = orientation(exif)
        """From 1 to 8, as EXIF has it. 1 is upright."""
        self.colours = ColourConverter(descriptions)

    def draft(self, target: Size) -> None:
        """Let the JPEG decoder scale by 1/2, 1/4 or 1/8, if the result is at least as large as ``target``."""
        if self.kind is not JPEG:
            return
        width, height = self.size
        for scale in (8, 4, 2):
            if -(-width // scale) >= target[0] and -(-height // scale) >= target[1]:
                self.image.draft(None, (max(1, width // scale), max(1, height // scale)))
                return

    def decoded(self) -> Iterator[Frame]:
        """Decode one frame after another. A frame is valid until the next one is requested."""
        contents = self._contents
        if contents.layers:
            yield from composed(self._file, self.kind, contents)
            return
        if len(contents.endings) > 1 and not is_complete(self._file, self.kind, contents):
            raise InvalidImage
        if contents.clear_key:
            self.image = with_clear_key(self.image, self._file, contents, contents.parts)
        for index in range(self.frames):
            if self.frames > 1:
                self.image.seek(index)
            load(self.image, self._file, self.kind, (*contents.parts, contents.endings[0]))
            if contents.is_grey and self.image.mode == "RGBA":  # the library decodes greys of 16 bits like colours
                self.image = self.image.convert("LA")
            yield Frame(self.image, self.image.info.get("duration") or 0)

    def release(self) -> None:
        """Free the memory of the pixels. Not by ``close()``, which closes the caller's file for some formats."""
        vars(self).pop("image", None)

    def loops(self) -> int:
        """Return how often an animation plays, 0 for forever."""
        loops = self._contents.loops
        return int(self.image.info.get("loop") or 0) if loops is None else loops

    def info(self, placeholder: str) -> ImageInfo:
        """Return the facts about the picture."""
        width, height = turned_size(self.size, self.orientation)
        kind = self.kind
        return ImageInfo(kind.name.lower(), kind.extension, kind.content_type, width, height, self.frames, placeholder)


class _Reader:
    """Reads a file, and tells a failure to read it from a failure to decode it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def read(self, count: int = -1) -> bytes:
        """Read up to ``count`` bytes. Raises StorageUnavailable."""
        try:
            return self._file.read(count)
        except _NOT_ABOUT_THE_PICTURE:
            raise
        except Exception:
            with storage_errors():  # only after a failure: some pictures take hundreds of thousands of reads
                raise


def examine(file: IO[bytes], use: Callable[[Source], T]) -> T:
    """Open a picture, check its signature, container, size and frames, and return what ``use`` makes of it.

    A picture over a limit raises ImageTooLarge. Whatever the decoder raises becomes InvalidImage, because hostile bytes
    can make it raise nearly anything. A file that cannot be read raises StorageUnavailable. If the animation of a PNG
    cannot be decoded, ``use`` is called again with its still picture. While too many pixels are being decoded in other
    threads, the call waits.
    """
    with storage_errors():  # some storages open the file only now
        reader: Any = _Reader(file)
        reader.seek(0)
    kind = sniff(reader.read(HEAD_BYTES))
    with _blamed_on_the_picture():
        contents = _read(reader, kind)
    try:
        return _used(reader, kind, contents, use)
    except InvalidImage:
        if kind is not PNG or not contents.layers:
            raise
    return _used(reader, kind, still(contents), use)


def _used(file: IO[bytes], kind: Format, contents: Contents, use: Callable[[Source], T]) -> T:
    with _blamed_on_the_picture():
        source = Source(file, kind, contents)
        with decoding(weighed(source.size[0] * source.size[1], kind, is_animated=source.frames > 1)):
            try:
                return use(source)
            finally:
                source.release()


def _read(file: IO[bytes], kind: Format) -> Contents:
    if kind is GIF:
        return read_gif(file, max_frames=settings.IMAGE_MAX_FRAME_PIXELS // _FRAME_OVERHEAD)
    return {JPEG: read_jpeg, PNG: read_png, WEBP: read_webp, AVIF: read_avif}[kind](file)


@contextmanager
def _blamed_on_the_picture() -> Iterator[None]:
    try:
        yield
    except _NOT_ABOUT_THE_PICTURE:
        raise
    except Exception as exc:
        raise InvalidImage from exc


def _check_limits(size: Size, frames: int) -> None:
    pixels = size[0] * size[1]
    if not pixels:
        raise InvalidImage
    if max(size) > (limit := settings.IMAGE_MAX_SIDE):
        raise _too_large(gettext("This picture has a side of {pixels} pixels. The limit is {limit}."), max(size), limit)
    if pixels > (limit := settings.IMAGE_MAX_PIXELS):
        raise _too_large(gettext("This picture has {pixels} pixels. The limit is {limit}."), pixels, limit)
    total = frames * max(pixels, _FRAME_OVERHEAD)
    if frames > 1 and total > (limit := settings.IMAGE_MAX_FRAME_PIXELS):
        raise _too_large(
            gettext("This picture has {pixels} pixels in all its frames. The limit is {limit}."), total, limit
        )


def _too_large(text: str, pixels: int, limit: int) -> ImageTooLarge:
    return ImageTooLarge(text.format(pixels=pixels, limit=limit))


def check_work(source: Source, specs: Mapping[str, tuple[int, int]]) -> None:
    """Raise ImageTooLarge when the renditions of an animation would have too many pixels in all their frames."""
    sizes = {fit(source.size, side) for side, _ in specs.values()}
    total = source.frames * sum(max(width * height, _FRAME_OVERHEAD) for width, height in sizes)
    if source.frames > 1 and total > (limit := settings.ANIMATION_MAX_RENDERED_PIXELS):
        raise _too_large(
            gettext("This animation has {pixels} pixels in all its renditions. The limit is {limit}."), total, limit
        )


def inspect(file: IO[bytes]) -> ImageInfo:
    """Decode every frame of a picture, which proves it complete, and return the facts about it.

    A JPEG is decoded at an eighth of its size, which still reads all of its bytes. Raises UnsupportedImage when the
    file has no accepted format, InvalidImage when it is damaged, truncated or empty, and ImageTooLarge when it is over
    a limit.
    """
    return examine(file, _inspected)


def _inspected(source: Source) -> ImageInfo:
    check_work(source, settings.RENDITIONS)
    source.draft((1, 1))
    colour = ""
    for frame in source.decoded():
        if not colour:
            picture = reduced(frame.picture, fit(frame.picture.size, _PLACEHOLDER_SIDE), resample=Image.Resampling.BOX)
            colour = average(source.colours.convert(picture))
    return source.info(colour)
