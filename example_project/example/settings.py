"""Settings of the example: a host of ninja-orgkit on stock Django. What differs between places is in the environment.

``DATABASE_URL, CACHE_URL, CELERY_BROKER_URL, EMAIL_HOST, EMAIL_PORT, API_URL, FRONTEND_URL, S3_ENDPOINT_URL, S3_BUCKET,
S3_ACCESS_KEY, S3_SECRET_KEY, SECRET_KEY, ALLOWED_HOSTS, ORGKIT_THROTTLING``; ``DEMO_DATA`` is the folder of the rest,
and ``DEMO_SHOWS_MAILS`` puts mails that are files on a page.
"""

from __future__ import annotations

import os
from typing import Any

import django

from example import environment
from ninja_orgkit.apps import ORGKIT_APPS
from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE
from ninja_orgkit.conf import Settings

DATA = environment.data_dir()
API_URL = environment.api_url()

SECRET_KEY = environment.secret_key(DATA)
DEBUG = False
ALLOWED_HOSTS = environment.allowed_hosts(API_URL)
ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Every path of the API has one spelling; a redirect to another one would turn a POST into a GET.
APPEND_SLASH = False

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",  # so that Swagger UI comes from here, and not from a CDN
    "django_celery_results",
    *ORGKIT_APPS,
    "shop",
    "example",
]
MIDDLEWARE = [
    "ninja_orgkit.health.middleware.answer_probes",
    "ninja_orgkit.protocol.request_ids.set_request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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

DATABASES = {"default": environment.database(os.environ.get("DATABASE_URL", ""), DATA)}
CACHES = {"default": environment.cache(os.environ.get("CACHE_URL", ""))}
STORAGES = {
    "default": environment.file_storage(DATA),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the packages, without collectstatic

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = API_URL.startswith("https://")

DEFAULT_FROM_EMAIL = "orgkit@example.com"
_mail_backend, _mail_options = environment.mail(DATA)
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": _mail_backend, "OPTIONS": _mail_options}}
else:
    EMAIL_BACKEND = _mail_backend
    EMAIL_HOST = _mail_options.get("host", "localhost")
    EMAIL_PORT = _mail_options.get("port", 25)
    EMAIL_TIMEOUT = _mail_options.get("timeout")
    EMAIL_FILE_PATH = _mail_options.get("file_path")

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Redis gives a message of a worker that died to another one after the visibility timeout (seconds).
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_timeout": 5, "socket_connect_timeout": 5, "visibility_timeout": 300}
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_RESULT_BACKEND = "django-db"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A worker that has to stop gives its tasks back after so many seconds.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 4.0
CELERY_BEAT_SCHEDULE = {**ORGKIT_BEAT_SCHEDULE}

NINJA_ORGKIT: dict[str, Any] = {
    "API_URL": API_URL,
    "FRONTEND_URL": os.environ.get("FRONTEND_URL", "http://localhost:3000").rstrip("/"),
    # A counter in Redis is exact; the cache of a single process would not be.
    "THROTTLE_STORE": "default" if CACHES["default"]["BACKEND"].endswith("RedisCache") else "database",
    "THROTTLING": os.environ.get("ORGKIT_THROTTLING", "on").lower() not in ("off", "0", "false", "no"),
    # The permissions of the shop: everybody sees its products, and all but viewers change them.
    "ROLES": {
        role: [*held, "products.read", *(["products.write"] if role != "viewer" else [])]
        for role, held in Settings.ROLES.items()
    },
    "HOOKS": {"before_invite": "shop.hooks.refuse_throwaway_addresses"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "ninja_orgkit.logs.RequestIdFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {request_id}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
