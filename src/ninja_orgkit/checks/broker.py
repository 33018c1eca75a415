"""System checks of Celery and its broker."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ninja_orgkit.background.retries import MAX_COUNTDOWN

# With these, kombu waits forever by default. RabbitMQ has a heartbeat; brokers in memory or files never wait.
_NO_TIMEOUT = ("redis", "rediss", "sentinel")
_TIMEOUTS = {"socket_timeout", "socket_connect_timeout"}


@register(Tags.async_support)
def check_broker(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report tasks that no worker receives, and a broker that Celery would wait for forever or that repeats tasks."""
    if not current_app.conf.broker_write_url:
        hint = "Import your Celery app in the __init__.py of your project, and set CELERY_BROKER_URL."
        return [
            Warning(
                "No Celery app with a broker is configured, so tasks go to amqp://localhost.",
                hint=hint,
                id="orgkit.W023",
            )
        ]
    try:
        connection = current_app.connection_for_write()
        connection.create_transport()  # this imports the client, and does not connect
    except (ImportError, KeyError) as exc:
        hint = "Install it. The extra ninja-orgkit[redis] has the client of Redis and Valkey."
        return [Error(f"The client of Celery's broker is not installed: {exc}.", hint=hint, id="orgkit.E017")]
    options = current_app.conf.broker_transport_options or {}
    if str(connection.transport_cls) in _NO_TIMEOUT and not options.keys() >= _TIMEOUTS:
        hint = 'Set CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}.'
        return [
            Warning(
                "Workers, and tasks sent without the outbox, wait forever when the broker does not answer.",
                hint=hint,
                id="orgkit.W024",
            )
        ]
    visible = options.get("visibility_timeout")
    if visible is not None and visible <= MAX_COUNTDOWN:
        hint = f"Raise it above {MAX_COUNTDOWN} in CELERY_BROKER_TRANSPORT_OPTIONS."
        return [
            Warning(
                f"The visibility_timeout of the broker is {visible} s, so it repeats tasks that wait for a retry.",
                hint=hint,
                id="orgkit.W052",
            )
        ]
    return []


@register(Tags.async_support)
def check_beat_schedule(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about periodic tasks of the kit that no worker knows."""
    named = {str(entry.get("task")) for entry in (current_app.conf.beat_schedule or {}).values()}
    unknown = sorted(task for task in named if task.startswith("orgkit.") and task not in current_app.tasks)
    hint = "Its app is not installed. Read ORGKIT_BEAT_SCHEDULE below INSTALLED_APPS, or remove the entry."
    return [
        Warning(f"The beat schedule names the task {task!r}, which does not exist.", hint=hint, id="orgkit.W049")
        for task in unknown
    ]
