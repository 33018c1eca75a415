"""The tour in the README, run word for word against the example project."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

ROOT = Path(__file__).parent.parent
API = "http://127.0.0.1:8000/api/v1"
START_SECONDS = 120
TOUR_SECONDS = 180
READY = re.compile(r"^ready: (http://127\.0\.0\.1:\d+/api/v1)/docs$")
# What would make the demo use servers of this machine.
SERVICES = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "API_URL",
    "DJANGO_SETTINGS_MODULE",
)

pytestmark = [pytest.mark.slow, pytest.mark.worker, pytest.mark.once]


def tour() -> str:
    """Return the bash blocks of the tour, one after the other."""
    text = (ROOT / "README.md").read_text()
    part = text.partition("<!-- tour: begin -->")[2].partition("<!-- tour: end -->")[0]
    return "\n".join(re.findall(r"^```bash\n(.*?)^```$", part, re.MULTILINE | re.DOTALL))


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """Start the example on a free port and return the base URL of its API."""
    command = [
        sys.executable,
        "example_project/manage.py",
        "demo",
        "--no-seed",
        "--port",
        "0",
        "--data",
        str(tmp_path / "data"),
    ]
    environment = {name: value for name, value in os.environ.items() if name not in SERVICES}
    environment.pop("DJANGO_SETTINGS_MODULE", None)  # manage.py says which
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), environment.get("PYTHONPATH", "")])
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        alarm = _Alarm(process)
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                if found := READY.match(lines[-1]):
                    yield found[1]
                    break
            else:
                pytest.fail("The demo ended before it was ready:\n" + "\n".join(lines))
        finally:
            alarm.cancel()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


class _Alarm:
    """Ends a process that does not become ready in time, so that reading from it ends too."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._timer = Timer(START_SECONDS + TOUR_SECONDS, process.terminate)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()


def test_the_tour_of_the_readme_ends_with_an_export_that_verifies(demo: str, tmp_path: Path) -> None:
    script = tour()
    assert API in script
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "docs" / "examples", checkout / "docs" / "examples")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(API, demo)],
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
