"""Real processes of the tests' host: a Celery worker and a web server, on the database of the running test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.servers.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]


def environment(**names: str) -> dict[str, str]:
    """Return the environment of a process that shares the database and the files of the running test."""
    wanted = connection.settings_dict
    if connection.vendor == "sqlite":
        database = f"sqlite:///{wanted['NAME']}"
    else:
        scheme = "mysql" if connection.vendor == "mysql" else "postgres"
        login = f"{quote(wanted['USER'])}:{quote(wanted['PASSWORD'])}"
        database = f"{scheme}://{login}@{wanted['HOST']}:{wanted['PORT']}/{wanted['NAME']}"
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "ORGKIT_TEST_DATABASE_URL": database,
        "ORGKIT_TEST_MEDIA": str(settings.STORAGES["default"]["OPTIONS"]["location"]),
        **names,
    }


class Process:
    """A child process that can be waited for, stopped, and killed."""

    def __init__(self, arguments: list[str], *, log: Path, environment: dict[str, str]) -> None:
        self.arguments = arguments
        self.log = log
        self.environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the id of the running process."""
        if self._process is None:
            raise RuntimeError("The process was not started.")
        return self._process.pid

    def start(self) -> None:
        """Start it in a process group of its own and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        seen = len(self.output())
        until = time.monotonic() + 60
        while not self.is_ready(self.output()[seen:]):
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"{self.arguments[0]} did not start:\n{self.output()}")
            time.sleep(0.05)

    def is_ready(self, output: str) -> bool:
        """Tell from its output since the start, or by asking it, whether it works."""
        raise NotImplementedError

    def output(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        """Ask it to end, as a deployment does, and wait; after 20 s kill it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the whole group with SIGKILL, as a crash would."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Worker(Process):
    """A Celery worker with one child process, so that a task can be killed with it, and with beat when asked."""

    def __init__(self, *, log: Path, environment: dict[str, str], beat: bool = False) -> None:
        arguments = [
            "celery",
            "-A",
            "tests.celery",
            "worker",
            "-l",
            "INFO",
            "-c",
            "1",
            "--without-gossip",
            "--without-mingle",
        ]
        if beat:
            arguments += ["--beat", "--schedule", str(log.with_suffix(".schedule"))]
        # The checks import all routes, which takes a quarter of the start; tests of their own run them.
        super().__init__(arguments, log=log, environment={**environment, "CELERY_SKIP_CHECKS": "1"})

    def is_ready(self, output: str) -> bool:
        """Tell whether the worker takes tasks."""
        return " ready." in output


class Web(Process):
    """A production web server (gunicorn) on a free loopback port."""

    def __init__(self, *, log: Path, environment: dict[str, str]) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        url = f"http://{self.address}"
        arguments = ["gunicorn", "--bind", self.address, "--threads", "4", "tests.wsgi:application"]
        super().__init__(arguments, log=log, environment={**environment, "ORGKIT_TEST_API_URL": f"{url}/api/v1"})

    @property
    def url(self) -> str:
        """Return the address without a slash at the end."""
        return f"http://{self.address}"

    def is_ready(self, output: str) -> bool:
        """Tell whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/health?live=1", timeout=5):
                return True
        except urllib.error.HTTPError as error:
            with error:
                return True
        except OSError:
            return False
