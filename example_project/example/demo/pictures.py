"""Pictures for the seeded world, drawn anew: landscapes, faces, a logo with clear pixels, and an animation."""

from __future__ import annotations

import io
import math
from random import Random

from PIL import Image, ImageDraw, ImageFilter

_SKIES = [
    ((255, 196, 140), (110, 90, 160)),
    ((200, 225, 245), (70, 130, 190)),
    ((250, 220, 200), (220, 120, 110)),
    ((190, 210, 230), (40, 60, 110)),
]


def landscape(number: int, width: int = 2400, height: int = 1600) -> bytes:
    """Return a JPEG of hills below a sky; another one for each number."""
    dice = Random(number)  # noqa: S311  # the same picture each time
    low, high = _SKIES[number % len(_SKIES)]
    picture = Image.linear_gradient("L").resize((width, height))
    picture = Image.composite(Image.new("RGB", picture.size, low), Image.new("RGB", picture.size, high), picture)
    draw = ImageDraw.Draw(picture)
    x, y, radius = dice.uniform(0.2, 0.8) * width, dice.uniform(0.15, 0.35) * height, height * 0.07
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 244, 214))
    # Only the rim of the sun is softened: to blur the whole picture costs more than all the rest.
    corner, side = (round(x - radius) - 9, round(y - radius) - 9), round(2 * radius) + 18
    sun = picture.crop((*corner, corner[0] + side, corner[1] + side))
    picture.paste(sun.filter(ImageFilter.GaussianBlur(3)), corner)
    hills = 5
    for hill in range(hills):
        shade = 1 - hill / hills
        color = (int(40 + 90 * shade), int(70 + 90 * shade), int(60 + 110 * shade))
        draw.polygon(_ridge(dice, width, height, 0.45 + 0.1 * hill), fill=color)
    return _encoded(picture, "JPEG", quality=88)


def face(number: int, side: int = 640) -> bytes:
    """Return a PNG of a simple face; another one for each number."""
    dice = Random(f"face {number}")  # noqa: S311
    ground = (dice.randint(120, 220), dice.randint(120, 220), dice.randint(120, 220))
    skin = dice.choice([(255, 219, 172), (224, 172, 105), (198, 134, 66), (141, 85, 36), (96, 58, 28)])
    hair = dice.choice([(40, 30, 25), (90, 60, 35), (200, 170, 90), (120, 120, 125), (150, 60, 30)])
    picture = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(picture)
    unit = side / 16
    draw.ellipse((3 * unit, 13 * unit, 13 * unit, 21 * unit), fill=(ground[2] // 2, ground[0] // 2, ground[1] // 2))
    draw.ellipse((3.6 * unit, 2 * unit, 12.4 * unit, 12 * unit), fill=hair)
    draw.ellipse((4.4 * unit, 3.8 * unit, 11.6 * unit, 13.2 * unit), fill=skin)
    for eye in (6.4, 9.6):
        draw.ellipse(((eye - 0.5) * unit, 7.4 * unit, (eye + 0.5) * unit, 8.4 * unit), fill=(40, 40, 45))
    draw.arc((6 * unit, 8.6 * unit, 10 * unit, 11.4 * unit), 20, 160, fill=(120, 50, 50), width=int(unit / 2.5))
    return _encoded(picture.resize((side // 2, side // 2), Image.Resampling.LANCZOS), "PNG")


def logo(side: int = 800) -> bytes:
    """Return a PNG of rings on clear ground."""
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for ring in range(6):
        inset = 20 + ring * side * 0.07
        color = (11, 110 + 20 * ring, 79 + 25 * ring, 255 - 25 * ring)
        draw.ellipse((inset, inset, side - inset, side - inset), outline=color, width=int(side * 0.035))
    return _encoded(picture, "PNG")


def animation(side: int = 320, frames: int = 24) -> bytes:
    """Return an animated GIF of a ball on its way round."""
    pictures = []
    for frame in range(frames):
        picture = Image.new("RGB", (side, side), (20, 26, 36))
        angle = 2 * math.pi * frame / frames
        x, y = side / 2 + side / 3 * math.cos(angle), side / 2 + side / 3 * math.sin(angle)
        ImageDraw.Draw(picture).ellipse((x - 24, y - 24, x + 24, y + 24), fill=(111, 211, 176))
        pictures.append(picture)
    first, *rest = pictures
    return _encoded(first, "GIF", save_all=True, append_images=rest, duration=60, loop=0)


def _ridge(dice: Random, width: int, height: int, level: float) -> list[tuple[float, float]]:
    """Return the outline of a hill whose top is about so far down the picture (0–1)."""
    waves = [(dice.uniform(0.8, 5), dice.uniform(0, 6.3), dice.uniform(0.01, 0.05)) for _ in range(4)]
    steps = 160
    top = [
        (width * step / steps, height * (level + sum(a * math.sin(f * 6.3 * step / steps + p) for f, p, a in waves)))
        for step in range(steps + 1)
    ]
    return [(0, height), *top, (width, height)]


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
