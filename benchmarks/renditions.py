"""Renditions: ours against the floor and a naive shape. Run it as ``python benchmarks/renditions.py``.

The floor is one scaled decode and the four encodes of pixels that are ready; naive is open, convert, copy and thumbnail
for each size. Every shape runs in a process of its own, so that peak memory is its own; the runs are interleaved, and
only ratios within one run count.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import django
from django.conf import settings
from PIL import Image, ImageChops, ImageStat

ROUNDS = 3
SPECS = {"thumb": (160, 65), "sm": (640, 80), "md": (1024, 85), "lg": (2048, 85)}
CASES = {"12mp.jpg": (4000, 3000, 1.6, 90), "24mp.jpg": (6000, 4000, 1.4, 60), "12mp.png": (4000, 3000, 1.5, 90)}
SHAPES = ("floor", "ours", "proof", "naive")


def picture(width: int, height: int) -> Image.Image:
    """Return something like a photograph: soft gradients, shapes with edges, and grain at every scale."""
    planes = []
    for seed in range(3):
        plane = Image.linear_gradient("L").rotate(70 * seed).resize((width, height), Image.Resampling.BICUBIC)
        for cells in (12, 60, 300, 1500):
            noise = Image.effect_noise((cells, cells * height // width), 60)
            noise = noise.resize((width, height), Image.Resampling.BICUBIC)
            plane = Image.blend(plane, noise, 0.25)
        planes.append(plane)
    return Image.merge("RGB", planes)


def sizes(width: int, height: int) -> dict[str, tuple[int, int]]:
    """Return the sizes of the renditions."""
    return {
        name: (round(width * side / max(width, height)), round(height * side / max(width, height)))
        for name, (side, _) in SPECS.items()
    }


def encode(image: Image.Image, quality: int) -> bytes:
    """Return a WebP file."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def floor(path: Path) -> Callable[[], dict[str, bytes]]:
    """One scaled decode, and encodes of pixels that were made before."""
    wanted = sizes(*Image.open(path).size)
    ready = {
        name: Image.open(path).convert("RGB").resize(size, Image.Resampling.LANCZOS) for name, size in wanted.items()
    }

    def run() -> dict[str, bytes]:
        with Image.open(path) as image:
            image.draft(None, wanted["lg"])
            image.load()
        return {name: encode(ready[name], quality) for name, (_, quality) in SPECS.items()}

    return run


def ours(path: Path) -> Callable[[], dict[str, bytes]]:
    """What the worker does."""
    from ninja_orgkit.media.renditions import render  # noqa: PLC0415  # only this process pays for the import

    def run() -> dict[str, bytes]:
        with path.open("rb") as file:
            return {name: made.content for name, made in render(file, SPECS).renditions.items()}

    return run


def proof(path: Path) -> Callable[[], dict[str, bytes]]:
    """What the request does: prove that the file is whole."""
    from ninja_orgkit.media.pictures import inspect  # noqa: PLC0415

    def run() -> dict[str, bytes]:
        with path.open("rb") as file:
            inspect(file)
        return {}

    return run


def naive(path: Path) -> Callable[[], dict[str, bytes]]:
    """Open, convert and shrink once for each size."""

    def run() -> dict[str, bytes]:
        made = {}
        for name, (side, quality) in SPECS.items():
            with Image.open(path) as image:
                small = image.convert("RGB").copy()
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            made[name] = encode(small, quality)
        return made

    return run


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_of(run: Callable[[], dict[str, bytes]]) -> tuple[dict[str, bytes], float]:
    """Return what a run made, and how many MiB it took at most above what there was before."""
    before, highest, done = resident(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.001):
            highest = max(highest, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    made = run()
    done.set()
    watcher.join()
    return made, highest - before


def child(shape: str, path: Path, out: Path) -> None:
    """Time one shape, write what it made into ``out``, and print the figures as JSON."""
    settings.configure(USE_TZ=True)
    django.setup()
    run = globals()[shape](path)
    Image.init()
    made, peak = peak_of(run)
    times = []
    for _ in range(2):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    for name, content in made.items():
        (out / f"{shape}-{name}.webp").write_bytes(content)
    print(json.dumps({"seconds": min(times), "peak": peak, "bytes": sum(map(len, made.values()))}))


def distance(path: Path, made: Path) -> float:
    """Return the root mean square distance of a rendition from the original, reduced in one step."""
    with Image.open(path) as original, Image.open(made) as small:
        ideal = original.convert("RGB").resize(small.size, Image.Resampling.LANCZOS)
        return sum(ImageStat.Stat(ImageChops.difference(ideal, small.convert("RGB"))).rms) / 3


def main() -> None:
    """Print one line for each shape of each case."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for case, (width, height, target, memory) in CASES.items():
            path = out / case
            picture(width, height).save(path, quality=90)
            runs: dict[str, list[dict[str, float]]] = {shape: [] for shape in SHAPES}
            for _ in range(ROUNDS):
                for shape in SHAPES:
                    command = [sys.executable, __file__, shape, str(path), folder]
                    runs[shape].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
            base = min(run["seconds"] for run in runs["floor"])
            print(f"{case}: {path.stat().st_size / 2**20:.1f} MiB; floor {base * 1000:.0f} ms")
            for shape in SHAPES:
                ratio = min(run["seconds"] for run in runs[shape]) / base
                peak = max(run["peak"] for run in runs[shape])
                size = runs[shape][0]["bytes"] / runs["naive"][0]["bytes"]
                far = [distance(path, out / f"{shape}-{name}.webp") for name in SPECS] if size else []
                goal = f"  (target {target}, {memory} MiB)" if shape == "ours" else ""
                rms = " ".join(f"{value:.2f}" for value in far)
                print(f"  {shape:6} {ratio:5.2f} × floor  {peak:6.1f} MiB  {size:5.3f} × bytes  rms {rms}{goal}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
