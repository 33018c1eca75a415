"""A MariaDB server of our own, from the programs of the system (Debian: ``mariadb-server``); works as root too."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers.postgres import free_port

_OPTIONS = {
    "bind-address": "127.0.0.1",
    "max-connections": "200",
    # As for most hosts: what has no collation of its own ignores case and accents.
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_general_ci",
    "innodb-buffer-pool-size": "128M",
    # The data is thrown away, so nothing needs to survive a crash.
    "innodb-flush-method": "nosync",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
}
_SYSTEM = "/usr/sbin"
"""Where servers are, which is not on everybody's PATH."""


class MariaDBServer:
    """One private server on a free loopback port, with its data in a temporary folder."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="orgkit-mariadb-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Return where the server is; its administrator has no password."""
        return f"mysql://root@127.0.0.1:{self.port}/mysql"

    def start(self) -> None:
        """Make the system tables, start the server and wait until it answers."""
        # MariaDB refuses to run as root.
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            record = pwd.getpwnam(user)
            os.chown(self.home, record.pw_uid, record.pw_gid)
        groups: list[int] | None = [] if user else None
        data = f"--datadir={self.home / 'data'}"
        install = [
            _program("mariadb-install-db"),
            "--no-defaults",
            data,
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, check=True, user=user, extra_groups=groups, cwd=self.home, capture_output=True)
        options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
        place = [data, f"--port={self.port}", f"--socket={self.home / 'socket'}", f"--pid-file={self.home / 'pid'}"]
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_program("mariadbd"), "--no-defaults", *place, *options],
                user=user,
                extra_groups=groups,
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait(30)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            # It listens once it takes connections, and greets whoever connects.
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        log = (self.home / "log").read_text()
        self.stop()
        raise RuntimeError(f"MariaDB did not start:\n{log}")

    def stop(self) -> None:
        """End the server, at once, and remove its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), _SYSTEM]))
    if found is None:
        raise RuntimeError(f"The tests on MariaDB need {name}, from the system's package mariadb-server.")
    return found
