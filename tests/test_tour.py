"""The tour in the README, run word for word against the example project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.example.demo import Demo

ROOT = Path(__file__).parent.parent
API = "http://127.0.0.1:8000/api/v1"
TOUR_SECONDS = 180

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.once]


def tour() -> str:
    """Return the bash blocks of the tour, one after the other."""
    text = (ROOT / "README.md").read_text()
    part = text.partition("<!-- tour: begin -->")[2].partition("<!-- tour: end -->")[0]
    return "\n".join(re.findall(r"^```bash\n(.*?)^```$", part, re.MULTILINE | re.DOTALL))


def test_the_tour_of_the_readme_ends_with_an_export_that_verifies(running_demo: Demo, tmp_path: Path) -> None:
    script = tour()
    assert API in script
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "docs" / "examples", checkout / "docs" / "examples")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(API, running_demo.wait_until_ready())],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=TOUR_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    checked = [sys.executable, "-I", "docs/examples/verify_export.py", "export.zip"]
    subprocess.run(checked, cwd=checkout, check=True, timeout=60, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(checkout / "export.zip") as archive:
        names = archive.namelist()
        assert {"manifest.json", "index.html", "data/contacts.jsonl", "data/attachments.jsonl"} <= set(names)
        picture = next(name for name in names if name.startswith("images/"))
        assert archive.read(picture) == (ROOT / "docs" / "examples" / "picture.jpg").read_bytes()
        assert b"Grace" in archive.read("data/contacts.jsonl")
    assert (checkout / "thumb.webp").read_bytes()[8:12] == b"WEBP"
