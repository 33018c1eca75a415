"""Renditions and avatars are upright, in sRGB, of the configured size, and without metadata."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from PIL import Image, ImageChops, ImageCms
from pytest_django import Settings

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.pixels import reduced, workable
from ninja_orgkit.media.renditions import Rendition, render, square_avatar
from tests.media import pictures

pytestmark = pytest.mark.once


def opened(rendition: Rendition | bytes) -> Any:
    """Return a rendition as Pillow reads it; what it returns for a pixel depends on the mode of the picture."""
    image = Image.open(BytesIO(rendition if isinstance(rendition, bytes) else rendition.content), formats=["WEBP"])
    image.load()
    return image


def near(colour: Any, other: tuple[int, int, int], tolerance: int = 40) -> bool:
    return all(abs(one - two) <= tolerance for one, two in zip(colour[:3], other, strict=True))


def corners(image: Image.Image) -> list[Any]:
    width, height = image.size
    rgb = image.convert("RGB")
    points = [(x, y) for y in (height // 8, height - height // 8 - 1) for x in (width // 8, width - width // 8 - 1)]
    return [rgb.getpixel(point) for point in points]


UPRIGHT = [pictures.RED, pictures.GREEN, pictures.BLUE, pictures.WHITE]
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def test_renditions_fit_their_boxes_and_report_their_true_size() -> None:
    rendered = render(pictures.photo(2400, 1600))
    expected = {"thumb": (160, 107), "sm": (640, 427), "md": (1024, 683), "lg": (2048, 1365)}
    assert {name: (made.width, made.height) for name, made in rendered.renditions.items()} == expected
    assert {name: opened(made).size for name, made in rendered.renditions.items()} == expected


def test_renditions_are_never_larger_than_the_original_and_never_empty() -> None:
    small = render(pictures.written(pictures.quarters(100, 50), "PNG")).renditions
    assert {opened(made).size for made in small.values()} == {(100, 50)}
    thin = render(pictures.written(Image.new("RGB", (3000, 1)), "PNG")).renditions
    assert {name: opened(made).size for name, made in thin.items()} == {
        "thumb": (160, 1), "sm": (640, 1), "md": (1024, 1), "lg": (2048, 1)
    }  # fmt: skip
    assert opened(render(pictures.written(Image.new("1", (1, 1)), "PNG")).renditions["lg"]).size == (1, 1)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_renditions_are_upright_for_every_camera_orientation(kind: str, orientation: int) -> None:
    held = pictures.quarters(1600, 1200).transpose(TURNS[orientation])
    rendered = render(pictures.written(held, kind, exif=pictures.camera_exif(orientation)))
    assert (rendered.info.width, rendered.info.height) == (1600, 1200)
    for made in rendered.renditions.values():
        assert made.width > made.height
        assert all(near(*pair) for pair in zip(corners(opened(made)), UPRIGHT, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_renditions_contain_no_metadata(kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"exif": pictures.camera_exif(), "icc_profile": profile, "xmp": b"<x:xmpmeta>secret</x:xmpmeta>"}
    file = pictures.written(pictures.quarters(), kind, **options)
    contents = [made.content for made in render(file).renditions.values()] + list(square_avatar(file).values())
    for content in contents:
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(opened(content).info)
        assert not any(word in content for word in (b"EXIF", b"ICCP", b"XMP ", b"Secret", b"secret"))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "WEBP"), ("RGBA", "AVIF"), ("RGBA", "GIF")],
)
def test_transparent_areas_stay_transparent(mode: str, kind: str) -> None:
    image = opened(render(pictures.written(pictures.clear(800, 600, mode), kind)).renditions["sm"])
    assert image.mode == "RGBA"
    assert image.getpixel((100, 240))[3] == 0
    assert image.getpixel((540, 240))[3] == 255


def test_a_colour_declared_transparent_becomes_transparent() -> None:
    image = Image.new("RGB", (80, 60), (1, 2, 3))
    image.paste(pictures.RED, (40, 0, 80, 60))
    made = opened(render(pictures.written(image, "PNG", transparency=(1, 2, 3))).renditions["lg"])
    assert made.getpixel((10, 30))[3] == 0
    assert near(made.getpixel((70, 30)), pictures.RED)


@pytest.mark.parametrize("key", [0, 1000, 65_535])
def test_a_16_bit_grey_declared_transparent_becomes_transparent(key: int) -> None:
    image = Image.new("I;16", (80, 60), key)
    image.paste(Image.new("I;16", (40, 60), key ^ 1), (40, 0))
    file = pictures.written(image, "PNG", transparency=key)
    made = opened(render(file).renditions["lg"])
    assert made.getpixel((10, 30))[3] == 0
    assert made.getpixel((70, 30))[3] == 255
    assert near(made.getpixel((70, 30)), (key // 257,) * 3, 4)
    assert opened(square_avatar(file)[160]).getpixel((10, 80))[3] == 0


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 1.0])
def test_16_bit_greys_keep_their_brightness(level: float) -> None:
    rendered = render(pictures.sixteen_bits(level))
    grey = round(level * 255)
    assert near(opened(rendered.renditions["thumb"]).getpixel((30, 20)), (grey, grey, grey), 4)


def test_a_cmyk_picture_is_converted_to_rgb() -> None:
    rendered = render(pictures.written(pictures.quarters(800, 600, "CMYK"), "JPEG", quality=95))
    assert all(near(*pair) for pair in zip(corners(opened(rendered.renditions["sm"])), UPRIGHT, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_colours_are_converted_to_srgb(kind: str) -> None:
    file = pictures.written(Image.new("RGB", (300, 200), (230, 20, 20)), kind, icc_profile=pictures.swapped_profile())
    red, green, blue = opened(render(file).renditions["thumb"]).getpixel((50, 50))
    assert green > 150 > max(red, blue)
    red, green, blue = opened(square_avatar(file)[160]).getpixel((50, 50))
    assert green > 150 > max(red, blue)


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
def test_a_broken_colour_profile_is_ignored(profile: bytes) -> None:
    rendered = render(pictures.written(pictures.quarters(), "JPEG", icc_profile=profile))
    assert all(near(*pair) for pair in zip(corners(opened(rendered.renditions["sm"])), UPRIGHT, strict=True))


def _drawing(mode: str) -> Image.Image:
    image = Image.new("RGB", (300, 200), pictures.WHITE)
    for x in range(0, 300, 10):
        image.paste(pictures.RED if x % 20 else (x % 256, 0, 90), (x, x % 70, x + 4, 200))
    return image.convert(mode)


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("GIF", "P")])
def test_a_drawing_of_few_colours_is_stored_without_loss(kind: str, mode: str) -> None:
    drawing = _drawing(mode)
    made = render(pictures.written(drawing, kind)).renditions["lg"]
    assert made.content[12:16] == b"VP8L"
    assert opened(made).convert("RGB").tobytes() == drawing.convert("RGB").tobytes()


def test_a_picture_is_stored_with_loss_where_that_is_smaller() -> None:
    few = pictures.written(pictures.grain().convert("L"), "PNG")
    many = pictures.written(pictures.grain(), "PNG")
    assert {render(file).renditions["lg"].content[12:16] for file in (few, many)} == {b"VP8 "}


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_an_animated_drawing_of_few_colours_is_stored_without_loss(kind: str) -> None:
    drawing = _drawing("P")
    drawings = [ImageChops.offset(drawing, shift, 0) for shift in range(0, 40, 10)]
    made = opened(
        render(pictures.written(drawings[0], kind, save_all=True, append_images=drawings[1:])).renditions["lg"]
    )
    for index, frame in enumerate(drawings):
        made.seek(index)
        assert made.convert("RGB").tobytes() == frame.convert("RGB").tobytes()


def test_the_frames_of_an_animation_are_stored_with_loss_where_that_is_smaller() -> None:
    photo = pictures.grain().quantize(256)
    file = pictures.written(photo, "GIF", save_all=True, append_images=[ImageChops.offset(photo, 50, 0)])
    assert b"VP8L" not in render(file).renditions["lg"].content


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_stays_an_animation(kind: str) -> None:
    rendered = render(pictures.animation(kind))
    for made in rendered.renditions.values():
        image = opened(made)
        assert image.n_frames == 4
        delays, middles = [], []
        for index in range(4):
            image.seek(index)
            image.load()
            delays.append(image.info["duration"])
            middles.append(image.convert("RGB").getpixel((image.width // 2, image.height // 2)))
        assert delays == [100, 200, 300, 400]
        assert all(near(*pair) for pair in zip(middles, UPRIGHT, strict=True))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "AVIF"])
def test_transparent_areas_of_an_animation_stay_transparent(kind: str) -> None:
    for made in render(pictures.sprite(kind)).renditions.values():
        image = opened(made)
        assert (image.mode, image.n_frames) == ("RGBA", 3)
        for index in range(3):
            image.seek(index)
            assert image.getpixel((90, 90))[3] == 0
            assert image.getpixel((30 * index + 10, 10))[3] == 255


def test_an_opaque_animation_stays_opaque() -> None:
    image = opened(render(pictures.animation("GIF")).renditions["sm"])
    for index in range(image.n_frames):
        image.seek(index)
        assert image.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_renditions_of_an_animation_of_the_same_size_are_the_same_file() -> None:
    made = render(pictures.animation()).renditions
    assert made["sm"] == made["md"] == made["lg"]
    assert (made["lg"].width, made["thumb"].width) == (200, 160)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "1"])
@pytest.mark.parametrize("resample", [Image.Resampling.LANCZOS, Image.Resampling.BOX], ids=str)
def test_reducing_a_picture_in_bands_gives_the_pixels_of_a_single_resize(mode: str, resample: Image.Resampling) -> None:
    frame = pictures.grain(500, 800).convert(mode)
    for size, within in (((250, 400), None), ((150, 300), (100.5, 0.0, 400.5, 800.0)), ((9, 14), None)):
        whole = workable(frame).resize(size, resample, box=within)
        made = reduced(frame, size, box=within, resample=resample)
        assert made.mode == whole.mode
        differences = ImageChops.difference(made, whole).getextrema()
        assert max(largest for _, largest in (differences if isinstance(differences[0], tuple) else [differences])) <= 1


def test_the_fallback_picture_of_an_animated_png_is_not_a_frame() -> None:
    frames = [Image.new("RGB", (50, 40), colour) for colour in (pictures.GREEN, pictures.BLUE)]
    still = Image.new("RGB", (50, 40), pictures.RED)
    file = pictures.written(still, "PNG", save_all=True, append_images=frames, default_image=True, duration=80)
    rendered = render(file)
    assert rendered.info.frames == 2
    assert near(opened(rendered.renditions["lg"]).convert("RGB").getpixel((25, 20)), pictures.GREEN)


@pytest.mark.parametrize(("options", "plays"), [({"loop": 0}, 0), ({"loop": 2}, 3), ({}, 1)])
def test_an_animation_keeps_its_number_of_loops(options: dict[str, int], plays: int) -> None:
    file = pictures.animation("GIF", loop=options.get("loop"))
    assert opened(render(file).renditions["sm"]).info["loop"] == plays


@pytest.mark.parametrize("wrong", [{"xl": (3840,)}, {"xl": 3840}, dict.fromkeys(("thumb", "sm", "md", "lg"))])
def test_invalid_rendition_settings_are_not_blamed_on_the_picture(settings: Settings, wrong: dict[str, Any]) -> None:
    settings.NINJA_ORGKIT = {"RENDITIONS": wrong}
    with pytest.raises((ValueError, TypeError, ImproperlyConfigured)):
        render(pictures.photo(400, 300))


def test_settings_decide_the_names_sizes_and_quality_of_renditions() -> None:
    rendered = render(
        pictures.written(pictures.grain(), "JPEG"), {"best": (200, 95), "worst": (200, 5), "dot": (1, 50)}
    )
    assert list(rendered.renditions) == ["best", "worst", "dot"]
    best, worst, dot = rendered.renditions.values()
    assert (best.width, best.height, dot.width, dot.height) == (200, 150, 1, 1)
    assert len(best.content) > 2 * len(worst.content)


@pytest.mark.parametrize("size", [(1200, 800), (100, 300), (7, 5), (1, 1), (601, 600)])
def test_an_avatar_is_square_and_has_exactly_the_configured_size(size: tuple[int, int]) -> None:
    avatars = square_avatar(pictures.photo(*size, orientation=6))
    assert {side: opened(content).size for side, content in avatars.items()} == {600: (600, 600), 160: (160, 160)}


@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_avatar_is_the_centre_of_the_upright_picture(orientation: int) -> None:
    image = Image.new("RGB", (1800, 800), (0, 0, 0))
    image.paste(pictures.quarters(800, 800), (500, 0))
    file = pictures.written(image.transpose(TURNS[orientation]), "JPEG", exif=pictures.camera_exif(orientation))
    for content in square_avatar(file).values():
        assert all(near(*pair) for pair in zip(corners(opened(content)), UPRIGHT, strict=True))


def test_the_avatar_of_an_animation_is_not_animated() -> None:
    assert all(opened(content).n_frames == 1 for content in square_avatar(pictures.animation()).values())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_truncated_file_gives_neither_renditions_nor_avatars(kind: str) -> None:
    content = pictures.written(pictures.grain(), kind).getvalue()
    for use in (render, square_avatar):
        with pytest.raises(InvalidImage):
            use(BytesIO(content[: len(content) // 2]))


@pytest.mark.slow
def test_a_photo_of_12_megapixels_is_rendered() -> None:
    rendered = render(pictures.photo(4000, 3000, orientation=6))
    assert (rendered.info.width, rendered.info.height) == (3000, 4000)
    assert (rendered.renditions["lg"].width, rendered.renditions["lg"].height) == (1536, 2048)
    upright = corners(pictures.quarters(400, 300).transpose(Image.Transpose.ROTATE_270))
    for made in rendered.renditions.values():
        assert all(near(*pair) for pair in zip(corners(opened(made)), upright, strict=True))
        assert b"Secret" not in made.content
