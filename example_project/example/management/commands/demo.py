"""``manage.py demo``: the whole application by one command."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from example.demo import valkey
from example.demo.supervisor import PROJECT, ChildEnded, Stopped, Supervisor

_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104  # compared, not listened on
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LOCK_PATIENCE = 15.0
_PATIENT_WITH_OTHERS = 20.0


class Command(BaseCommand):
    """Runs broker, migrations, worker, beat and web server as child processes, until one of them ends or a signal."""

    help = "Start everything: a private Valkey, migrations, a seeded world, a Celery worker, beat and a web server."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add where to listen and where to keep the data."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000); 0 takes a free one")
        parser.add_argument("--data", type=Path, default=PROJECT / ".data", help="folder of all data")
        parser.add_argument("--no-seed", action="store_true", help="begin with an empty database")

    def handle(self, *args: Any, host: str, port: int, data: Path, no_seed: bool, **options: Any) -> None:
        """Run until the end. A signal is a good end; the death of a child is not."""
        data = data.absolute()
        (data / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        port = self._reserve(host, port)
        with _locked(data / "demo.lock") as lock:
            environment = _environment(data, host, port)
            supervisor = Supervisor(data / "logs", environment, keep_open=[lock.fileno()])
            try:
                with supervisor.supervising():
                    self._run(supervisor, data, host, port, seed=not no_seed)
            except Stopped:
                self._say("stopped")
            except (ChildEnded, FileNotFoundError) as exc:
                raise CommandError(str(exc)) from exc

    def _run(self, supervisor: Supervisor, data: Path, host: str, port: int, *, seed: bool) -> None:
        self._say(f"data: {data}")
        self._say(f"logs: {data / 'logs'}")
        if _needs_broker(supervisor.environment):
            self._say("Starting Valkey, the broker and cache…")
            _start_broker(supervisor, data)
        self._say("Preparing the database…")
        prepare = [] if seed else ["--no-seed"]
        command = [sys.executable, str(PROJECT / "manage.py"), "demo_prepare", *prepare]
        supervisor.run("prepare", *command, say=self._say)
        self._say("Starting the web server, the worker and the scheduler…")
        _start_servers(supervisor, data, host, port)
        self._wait(supervisor, host, port)
        with suppress(FileNotFoundError):
            for login in json.loads((data / "logins.json").read_text()):
                self._say(f"login: {login['email']}  password: {login['password']}  ({login['who']})")
        site = f"http://{_shown(host)}:{port}"
        if supervisor.environment["DEMO_SHOWS_MAILS"] == "on":
            self._say(f"mails: {site}/mails/")
        self._say(f"start page: {site}/")
        self._say(f"ready: {site}/api/v1/docs")
        while True:
            supervisor.pause()

    def _wait(self, supervisor: Supervisor, host: str, port: int) -> None:
        """Wait until the application is healthy; for what is not its own (mail, files) only so long."""
        degraded_since: float | None = None
        while (health := _health(host, port)) != "ok":
            supervisor.pause()
            if health != "degraded":
                degraded_since = None
            elif degraded_since is None:
                degraded_since = time.monotonic()
            elif time.monotonic() - degraded_since > _PATIENT_WITH_OTHERS:
                self._say("warning: something is unavailable, see /api/v1/health")
                return

    def _reserve(self, host: str, port: int) -> int:
        """Return the port, a free one for 0. Raises CommandError when it cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                return int(probe.getsockname()[1])
        except (OSError, OverflowError) as exc:
            raise CommandError(f"Cannot listen on {host}, port {port}: {exc}. Choose another one by --port.") from exc

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def may_show_mails(host: str, environment: Mapping[str, str]) -> bool:
    """Tell whether a page may show the mails: they are files, and nobody but this machine reaches the page.

    Mails hold links that let whoever has them into an account.
    """
    return host in _LOOPBACK and not environment.get("API_URL") and not environment.get("EMAIL_HOST")


def _environment(data: Path, host: str, port: int) -> dict[str, str]:
    """Return the environment of the children; what is set already is kept."""
    reached = "localhost" if host in _WILDCARDS else _shown(host)
    names = "*" if host in _WILDCARDS else host
    given = dict(os.environ)
    python_path = [os.path.abspath(entry) for entry in given.get("PYTHONPATH", "").split(os.pathsep) if entry]  # noqa: PTH100
    kind, separator, path = given.get("DATABASE_URL", "").partition("sqlite:///")
    if separator and not kind:
        given["DATABASE_URL"] = f"sqlite:///{Path(path).absolute()}"
    if given.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Else each child compiles all modules anew, for seconds.
        given["PYTHONPYCACHEPREFIX"] = str(data / "pycache")
    given["DEMO_SHOWS_MAILS"] = "on" if may_show_mails(host, given) else "off"
    return {
        "API_URL": f"http://{reached}:{port}/api/v1",
        "ALLOWED_HOSTS": names,
        **given,
        "DEMO_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "example.settings",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), *python_path]),
        "PYTHONUNBUFFERED": "1",
    }


def _needs_broker(environment: dict[str, str]) -> bool:
    return not (environment.get("CELERY_BROKER_URL") and environment.get("CACHE_URL"))


def _start_broker(supervisor: Supervisor, data: Path) -> None:
    environment = supervisor.environment
    url = valkey.start(supervisor, data / "valkey")
    environment["CELERY_BROKER_URL"] = environment.get("CELERY_BROKER_URL") or f"{url}/0"
    environment["CACHE_URL"] = environment.get("CACHE_URL") or f"{url}/1"


def _start_servers(supervisor: Supervisor, data: Path, host: str, port: int) -> None:
    web = [
        *("--bind", f"{_shown(host)}:{port}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "8"),
        *("--limit-request-line", "0"),  # a token that is too long is for the API to refuse
        *("--keep-alive", "75"),  # as long as usual proxies and clients keep a connection
        *("--graceful-timeout", "5", "--no-control-socket"),
    ]
    supervisor.start("web", sys.executable, "-m", "gunicorn", *web, "example.wsgi:application")
    celery = [sys.executable, "-m", "celery", "--app", "example.celery"]
    worker = ["--pool", "prefork", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    schedule = ["--schedule", str(data / "beat-schedule"), "--pidfile", ""]
    supervisor.start("worker", *celery, "worker", "--loglevel", "INFO", *worker, stop_signal=signal.SIGQUIT)
    supervisor.environment["CELERY_SKIP_CHECKS"] = "1"  # the worker runs the system checks, and once is enough
    supervisor.start("beat", *celery, "beat", "--loglevel", "INFO", *schedule)


def _health(host: str, port: int) -> str:
    """Return the status that ``/health`` tells; empty when nobody answers."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(target, port, timeout=5)
    try:
        connection.request("GET", "/api/v1/health", headers={"Host": "localhost"})
        return str(json.loads(connection.getresponse().read())["status"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ""
    finally:
        connection.close()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _locked(file: Path) -> IO[str]:
    """Return the opened lock file; a demo that just ends is waited for. Raises CommandError when one goes on."""
    lock = file.open("a")
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() - begun > _LOCK_PATIENCE:
                raise CommandError(
                    f"Another demo runs on {file.parent}. End it, or choose another folder by --data."
                ) from None
            time.sleep(0.2)
        else:
            return lock
