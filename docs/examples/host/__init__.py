"""A host project. Importing the Celery app here lets the web process find the broker."""

from host.celery import app as celery_app

__all__ = ["celery_app"]
