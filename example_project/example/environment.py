"""What the environment says, turned into values of settings."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

_PROJECT = Path(__file__).resolve().parent.parent
_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
_KEEP_CONNECTION = 600


def data_dir() -> Path:
    """Return the folder of everything that the example keeps (``DEMO_DATA``), made if it is not there."""
    folder = Path(os.environ.get("DEMO_DATA") or _PROJECT / ".data").absolute()
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def secret_key(folder: Path) -> str:
    """Return ``SECRET_KEY``, else the key in the folder, made up at first; a passing one when it cannot be kept."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    file = folder / "secret_key"
    if not file.exists():
        # Linked under its name when it is whole, so that of two processes that start at once both read the same key.
        with suppress(OSError), NamedTemporaryFile("w", dir=folder) as draft:
            draft.write(get_random_secret_key())
            draft.flush()
            os.link(draft.name, file)
    try:
        return file.read_text()
    except OSError:
        return get_random_secret_key()


def database(url: str, folder: Path) -> dict[str, Any]:
    """Return the entry of ``DATABASES`` for a URL; without one it is SQLite in the folder.

    ``postgres://user:password@host:port/name?option=value``, or ``sqlite:///path`` (a fourth slash begins an absolute
    path).
    """
    url = url or f"sqlite:///{quote(str(folder / 'db.sqlite3'))}"
    try:
        found: dict[str, Any] = {**dj_database_url.parse(url, conn_max_age=_KEEP_CONNECTION)}
    except ValueError as exc:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {exc}") from exc
    options = found.get("OPTIONS", {})
    if found["ENGINE"] == "django.db.backends.sqlite3":
        return {**found, "OPTIONS": {**_SQLITE, **options}}
    if found["ENGINE"] == "django.db.backends.postgresql":
        # One more round trip per request, and a restarted server costs nobody an error.
        return {**found, "OPTIONS": {"connect_timeout": 5, **options}, "CONN_HEALTH_CHECKS": True}
    raise ImproperlyConfigured("DATABASE_URL begins with sqlite:// or postgres://.")


def cache(url: str) -> dict[str, Any]:
    """Return the entry of ``CACHES`` for a URL (``redis://…``); without one each process has its own memory.

    Django's backend reads the URL itself, options and all.
    """
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    timeouts = {"socket_timeout": 2, "socket_connect_timeout": 2}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "OPTIONS": timeouts}


def api_url() -> str:
    """Return the URL of the mounted API (``API_URL``); of a bare origin, the place where ``urls.py`` mounts it."""
    url = os.environ.get("API_URL", "http://localhost:8000").rstrip("/")
    return url if urlsplit(url).path else f"{url}/api/v1"


def allowed_hosts(url: str) -> list[str]:
    """Return the names that the site answers to: this machine's, that of its own URL, and ``ALLOWED_HOSTS``."""
    given = os.environ.get("ALLOWED_HOSTS", "").split(",")
    names = ["localhost", "127.0.0.1", "[::1]", "testserver", socket.gethostname(), urlsplit(url).hostname, *given]
    return [name.strip() for name in names if name and name.strip()]


def mail(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return backend and options of the mails: ``EMAIL_HOST`` and ``EMAIL_PORT``, or readable files in the folder."""
    if host := os.environ.get("EMAIL_HOST"):
        port = int(os.environ.get("EMAIL_PORT") or 25)
        return "django.core.mail.backends.smtp.EmailBackend", {"host": host, "port": port, "timeout": 10}
    return "example.mail.EmailBackend", {"file_path": str(folder / "mail")}


def shown_mails(folder: Path) -> Path | None:
    """Return the folder of mails that a page may show: ``DEMO_SHOWS_MAILS=on``, and mails that are files.

    They hold links that sign people in, so ``manage.py demo`` sets this only where nobody else can reach the page.
    """
    if os.environ.get("DEMO_SHOWS_MAILS") != "on" or os.environ.get("EMAIL_HOST"):
        return None
    return folder / "mail"


def file_storage(folder: Path) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for private files: S3 where ``S3_BUCKET`` is set, else the folder."""
    if not (bucket := os.environ.get("S3_BUCKET")):
        location = str(folder / "media")
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": location}}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "endpoint_url": os.environ.get("S3_ENDPOINT_URL") or None,
            "bucket_name": bucket,
            "access_key": os.environ.get("S3_ACCESS_KEY"),
            "secret_key": os.environ.get("S3_SECRET_KEY"),
            "region_name": os.environ.get("S3_REGION", "us-east-1"),
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                # A store that is silent holds a request for ten seconds at most, not for minutes as by default.
                connect_timeout=3,
                read_timeout=5,
                retries={"mode": "standard", "total_max_attempts": 2},
                # What S3 itself has since 2025, and other stores do not.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            "querystring_auth": True,
            "querystring_expire": 300,
            "file_overwrite": False,
            "default_acl": None,
            # Larger files wait on disk; without a limit they would be held in memory.
            "max_memory_size": 5 * 1024 * 1024,
        },
    }
