"""Real pictures, as cameras, browsers and attackers make them."""

from __future__ import annotations

import itertools
import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 40), (20, 40, 220), (255, 255, 255)

_numbers = itertools.count(1)


def quarters(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """Return a picture whose corners tell which way up it is: red, green / blue, white."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image.convert(mode)


def grain(width: int = 400, height: int = 300) -> Image.Image:
    """Return a picture that compresses badly."""
    return Image.merge("RGB", [Image.effect_noise((width, height), 90) for _ in range(3)])


def written(image: Image.Image, kind: str, **options: Any) -> BytesIO:
    """Return a picture as a file of some format."""
    file = BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def picture(name: str = "photo.png", width: int = 40, height: int = 30) -> SimpleUploadedFile:
    """Return a PNG to upload that differs from all others of this process."""
    number = next(_numbers)
    image = quarters(width, height)
    image.putpixel((0, 0), (number // 65536 % 256, number // 256 % 256, number % 256))
    return SimpleUploadedFile(name, written(image, "PNG").getvalue(), "image/png")


def camera_exif(orientation: int = 1) -> Image.Exif:
    """Return what a camera writes: which way it was held, who made it, and where."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    position = exif.get_ifd(0x8825)
    position[1], position[2] = "N", (52.0, 31.0, 12.0)
    position[3], position[4] = "E", (13.0, 24.0, 36.0)
    return exif


def photo(width: int = 400, height: int = 300, orientation: int = 1) -> BytesIO:
    """Return a JPEG with EXIF, a position, a comment and a thumbnail's worth of metadata."""
    image = quarters(width, height)
    return written(
        image, "JPEG", quality=92, exif=camera_exif(orientation), comment=b"a secret comment", dpi=(300, 300)
    )


def animation(kind: str = "GIF", frames: int = 4, **options: Any) -> BytesIO:
    """Return an animation whose frames are of different colours."""
    colours = [RED, GREEN, BLUE, WHITE]
    pictures = []
    for index in range(frames):
        picture = quarters(200, 150)
        picture.paste(colours[index % 4], (60, 40, 140, 110))
        picture.putpixel((index % 200, 0), WHITE)  # encoders drop a frame that changes nothing
        pictures.append(picture)
    delays = [100 * (index + 1) for index in range(frames)]
    options = {"duration": delays, "loop": 0, **options}
    return written(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)


def sprite(kind: str) -> BytesIO:
    """Return an animation of an opaque square that moves over a transparent canvas."""
    frames = [Image.new("RGBA", (100, 100)) for _ in range(3)]
    for index, frame in enumerate(frames):
        frame.paste((*RED, 255), (30 * index, 0, 30 * index + 20, 20))
    options = {"disposal": 2} if kind == "GIF" else {}
    return written(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, loop=0, **options)


def clear(width: int = 400, height: int = 300, mode: str = "RGBA") -> Image.Image:
    """Return a picture whose left half is transparent."""
    image = quarters(width, height, "RGBA")
    alpha = Image.new("L", (width, height), 255)
    alpha.paste(0, (0, 0, width // 2, height))
    image.putalpha(alpha)
    return image.convert(mode)


def sixteen_bits(level: float) -> BytesIO:
    """Return a grey PNG of 16 bits a pixel; ``level`` is 0 to 1."""
    return written(Image.new("I;16", (60, 40), round(level * 65_535)), "PNG")


def swapped_profile() -> bytes:
    """Return a profile with the primaries of sRGB in another order: red means green, green means blue, blue means red.

    No one would use it; but whoever ignores it is found out at once.
    """
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    places = {tag: bytes(profile[at + 4 : at + 12]) for tag, at in entries.items()}
    for tag, other in ((b"rXYZ", b"gXYZ"), (b"gXYZ", b"bXYZ"), (b"bXYZ", b"rXYZ")):
        profile[entries[tag] + 4 : entries[tag] + 12] = places[other]
    return bytes(profile)


def png_header(width: int, height: int) -> BytesIO:
    """Return a PNG of a hundred bytes that claims to be as large as that."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in parts
    ]
    return BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def gif_bomb(frames: int, width: int = 1000, height: int = 1000) -> BytesIO:
    """Return a small GIF whose many frames are as large as its canvas."""
    file = written(Image.new("P", (width, height)), "GIF").getvalue()
    start = file.index(b",\0\0\0\0" + struct.pack("<HH", width, height))
    return BytesIO(file[:start] + file[start:-1] * frames + b";")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
