"""The tests' host for a web server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from tests.celery import app as celery_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
application = get_wsgi_application()
__all__ = ["application", "celery_app"]
