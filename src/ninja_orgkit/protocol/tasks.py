"""Housekeeping of the protocol's tables."""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.protocol import idempotency, throttling


@shared_task(name="orgkit.protocol.purge", ignore_result=True)
def purge_protocol() -> None:
    """Delete idempotency records that are too old, and throttle windows that are over."""
    idempotency.purge()
    throttling.purge()
