"""Choose the database before settings are read: SQLite, or with ``ORGKIT_TEST_DB`` a server of our own.

One run of pytest has one folder for all its files and at most one server; workers of xdist share both, each with a
database of its own. ``ORGKIT_TEST_DATABASE_URL`` names a server that runs already.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Generator

import pytest

from tests.servers.mariadb import MariaDBServer
from tests.servers.postgres import PostgresServer

# While all is imported, what is made stays, and the garbage collector would look at it again and again.
gc.disable()

_FOLDER = "ORGKIT_TEST_FOLDER"
_DATABASE = "ORGKIT_TEST_DATABASE_URL"

_SERVERS: dict[str, type[MariaDBServer] | type[PostgresServer]] = {"mariadb": MariaDBServer, "postgres": PostgresServer}
_started: list[MariaDBServer | PostgresServer] = []
_folders: list[str] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Start what settings need, in the process that starts the workers."""
    if _FOLDER not in os.environ:
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="orgkit-tests-")
        _folders.append(os.environ[_FOLDER])
    wanted = os.environ.get("ORGKIT_TEST_DB", "sqlite")
    if wanted not in ("sqlite", *_SERVERS):
        raise pytest.UsageError(f"ORGKIT_TEST_DB is sqlite, postgres or mariadb, not {wanted!r}.")
    if wanted in _SERVERS and _DATABASE not in os.environ:
        server = _SERVERS[wanted]()
        _started.append(server)
        server.start()
        os.environ[_DATABASE] = server.url
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect garbage from now on, but only among what the tests make."""
    result = yield
    gc.freeze()
    gc.enable()
    return result


def pytest_report_header() -> str:
    """Say which database the tests run on."""
    return f"database: {os.environ.get(_DATABASE, 'SQLite')}"


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the server and remove the folder."""
    _clean_up()


# Wrong settings end pytest before it is configured, and then without "unconfigure".
@atexit.register
def _clean_up() -> None:
    while _started:
        _started.pop().stop()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)
