"""A process decodes a bounded number of pixels at once, however many pictures come."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier, Lock

import pytest
from pytest_django import Settings

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.gate import decoding
from ninja_orgkit.media.pictures import Source, examine, inspect
from ninja_orgkit.media.renditions import square_avatar
from tests.media import pictures


class Load:
    """Counts what is in the gate at the same time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now: list[int] = []
        self.seen: list[tuple[int, ...]] = []

    def put(self, pixels: int) -> None:
        with self._lock:
            self._now.append(pixels)
            self.seen.append(tuple(self._now))
        time.sleep(0.01)
        with self._lock:
            self._now.remove(pixels)


def together(count: int, call: Callable[[int], object]) -> None:
    with ThreadPoolExecutor(count) as threads:
        list(threads.map(call, range(count)))


def test_pictures_wait_until_there_is_room(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"DECODE_PIXELS_AT_ONCE": 70}
    load = Load()

    def decode(_number: int) -> None:
        with decoding(30):
            load.put(30)

    together(8, decode)
    assert len(load.seen) == 8
    assert max(map(sum, load.seen)) == 60


def test_a_picture_over_the_bound_is_decoded_alone(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"DECODE_PIXELS_AT_ONCE": 70}
    load = Load()

    def decode(number: int) -> None:
        pixels = 500 if number % 2 else 10
        with decoding(pixels):
            load.put(pixels)

    together(8, decode)
    assert len(load.seen) == 8
    assert all(seen == (500,) for seen in load.seen if 500 in seen)


def test_a_failure_makes_room_again(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"DECODE_PIXELS_AT_ONCE": 1}
    for use in (inspect, square_avatar):
        with pytest.raises(InvalidImage):
            use(BytesIO(pictures.photo().getvalue()[:2000]))
    assert inspect(pictures.photo()).width == 400


def test_pictures_of_several_threads_are_examined_one_after_another(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"DECODE_PIXELS_AT_ONCE": 400 * 300}
    content = pictures.photo().getvalue()
    load = Load()

    def use(source: Source) -> None:
        load.put(source.size[0] * source.size[1])

    together(6, lambda _number: examine(BytesIO(content), use))
    assert load.seen == [(120_000,)] * 6


@pytest.mark.parametrize(("kind", "at_once"), [("JPEG", 4), ("PNG", 3), ("GIF", 3), ("AVIF", 2), ("WEBP", 1)])
def test_a_pixel_counts_by_the_memory_that_its_format_takes(kind: str, at_once: int, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"DECODE_PIXELS_AT_ONCE": 3 * 400 * 300}
    content = pictures.written(pictures.grain(400, 300), kind).getvalue()
    start, load = Barrier(at_once), Load()

    def use(source: Source) -> None:
        start.wait(timeout=30)
        load.put(1)

    together(2 * at_once, lambda _number: examine(BytesIO(content), use))
    assert max(map(len, load.seen)) <= at_once
