"""Tables of the kernel."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class OutboxMessage(models.Model):
    """A task that a committed transaction enqueued and that is not done yet.

    ``available_at`` is when it is published, or published again because the broker may have lost it. ``retries`` counts
    the attempts that failed, and ``waits_for`` names the service that has to come back before the next one.
    ``language`` was the active one when the task was enqueued, and the task runs in it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=200)
    kwargs = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    available_at = models.DateTimeField(default=timezone.now, db_index=True)
    retries = models.PositiveSmallIntegerField(default=0)
    waits_for = models.CharField(max_length=16, blank=True)
    language = models.CharField(max_length=35, blank=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        """Name the task."""
        return self.task


class TaskReceipt(models.Model):
    """A record that a worker has started, or is ``done`` with, a task whose effect cannot be undone.

    ``id`` is the id of the message. A worker that is not done at ``lease_until`` counts as dead.
    """

    id = models.CharField(max_length=255, primary_key=True)
    lease_until = models.DateTimeField(db_index=True)
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        """Show the id of the message."""
        return self.id


class ThrottleCounter(models.Model):
    """The number of requests with one scope and key since the window began (in seconds since 1970)."""

    key = models.CharField(max_length=64, primary_key=True)
    began = models.FloatField(db_index=True)
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        """Show the hashed key."""
        return self.key


class IdempotencyRecord(models.Model):
    """A request with an Idempotency-Key: either claimed until ``lease_until``, or answered, with ``status`` set.

    ``key`` is a hash of the caller, the method, the path and the key. ``fingerprint`` is a hash of the request.
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
