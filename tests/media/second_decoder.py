"""Compare how the kit sees pictures with how libvips does.

To compare all files of a folder, such as the test pictures of an image library, and print a table::

    python -m tests.media.second_decoder FOLDER
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import django
from PIL import Image, ImageChops, ImageStat

SIDE = 64
"""Pictures are compared at this size: then it does not matter how a decoder smooths colours between pixels."""

CLOSE = 6.0
"""The largest mean difference of a channel that still counts as the same."""


class Comparison(NamedTuple):
    """What became of a file: ``outcome`` is one of ``OUTCOMES``."""

    outcome: str
    detail: str = ""


OUTCOMES = ("the same", "other pixels", "other size", "refused by both", "refused by the kit", "refused by libvips")


def compare(content: bytes) -> Comparison:
    """Decode a file with both, upright and in sRGB, and compare the first frames."""
    ours, why = _kit(content)
    theirs, why_not = _libvips(content)
    if ours is None and theirs is None:
        return Comparison("refused by both")
    if ours is None:
        return Comparison("refused by the kit", why)
    if theirs is None:
        return Comparison("refused by libvips", why_not)
    if ours.size != theirs.size:
        return Comparison("other size", f"{ours.size}, libvips {theirs.size}")
    difference = ImageChops.difference(_small(ours), _small(theirs))
    mean = max(ImageStat.Stat(difference).mean)
    return Comparison("the same" if mean <= CLOSE else "other pixels", f"{mean:.1f}")


def _small(picture: Image.Image) -> Image.Image:
    """Return a picture on a grey ground, which makes what is transparent the same for both, and its transparency."""
    alpha = picture.getchannel("A")
    ground = Image.new("RGB", picture.size, (128, 128, 128))
    ground.paste(picture.convert("RGB"), (0, 0), alpha)
    ground.putalpha(alpha)
    return ground.resize((SIDE, SIDE), Image.Resampling.BOX)


def _kit(content: bytes) -> tuple[Image.Image | None, str]:
    from ninja_orgkit.errors import OrgKitError
    from ninja_orgkit.media.pictures import Source, examine, inspect
    from ninja_orgkit.media.pixels import turned, workable

    def first(source: Source) -> Image.Image:
        picture = source.colours.convert(workable(next(source.decoded()).picture))
        return turned(picture, source.orientation).convert("RGBA")

    try:
        inspect(BytesIO(content))
        return examine(BytesIO(content), first), ""
    except OrgKitError as exc:
        return None, type(exc).__name__


def _libvips(content: bytes) -> tuple[Image.Image | None, str]:
    import pyvips

    try:
        image: Any = pyvips.Image.new_from_buffer(content, "", fail_on="error").autorot()
        if image.interpretation == "cmyk" or image.get_typeof("icc-profile-data"):
            image = image.icc_transform("srgb", embedded=True)
        image = image.colourspace("srgb").cast("uchar")
        image = image if image.hasalpha() else image.bandjoin(255)
        return Image.frombytes("RGBA", (image.width, image.height), image.write_to_memory()), ""
    except pyvips.Error as exc:
        return None, str(exc).strip().splitlines()[-1]


def main(folder: str) -> None:
    """Compare all files of a folder that begin like an accepted format."""
    from ninja_orgkit.media.errors import InvalidImage, UnsupportedImage
    from ninja_orgkit.media.formats.signatures import HEAD_BYTES, sniff

    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        try:
            kind = sniff(content[:HEAD_BYTES]).name
        except (InvalidImage, UnsupportedImage):
            continue
        found = compare(content)
        counts[found.outcome, kind] += 1
        if found.outcome not in ("the same", "refused by both"):
            print(f"{found.outcome}: {path.name}: {found.detail}")  # noqa: T201
    kinds = sorted({kind for _, kind in counts})
    print("|", *(f"| {name} " for name in kinds), "|")  # noqa: T201
    for outcome in OUTCOMES:
        print(f"| {outcome} ", *(f"| {counts[outcome, name]} " for name in kinds), "|")  # noqa: T201


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    main(sys.argv[1])
