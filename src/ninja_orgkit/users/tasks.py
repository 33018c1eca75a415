"""Carry out registrations that a request only wrote down."""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.background.retries import RetriedTask
from ninja_orgkit.users.services.registration import REGISTER, complete


# A receiver or a rule of the host may fail, and be repaired within hours.
@shared_task(
    name=REGISTER,
    base=RetriedTask,
    ignore_result=True,
    acks_late=True,
    retry_on=(Exception,),
    max_retries=14,
)
def register(registration: str) -> None:
    """Create the account of a registration, or tell the owner of its address. Safe to run twice."""
    complete(registration)
