"""The Celery app of the host. Start it with ``celery -A host worker`` and ``celery -A host beat``."""

import os

from celery import Celery

from ninja_orgkit.background.schedule import ORGKIT_BEAT_SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "host.settings")

app = Celery("host")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {**ORGKIT_BEAT_SCHEDULE}
