"""Settings of the tests: a host on stock Django, with the example's shop. The environment chooses the servers.

Worker and web processes that a test starts read this module too; ``tests.servers.processes`` sets their environment.
"""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django

from ninja_orgkit.apps import ORGKIT_APPS

_ENGINES = {"mysql": "mysql", "postgres": "postgresql"}


def _database(url: str, folder: Path) -> dict[str, Any]:
    """Return the entry of ``DATABASES`` for a URL (``sqlite:///path``, ``postgres://user:password@host:port/name``, ``mysql://…``)."""
    parts = urlsplit(url)
    if parts.scheme in _ENGINES:
        return {
            "ENGINE": f"django.db.backends.{_ENGINES[parts.scheme]}",
            "HOST": parts.hostname,
            "PORT": parts.port,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "NAME": parts.path[1:],
            "TEST": {"NAME": "orgkit"},
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": parts.path[1:] or folder / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        # A file, so that threads and other processes see what a test sees.
        "TEST": {"NAME": folder / "test.sqlite3"},
    }


FOLDER = Path(os.environ.get("ORGKIT_TEST_FOLDER") or Path(tempfile.gettempdir()) / "orgkit-tests")
FOLDER.mkdir(parents=True, exist_ok=True)

SECRET_KEY = "tests-only-" + "x" * 40
DEBUG = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
ROOT_URLCONF = "tests.urls"
USE_TZ = True
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",
    "django_celery_results",
    *ORGKIT_APPS,
    "shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"

DATABASES = {"default": _database(os.environ.get("ORGKIT_TEST_DATABASE_URL", ""), FOLDER)}
# It says what is slower on MariaDB, which is true there.
SILENCED_SYSTEM_CHECKS = ["orgkit.I051"] if "mysql" in DATABASES["default"]["ENGINE"] else []
CACHES: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if _SHARED_CACHE := os.environ.get("ORGKIT_TEST_CACHE_URL"):
    CACHES["shared"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _SHARED_CACHE}
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": os.environ.get("ORGKIT_TEST_MEDIA") or FOLDER / "media"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Fast, because what it hashes is worth nothing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

DEFAULT_FROM_EMAIL = "orgkit@example.com"
_SMTP_HOST, _, _SMTP_PORT = os.environ.get("ORGKIT_TEST_SMTP", "").partition(":")
_MAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _SMTP_HOST else 'locmem'}.EmailBackend"
if django.VERSION >= (6, 1):
    _MAIL_OPTIONS = {"host": _SMTP_HOST, "port": int(_SMTP_PORT)} if _SMTP_HOST else {}
    MAILERS = {"default": {"BACKEND": _MAIL_BACKEND, "OPTIONS": _MAIL_OPTIONS}}
else:
    EMAIL_BACKEND = _MAIL_BACKEND
    EMAIL_HOST = _SMTP_HOST
    EMAIL_PORT = int(_SMTP_PORT or 25)

# Without a broker every task stays in the outbox, until a test asks for it (``run_outbox``) or brings one (``broker``).
CELERY_BROKER_URL = os.environ.get("ORGKIT_TEST_BROKER_URL", "redis://127.0.0.1:1/0")
CELERY_RESULT_BACKEND = "django-db"
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

NINJA_ORGKIT: dict[str, Any] = {
    "API_URL": os.environ.get("ORGKIT_TEST_API_URL", "http://testserver/api/v1"),
    "THROTTLE_STORE": "shared" if _SHARED_CACHE else "database",
    # No test runs across two windows: the links in two answers that ought to be the same are the same.
    "MEDIA_URL_WINDOW": timedelta(days=36_500),
}
