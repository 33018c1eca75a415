"""Tables of the kernel."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class OutboxMessage(models.Model):
    """A task that a committed change asked for and that has not reached the broker yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=200)
    kwargs = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    available_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        """Name the task."""
        return self.task


class TaskReceipt(models.Model):
    """That a worker has begun a task whose effect cannot be taken back, or is ``done`` with it.

    ``id`` is that of the message. Until ``lease_until`` a worker is at it; after that it counts as dead.
    """

    id = models.CharField(max_length=255, primary_key=True)
    lease_until = models.DateTimeField(db_index=True)
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        """Show the id of the message."""
        return self.id


class ThrottleCounter(models.Model):
    """How many requests of one scope and key there were since the window began (seconds since 1970)."""

    key = models.CharField(max_length=64, primary_key=True)
    began = models.FloatField(db_index=True)
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        """Show the hashed key."""
        return self.key


class IdempotencyRecord(models.Model):
    """A request that carries an Idempotency-Key: claimed until ``lease_until``, or answered (``status`` is set).

    ``key`` hashes caller, method, path and key; ``fingerprint`` hashes what was sent.
    """

    key = models.CharField(max_length=64, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Show the hashed key."""
        return self.key
