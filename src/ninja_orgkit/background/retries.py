"""Tasks that are tried again. Short pauses are countdowns of the broker, long ones wait in the outbox.

Redis delivers a message a second time when its countdown is longer than the visibility timeout, and again each time
that this runs out. Every copy would ask for a retry of its own.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import Task
from celery.exceptions import Ignore
from celery.utils.time import get_exponential_backoff_interval
from django.conf import settings as django_settings
from django.db import InterfaceError, OperationalError
from django.utils import translation

from ninja_orgkit.background import outbox
from ninja_orgkit.logs import get_logger

logger = get_logger("ninja_orgkit.tasks")

MAX_COUNTDOWN = 60
"""The longest countdown of a message in the broker, in seconds."""

DATABASE_DOWN = (OperationalError, InterfaceError)
"""The errors that Django raises while the database cannot be reached."""


class RetriedTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task that is tried again after the errors in ``retry_on``: ``@shared_task(base=RetriedTask, retry_on=…)``.

    It runs in the language in which it was enqueued.

    The pauses double, from ``first_pause`` to ``longest_pause`` seconds, and end after ``max_retries`` of them.
    """

    retry_on: tuple[type[Exception], ...] = ()
    first_pause = 5
    longest_pause = 3600

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, and plan the next attempt if it fails."""
        if self.request.id is None:  # called as a function
            return super().__call__(*args, **kwargs)
        errors: tuple[type[Exception], ...] = (*self.retry_on, *DATABASE_DOWN)
        language = outbox.language_of(self.request) or django_settings.LANGUAGE_CODE
        try:
            with translation.override(language):
                return self.attempt(*args, **kwargs)
        except errors as exc:
            raise self.later(exc) from exc

    def attempt(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task."""
        return self.run(*args, **kwargs)  # not by Task.__call__, which would hide the request

    def waits_for(self, error: Exception) -> str:
        """Return the service that has to come back before the next attempt can succeed, for the health check, or ""."""
        return ""

    def later(self, error: Exception, kwargs: dict[str, Any] | None = None) -> Exception:
        """Plan the next attempt, with other arguments if given. Return what the task has to raise."""
        if self.request.retries >= self.max_retries:
            return error
        pause = get_exponential_backoff_interval(self.first_pause, self.request.retries, self.longest_pause)
        logger.warning("%s failed (%s). The next attempt is in %s s.", self.name, type(error).__name__, pause)
        return self.wait(pause, kwargs=kwargs, waits_for=self.waits_for(error))

    def wait(self, pause: float, *, kwargs: dict[str, Any] | None = None, waits_for: str = "") -> Exception:
        """Plan the next attempt in ``pause`` seconds. Return what the task has to raise."""
        request, retries = self.request, self.request.retries + 1
        kwargs = request.kwargs if kwargs is None else kwargs
        if not request.is_eager:
            values = {"kwargs": kwargs, "retries": retries, "waits_for": waits_for}
            with suppress(*DATABASE_DOWN):  # then the broker has to keep the message
                if pause > MAX_COUNTDOWN:
                    outbox.put_back(request.id, self.name, seconds=pause, **values)
                    ignored: Exception = Ignore()
                    return ignored
                outbox.extend(request.id, seconds=pause, **values)
        retry: Exception = self.retry(
            kwargs=kwargs, countdown=min(pause, MAX_COUNTDOWN), max_retries=retries, throw=False
        )
        return retry
