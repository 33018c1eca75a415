"""What the benchmarks share: a host of the kit on a PostgreSQL of its own, and a record of what it is asked."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Model

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers.postgres import PostgresServer

ENVIRONMENT = "BENCHMARK_DATABASE_URL"


@contextmanager
def running(**more: Any) -> Iterator[None]:
    """Start the server, and set Django up on it, with the tables made."""
    server = PostgresServer()
    server.start()
    os.environ[ENVIRONMENT] = server.url
    try:
        configure(**more)
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        server.stop()


def configure(**more: Any) -> None:
    """Set Django up on the server that the environment names: connections kept, none of them checked, no throttles."""
    from ninja_orgkit.apps import ORGKIT_APPS  # noqa: PLC0415

    parts = urlsplit(os.environ[ENVIRONMENT])
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "NAME": parts.path[1:],
        "CONN_MAX_AGE": 600,
        # One process does all the work of a statement, so what it spends is what the statement costs.
        "OPTIONS": {"options": "-c max_parallel_workers_per_gather=0"},
    }
    usual: dict[str, Any] = {
        "SECRET_KEY": "x" * 50,
        "ALLOWED_HOSTS": ["*"],
        "USE_TZ": True,
        "ROOT_URLCONF": "host_urls",
        "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", *ORGKIT_APPS],
        "DATABASES": {"default": database},
        "NINJA_ORGKIT": {
            "THROTTLING": False,
            "ACCESS_TOKEN_LIFETIME": timedelta(hours=12),  # filling a large table takes longer than the default
            "TAGS_MAX_ASSIGN": 1_000_000,  # bulk.py assigns more than a client may
        },
    }
    settings.configure(**{**usual, **more})
    django.setup()


class Record:
    """The statements of a block, and the seconds of CPU that the server took for them: others may use the machine."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Execute a statement (``connection.execute_wrapper``)."""
        self.statements.append((sql, params))
        started = _server_seconds()
        try:
            return execute(sql, params, many, context)
        finally:
            # The kernel may not have counted a short run yet, and what follows divides by what it took.
            self.seconds += max(_server_seconds() - started, 1e-9)


def _server_seconds() -> float:
    """Return how long the server's process for this connection has run on a CPU; without Linux, the time of day."""
    connection.ensure_connection()
    spent = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(spent.read_text().split()[0]) / 1e9 if spent.exists() else time.perf_counter()


@contextmanager
def recorded() -> Iterator[Record]:
    """Record the statements of a block."""
    record = Record()
    with connection.execute_wrapper(record):
        yield record


def plan_of(record: Record) -> str:
    """Return how PostgreSQL ran the last statement of a record."""
    sql, params = record.statements[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params)
        return "\n".join(f"      {line}" for (line,) in cursor.fetchall())


def execute(sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
    """Execute a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def insert_copies(row: Model, source: str, params: Mapping[str, Any] | None = None, **columns: str) -> None:
    """Insert a copy of an unsaved row for each row of ``source``, which is what stands behind ``FROM``.

    ``columns`` are the expressions of those columns that differ. The model says all others, so that a benchmark goes
    on working when the model gets another one.
    """
    fields = {str(field.column): field for field in row._meta.concrete_fields}
    if row._meta.auto_field and row._meta.auto_field.column not in columns:
        del fields[str(row._meta.auto_field.column)]
    given = {
        name: field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for name, field in fields.items()
        if name not in columns
    }
    names = ", ".join(fields)
    values = ", ".join(columns.get(name, f"%({name})s") for name in fields)
    execute(f"INSERT INTO {row._meta.db_table} ({names}) SELECT {values} FROM {source}", {**given, **(params or {})})


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Fill tables quickly: take their indexes away, the ones of constraints apart, and make them again at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
    for name, _ in indexes:
        execute(f'DROP INDEX "{name}"')
    yield
    execute("SET maintenance_work_mem = '512MB'")
    for _, definition in indexes:
        execute(definition)
    for table in tables:
        execute(f"VACUUM ANALYZE {table}")


def medians(shapes: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the median of what each shape returns, in runs that are interleaved."""
    runs: dict[str, list[float]] = {name: [] for name in shapes}
    for _ in range(rounds):
        for name, run in shapes.items():
            runs[name].append(run())
    return {name: statistics.median(found) for name, found in runs.items()}


def verdict(ratio: float, target: float, *, at_least: bool = False) -> str:
    """Return a target, and whether a ratio reaches it."""
    reached = ratio >= target if at_least else ratio <= target
    return f"(target {'≥' if at_least else '≤'} {target}: {'reached' if reached else 'MISSED'})"
