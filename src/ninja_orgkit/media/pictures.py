"""Opening a picture and proving it whole; its colours and its orientation put right.

Every check that costs nothing (signature, container, size, frames) comes before the decoder; the decode itself is the
proof that the file is whole. This module and ``renditions`` are the only ones that import the image library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from PIL import ExifTags, Image, ImageCms

from ninja_orgkit.conf import settings
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats import GIF, HEAD_BYTES, JPEG, Format, check_whole, sniff, walk_gif
from ninja_orgkit.media.storage import storage_errors

Size = tuple[int, int]

_FRAME_OVERHEAD = 128 * 128  # a frame costs at least as much as this many pixels, however small it is
_PLACEHOLDER_SIDE = 32
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}
# What is raised while a picture is read and says nothing about it.
_NOT_ABOUT_THE_PICTURE = (OrgKitError, MemoryError, SoftTimeLimitExceeded)


class ImageInfo(NamedTuple):
    """What a picture is: ``width`` and ``height`` in pixels as displayed, ``format`` in lower case."""

    format: str
    extension: str
    content_type: str
    width: int
    height: int
    frames: int
    placeholder: str
    """The average colour, as ``#rrggbb``."""


class Source:
    """An opened picture that passed the checks which need no decoding."""

    def __init__(self, file: IO[bytes], kind: Format, frames: int | None) -> None:
        self.image: Image.Image = Image.open(file, formats=[kind.name])
        self.kind = kind
        self.size: Size = self.image.size
        # A JPEG may carry further pictures (a depth map, a preview); only the first is shown.
        declared: int = getattr(self.image, "n_frames", 1)
        self.frames = 1 if kind is JPEG else frames or declared
        # A PNG may begin with a picture that is shown only where animation is not understood.
        self.first = 1 if self.frames > 1 and getattr(self.image, "default_image", False) else 0

    def draft(self, target: Size) -> None:
        """Let the JPEG decoder scale by 1/2, 1/4 or 1/8 as long as the result covers ``target``."""
        if self.kind is not JPEG:
            return
        width, height = self.size
        for scale in (8, 4, 2):
            if -(-width // scale) >= target[0] and -(-height // scale) >= target[1]:
                self.image.draft(None, (max(1, width // scale), max(1, height // scale)))
                return

    def decoded(self) -> Iterator[Image.Image]:
        """Decode frame after frame; each is valid until the next one is asked for."""
        for index in range(self.first, self.frames):
            if self.frames > 1:
                self.image.seek(index)
            self.image.load()
            yield self.image

    def release(self) -> None:
        """Let go of the pixels. Not ``close()``, which for some formats closes the caller's file."""
        del self.image

    def orientation(self) -> int:
        """Return the EXIF orientation, 1 when there is none. Call it after decoding: PNG may keep EXIF at its end."""
        try:
            value = self.image.getexif().get(ExifTags.Base.Orientation, 1)
        except Exception:  # EXIF is written by anything, and a picture with a broken one is still a picture
            return 1
        return value if value in _TURNS else 1

    def info(self, orientation: int, placeholder: str) -> ImageInfo:
        """Return what the picture is."""
        width, height = turned_size(self.size, orientation)
        kind = self.kind
        return ImageInfo(
            kind.name.lower(), kind.extension, kind.content_type, width, height, self.frames - self.first, placeholder
        )


class _Reader:
    """Reads a file, so that one which cannot be read is not taken for one that cannot be decoded."""

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
            with storage_errors():  # entered only here: some pictures are read in hundreds of thousands of steps
                raise


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Source]:
    """Open a picture and check its signature, container, size and frames.

    Whatever the decoder raises in the ``with`` block becomes InvalidImage: hostile bytes make it raise nearly anything.
    A file that cannot be read raises StorageUnavailable.
    """
    with storage_errors():  # some storages fetch the file only now
        reader: Any = _Reader(file)
        reader.seek(0)
    kind = sniff(reader.read(HEAD_BYTES))
    try:
        check_whole(reader, kind)
        budget = settings.IMAGE_MAX_FRAME_PIXELS // _FRAME_OVERHEAD
        shape = walk_gif(reader, max_frames=budget) if kind is GIF else None
        if shape:
            _check_limits((shape.width, shape.height), shape.frames)
        reader.seek(0)
        source = Source(reader, kind, shape.frames if shape else None)
        _check_limits(source.size, source.frames)
        yield source
    except _NOT_ABOUT_THE_PICTURE:
        raise
    except Exception as exc:
        raise InvalidImage from exc


def _check_limits(size: Size, frames: int) -> None:
    pixels = size[0] * size[1]
    small_enough = 0 < pixels <= settings.IMAGE_MAX_PIXELS and max(size) <= settings.IMAGE_MAX_SIDE
    few_enough = frames == 1 or frames * max(pixels, _FRAME_OVERHEAD) <= settings.IMAGE_MAX_FRAME_PIXELS
    if not (small_enough and few_enough):
        raise InvalidImage


def inspect(file: IO[bytes]) -> ImageInfo:
    """Return what a picture is, having proven it whole by decoding every frame.

    A JPEG is decoded at an eighth of its size, which reads all of its bytes. Raises UnsupportedImage when the file is
    none of the accepted formats, and InvalidImage when it is one but broken, truncated, empty or over the limits.
    """
    with opened(file) as source:
        source.draft((1, 1))
        colour = ""
        for frame in source.decoded():
            if not colour:
                picture = _shrunk(frame)
                colour = average(srgb(picture, frame.info.get("icc_profile")))
        return source.info(source.orientation(), colour)


def _shrunk(frame: Image.Image) -> Image.Image:
    picture = workable(frame)
    return picture.resize(fit(picture.size, _PLACEHOLDER_SIDE), Image.Resampling.BOX)


def workable(frame: Image.Image) -> Image.Image:
    """Return a picture in a mode that can be resized (L, LA, RGB, RGBA, CMYK), transparency kept."""
    clear = frame.has_transparency_data
    if frame.mode.startswith("I"):  # 16 bits a pixel; convert() would cut everything above 255 to white
        grey = frame.point(lambda value: value * (1 / 257)).convert("L")
        return Image.merge("LA", (grey, _all_but(frame, frame.info["transparency"]))) if clear else grey
    if frame.mode in ("1", "L"):
        return frame.convert("LA" if clear else "L")
    if frame.mode in ("LA", "RGBA", "CMYK") or (frame.mode == "RGB" and not clear):
        return frame
    return frame.convert("RGBA" if clear else "RGB")


def _all_but(frame: Image.Image, key: int) -> Image.Image:
    """Return where a picture of 16 bits a pixel has another grey than the one that means clear."""
    return frame.convert("I").point([255] * key + [0] + [255] * (65_535 - key), "L")


def srgb(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert to sRGB. A profile that is broken or of another colour space is ignored, as browsers do."""
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    if icc:
        colours = picture.convert({"LA": "L", "RGBA": "RGB"}[picture.mode]) if alpha else picture
        try:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(colours, profile, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            picture = converted
            if alpha:
                picture.putalpha(alpha)
    if picture.mode == "CMYK":
        picture = picture.convert("RGB")
    picture.info = {}  # nothing of the original's metadata reaches an encoder
    return picture


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    """Return a picture upright, given its EXIF orientation."""
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def turned_size(size: Size, orientation: int) -> Size:
    """Return the size that a stored size becomes when the picture is upright."""
    return (size[1], size[0]) if orientation in _SIDEWAYS else size


def fit(size: Size, side: int) -> Size:
    """Return the size that fits within a square, at least 1 and never larger than it was."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def average(picture: Image.Image) -> str:
    """Return the average colour of what can be seen; white when nothing can."""
    red, green, blue, alpha = picture.convert("RGBA").resize((1, 1), Image.Resampling.BOX).tobytes()
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha else "#ffffff"
