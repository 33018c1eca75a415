"""``manage.py demo`` as a test starts it: a process with a folder of its own, on a free port."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

MANAGE = Path(__file__).resolve().parents[2] / "example_project" / "manage.py"
_CONFIGURED = (
    "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_HOST", "EMAIL_PORT", "API_URL", "FRONTEND_URL",
    "S3_ENDPOINT_URL", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SECRET_KEY", "ORGKIT_THROTTLING",
    "DJANGO_SETTINGS_MODULE",
)  # fmt: skip


class Demo:
    """A demo that was started; ``wait_until_ready`` waits for its last line."""

    def __init__(self, data: Path, *options: str, cwd: Path, **environment: str) -> None:
        self.data = data
        self.output = cwd / f"{data.name}-{time.monotonic_ns()}.out"
        clean = {name: value for name, value in os.environ.items() if name not in _CONFIGURED}
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(MANAGE), "demo", "--data", str(data), "--port", "0", *options],
                cwd=cwd,  # not the project's: it works from anywhere
                env={**clean, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def printed(self) -> str:
        """Return all that it printed."""
        return self.output.read_text()

    def wait_until_ready(self, seconds: float = 120) -> str:
        """Return the URL of the API."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            if found := re.search(r"^ready: (http://.*/api/v1)/docs$", self.printed(), re.MULTILINE):
                return found[1]
            time.sleep(0.1)
        raise AssertionError(f"not ready:\n{self.printed()}")

    def wait_until_ended(self, seconds: float = 120) -> int:
        """Return the exit code."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """End it as a deployment does, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_until_ended()

    def logins(self) -> dict[str, str]:
        """Return the logins that it printed: address and password."""
        return dict(re.findall(r"^login: (\S+)  password: (\S+)", self.printed(), re.MULTILINE))

    def wait_for_mail(self, address: str, seconds: float = 120) -> Path:
        """Return the file of the first mail to an address, when it is written.

        A message that does not reach the broker at once waits for a minute in the outbox, and half a minute for beat.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for file in (self.data / "mail").glob("[!.]*"):
                if f"To: {address}\n" in file.read_text():
                    return file
            time.sleep(0.1)
        raise AssertionError(f"no mail to {address}")

    def processes(self) -> dict[int, str]:
        """Return all processes that belong to it (children of children too), by id, with their command lines."""
        mark = f"DEMO_DATA={self.data}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                # Valkey writes its title over its environment, but works in its folder.
                at_home = (folder / "cwd").readlink().is_relative_to(self.data)
                if at_home or mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def left_after(self, seconds: float) -> dict[int, str]:
        """Return the processes that are still there when all should have gone."""
        until = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        return left


def call(url: str, body: Any = None, *, token: str = "", method: str | None = None) -> tuple[int, Any]:
    """Return status and content of an answer: JSON where it is JSON, else bytes."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if data else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as response:
            status, content, kind = response.status, response.read(), response.headers["Content-Type"] or ""
    except urllib.error.HTTPError as error:
        with error:
            status, content, kind = error.code, error.read(), error.headers["Content-Type"] or ""
    return status, json.loads(content) if "json" in kind else content
