"""Tasks whose effect cannot be undone, such as a mail, run once, however often the broker delivers their message.

A broker may deliver a message again, and the outbox publishes one again that takes long. A worker therefore records a
receipt with the id of the message before it runs the task. When it dies, another worker takes over at the end of its
lease. Only then can the effect happen twice, because nobody knows whether it happened.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from ninja_orgkit.background.retries import DATABASE_DOWN, RetriedTask
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.models import TaskReceipt

_LEASE = timedelta(minutes=5)
_KEPT = timedelta(days=3)


class OnceTask(RetriedTask):
    """A task that runs once for each message: ``@shared_task(base=OnceTask, retry_on=…)``."""

    def attempt(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task unless it is done. While another worker runs it, wait for the end of its lease."""
        message: str = self.request.id
        if not _begin(message):
            until = _receipts(message).filter(done=False).values_list("lease_until", flat=True).first()
            if until is None:
                return None
            raise self.wait(max(1.0, (until - timezone.now()).total_seconds()))
        try:
            result = super().attempt(*args, **kwargs)
        except BaseException:
            with suppress(*DATABASE_DOWN):  # then the lease runs out
                _receipts(message).update(lease_until=timezone.now())
            raise
        _receipts(message).update(done=True)
        return result


def purge() -> int:
    """Delete the receipts of messages that will not be delivered again, and return how many there were."""
    return TaskReceipt.objects.filter(lease_until__lt=timezone.now() - _KEPT).delete()[0]


def _begin(message: str) -> bool:
    """Claim a message for one lease. Return False when another worker has it or is done with it."""
    now = timezone.now()
    try:
        with atomic():
            TaskReceipt(id=message, lease_until=now + _LEASE).save(force_insert=True)
    except IntegrityError:
        stale = _receipts(message).filter(done=False, lease_until__lte=now)
        return stale.update(lease_until=now + _LEASE) == 1
    return True


def _receipts(message: str) -> QuerySet[TaskReceipt]:
    return TaskReceipt.objects.filter(pk=message)
