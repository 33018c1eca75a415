"""Decode the frames of a picture, with the help of the image library.

The library sees only the parts of a file that it needs. It knows neither the transparent colours of all bit depths nor
all ways in which the frames of an animation follow each other, so both are done here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from hashlib import sha256
from typing import IO, NamedTuple

from PIL import Image, ImageChops

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats.contents import Contents, Disposal, Layer, Part, Parts
from ninja_orgkit.media.formats.png_pixels import has_all_rows
from ninja_orgkit.media.formats.signatures import PNG, WEBP, Format

_STRIP = 64  # rows
_UNREAD_LOW_BYTES = "RGB;16L"  # of numbers with the high byte first, as those of PNG are


class Frame(NamedTuple):
    """A decoded frame, and how long it is shown, in milliseconds. It is valid until the next one is requested."""

    picture: Image.Image
    delay: float


class _ShortFirst(Parts):
    """A file whose first read is short, as reads may be.

    The library has a limit of its own for the size of a WebP, which belongs to the whole process and is not ours to
    change. It checks the limit only when its first read has the size. Ours was checked before.
    """

    def read(self, count: int | None = -1) -> bytes:
        """Return up to ``count`` bytes."""
        return super().read(_SHORT if count and count > _SHORT and not self.tell() else count)


_SHORT = 20


def open_picture(file: IO[bytes], kind: Format, parts: tuple[Part, ...]) -> Image.Image:
    """Open a picture without the library's own limit, which belongs to the whole process and is not ours to change."""
    if kind.name not in Image.OPEN:
        Image.init()
    factory, _ = Image.OPEN[kind.name]
    stream = (_ShortFirst if kind is WEBP else Parts)(file, parts)
    return factory(stream, "")  # type: ignore[arg-type]  # has what decoders use of a file


def rows(picture: Image.Image, top: int, bottom: int) -> Image.Image:
    """Return some rows of a picture. ``crop()`` does the same below the library's own limit."""
    return picture._new(picture.im.crop((0, top, picture.width, bottom)))


def load(picture: Image.Image, file: IO[bytes], kind: Format, parts: tuple[Part, ...]) -> None:
    """Decode the pixels of a picture, once. Raises InvalidImage when some of a PNG are missing.

    The decoder leaves blank what is missing at the end. So only a picture that ends blank is counted again; of an
    interlaced one the last row but one may come last.
    """
    picture.load()
    if kind is not PNG or not any(_is_blank_row(picture, row) for row in range(picture.height)[-2:]):
        return
    if not has_all_rows(Parts(file, parts)):  # type: ignore[arg-type]  # has what is used of a file
        raise InvalidImage


def _is_blank_row(picture: Image.Image, row: int) -> bool:
    bands = rows(picture, row, row + 1).split()
    return all(band.getextrema() == (0, 0) for band in bands)


def is_complete(file: IO[bytes], kind: Format, contents: Contents) -> bool:
    """Tell whether the picture of a file is the same whatever follows in place of its missing end."""
    return len({_digest(open_picture(file, kind, (*contents.parts, ending))) for ending in contents.endings}) == 1


def _digest(picture: Image.Image) -> bytes:
    picture.load()
    digest = sha256()
    for top in range(0, picture.height, _STRIP):
        digest.update(rows(picture, top, min(top + _STRIP, picture.height)).tobytes())
    return digest.digest()


def with_clear_key(picture: Image.Image, file: IO[bytes], contents: Contents, parts: tuple[Part, ...]) -> Image.Image:
    """Decode a PNG, and make transparent what has exactly the colour that the file calls transparent."""
    key, depth = contents.clear_key, contents.bit_depth
    load(picture, file, PNG, parts)
    if len(key) == 1:
        if depth > 8:
            alpha = picture.convert("I").point([255] * key[0] + [0] + [255] * (65_535 - key[0]), "L")
            return Image.merge("LA", (eight_bits(picture), alpha))
        grey = picture.convert("L")
        return Image.merge("LA", (grey, _differs(grey, [key[0] * 255 // ((1 << depth) - 1)])))
    # The library keeps eight bits of a sample. So the lower ones are decoded by themselves, and compared first.
    masks = [_low_bytes_differ(file, contents, parts)] if depth > 8 else []
    masks.append(_differs(picture, [sample >> (depth - 8) for sample in key]))
    picture.putalpha(reduce(ImageChops.lighter, masks))
    return picture


def _low_bytes_differ(file: IO[bytes], contents: Contents, parts: tuple[Part, ...]) -> Image.Image:
    low = open_picture(file, PNG, parts)
    low.tile = [tile._replace(args=_UNREAD_LOW_BYTES) for tile in low.tile]  # type: ignore[attr-defined]
    low.load()
    return _differs(low, [sample & 255 for sample in contents.clear_key])


def _differs(picture: Image.Image, samples: list[int]) -> Image.Image:
    """Return a mask that is 0 where a picture has exactly these samples, and 255 elsewhere."""
    tables = ([255] * sample + [0] + [255] * (255 - sample) for sample in samples)
    bands = zip(picture.split(), tables, strict=True)
    return reduce(ImageChops.lighter, (band.point(table) for band, table in bands))


def eight_bits(picture: Image.Image) -> Image.Image:
    """Return a grey picture of 16 bits with 8 bits. ``convert()`` would turn everything above 255 white."""
    return picture.point(lambda value: value * (1 / 257)).convert("L")


def composed(file: IO[bytes], kind: Format, contents: Contents) -> Iterator[Frame]:
    """Draw the layers of an animation one over another. What none covers stays transparent."""
    size = (contents.width, contents.height)
    canvas = Image.new("RGBA", size)
    for layer in contents.layers:
        box = (layer.left, layer.top, layer.left + layer.width, layer.top + layer.height)
        former = canvas.copy() if layer.disposal is Disposal.RESTORE else canvas
        if layer.width and layer.height:
            patch = _patch(file, kind, contents, layer)
            if box == (0, 0, *size) and len(contents.layers) == 1:
                yield Frame(patch, layer.delay)
                return
            patch = patch.convert("RGBA")
            if layer.is_blended:
                patch = Image.alpha_composite(canvas._new(canvas.im.crop(box)), patch)
            canvas.paste(patch, box)
        yield Frame(canvas, layer.delay)
        canvas = former
        if layer.disposal is Disposal.CLEAR:
            canvas.paste((0, 0, 0, 0), box)


def _patch(file: IO[bytes], kind: Format, contents: Contents, layer: Layer) -> Image.Image:
    picture = open_picture(file, kind, layer.parts)
    if contents.clear_key:
        return with_clear_key(picture, file, contents, layer.parts)
    load(picture, file, kind, layer.parts)
    if layer.clear_index is not None:
        picture.info["transparency"] = layer.clear_index
    return eight_bits(picture) if picture.mode.startswith("I") else picture
