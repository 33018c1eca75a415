"""Open a picture, prove it complete, and correct its colours and its orientation.

The cheap checks (signature, container, size, frames) come before the decoder. Decoding then proves that the file is
complete. Only this module, ``animations`` and ``renditions`` import the image library.
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
from ninja_orgkit.media.errors import ImageTooLarge, InvalidImage
from ninja_orgkit.media.formats import GIF, HEAD_BYTES, JPEG, Format, check_whole, sniff, walk_gif
from ninja_orgkit.media.storage import storage_errors

Size = tuple[int, int]

_FRAME_OVERHEAD = 128 * 128  # decoding a frame costs at least as much as this many pixels
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


def _open(file: IO[bytes], kind: Format) -> Image.Image:
    """Open a picture without the library's own limit, which belongs to the whole process and is not ours to change."""
    if kind.name not in Image.OPEN:
        Image.init()
    factory, _ = Image.OPEN[kind.name]
    return factory(file, "")


class Source:
    """An opened picture that passed the checks which need no decoding."""

    def __init__(self, file: IO[bytes], kind: Format, frames: int | None) -> None:
        self.image: Image.Image = _open(file, kind)
        self.kind = kind
        self.size: Size = self.image.size
        # A JPEG may contain further pictures, such as a depth map or a preview. Only the first is shown.
        declared: int = getattr(self.image, "n_frames", 1)
        self.frames = 1 if kind is JPEG else frames or declared
        # A PNG may begin with a picture for viewers that do not understand animation.
        self.first = 1 if self.frames > 1 and getattr(self.image, "default_image", False) else 0

    def draft(self, target: Size) -> None:
        """Let the JPEG decoder scale by 1/2, 1/4 or 1/8, if the result is at least as large as ``target``."""
        if self.kind is not JPEG:
            return
        width, height = self.size
        for scale in (8, 4, 2):
            if -(-width // scale) >= target[0] and -(-height // scale) >= target[1]:
                self.image.draft(None, (max(1, width // scale), max(1, height // scale)))
                return

    def decoded(self) -> Iterator[Image.Image]:
        """Decode one frame after another. A frame is valid until the next one is requested."""
        for index in range(self.first, self.frames):
            if self.frames > 1:
                self.image.seek(index)
            self.image.load()
            yield self.image

    def release(self) -> None:
        """Free the memory of the pixels. Not by ``close()``, which closes the caller's file for some formats."""
        del self.image

    def orientation(self) -> int:
        """Return the EXIF orientation, 1 when there is none. Call it after decoding: a PNG may have EXIF at its end."""
        try:
            value = self.image.getexif().get(ExifTags.Base.Orientation, 1)
        except Exception:  # a picture with broken EXIF is still a picture
            return 1
        return value if value in _TURNS else 1

    def info(self, orientation: int, placeholder: str) -> ImageInfo:
        """Return the facts about the picture."""
        width, height = turned_size(self.size, orientation)
        kind = self.kind
        return ImageInfo(
            kind.name.lower(), kind.extension, kind.content_type, width, height, self.frames - self.first, placeholder
        )


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


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Source]:
    """Open a picture and check its signature, container, size and frames.

    A picture over a limit raises ImageTooLarge. Whatever the decoder raises in the ``with`` block becomes InvalidImage,
    because hostile bytes can make it raise nearly anything. A file that cannot be read raises StorageUnavailable.
    """
    with storage_errors():  # some storages open the file only now
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
    except Image.DecompressionBombError as exc:  # some decoders check the library's limit themselves
        limit = min(settings.IMAGE_MAX_PIXELS, 2 * (Image.MAX_IMAGE_PIXELS or 0))
        raise ImageTooLarge(f"This picture has too many pixels. The limit is {limit}.") from exc
    except Exception as exc:
        raise InvalidImage from exc


def _check_limits(size: Size, frames: int) -> None:
    pixels = size[0] * size[1]
    if not pixels:
        raise InvalidImage
    if max(size) > (limit := settings.IMAGE_MAX_SIDE):
        raise ImageTooLarge(f"This picture has a side of {max(size)} pixels. The limit is {limit}.")
    if pixels > (limit := settings.IMAGE_MAX_PIXELS):
        raise ImageTooLarge(f"This picture has {pixels} pixels. The limit is {limit}.")
    total = frames * max(pixels, _FRAME_OVERHEAD)
    if frames > 1 and total > (limit := settings.IMAGE_MAX_FRAME_PIXELS):
        raise ImageTooLarge(f"This picture has {total} pixels in all its frames. The limit is {limit}.")


def inspect(file: IO[bytes]) -> ImageInfo:
    """Decode every frame of a picture, which proves it complete, and return the facts about it.

    A JPEG is decoded at an eighth of its size, which still reads all of its bytes. Raises UnsupportedImage when the
    file has no accepted format, InvalidImage when it is damaged, truncated or empty, and ImageTooLarge when it is over
    a limit.
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
    """Return a picture in a mode that can be resized (L, LA, RGB, RGBA, CMYK), with its transparency."""
    clear = frame.has_transparency_data
    if frame.mode.startswith("I"):  # 16 bits per pixel: convert() would turn everything above 255 white
        grey = frame.point(lambda value: value * (1 / 257)).convert("L")
        return Image.merge("LA", (grey, _all_but(frame, frame.info["transparency"]))) if clear else grey
    if frame.mode in ("1", "L"):
        return frame.convert("LA" if clear else "L")
    if frame.mode in ("LA", "RGBA", "CMYK") or (frame.mode == "RGB" and not clear):
        return frame
    return frame.convert("RGBA" if clear else "RGB")


def _all_but(frame: Image.Image, key: int) -> Image.Image:
    """Return the alpha channel of a 16-bit picture in which one grey, ``key``, is transparent."""
    return frame.convert("I").point([255] * key + [0] + [255] * (65_535 - key), "L")


def srgb(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert a picture to sRGB. A profile that is broken or for another colour space is ignored, as browsers do."""
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
    """Return a picture turned upright according to its EXIF orientation."""
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def turned_size(size: Size, orientation: int) -> Size:
    """Return the size of a picture after it is turned upright."""
    return (size[1], size[0]) if orientation in _SIDEWAYS else size


def fit(size: Size, side: int) -> Size:
    """Return the size in pixels that fits into a square of ``side`` pixels. It never grows, and is at least 1 by 1."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resized(picture: Image.Image, size: Size) -> Image.Image:
    """Return a picture at exactly ``size`` pixels."""
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def average(picture: Image.Image) -> str:
    """Return the average colour of the visible pixels, white when none is visible."""
    red, green, blue, alpha = picture.convert("RGBA").resize((1, 1), Image.Resampling.BOX).tobytes()
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha else "#ffffff"
