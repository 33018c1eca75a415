"""The app of the example: its Celery app, its start page, and the command ``demo``."""

from django.apps import AppConfig

from example.celery import app as celery_app


class ExampleConfig(AppConfig):
    """Holds the Celery app, so that every process that knows the settings publishes to the same broker."""

    name = "example"
    verbose_name = "Example"
    celery_app = celery_app
