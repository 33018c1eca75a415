"""System checks of Celery and its broker."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# Here kombu waits without end by default. RabbitMQ is noticed by its heartbeat; brokers in memory or files never wait.
_PATIENT = ("redis", "rediss", "sentinel")


@register(Tags.async_support)
def check_broker(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of tasks that nobody gets, and of a silent broker that is waited for without end."""
    if not current_app.conf.broker_write_url:
        hint = "Import your Celery app in the __init__.py of your project, and set CELERY_BROKER_URL."
        return [
            Warning(
                "No Celery app with a broker is configured: tasks go to amqp://localhost.", hint=hint, id="orgkit.W023"
            )
        ]
    try:
        connection = current_app.connection_for_write()
        connection.create_transport()  # it imports the client, and connects to nothing
    except (ImportError, KeyError) as exc:
        hint = "Install it: ninja-orgkit[redis] brings the one for Redis and Valkey."
        return [Error(f"The client of Celery's broker is not installed: {exc}.", hint=hint, id="orgkit.E017")]
    options = current_app.conf.broker_transport_options or {}
    if str(connection.transport_cls) in _PATIENT and not {"socket_timeout", "socket_connect_timeout"} <= options.keys():
        hint = 'Set CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}.'
        return [
            Warning(
                "Workers, and tasks that are sent without the outbox, wait for a silent broker without end.",
                hint=hint,
                id="orgkit.W024",
            )
        ]
    return []
