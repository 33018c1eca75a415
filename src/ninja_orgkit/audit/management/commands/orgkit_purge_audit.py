"""``manage.py orgkit_purge_audit``: delete the events that are older than ``AUDIT_LIFETIME``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ninja_orgkit.audit.purging import purge_events


class Command(BaseCommand):
    """Does at once what beat does every day."""

    help = "Delete the events of the audit trail that are older than AUDIT_LIFETIME, in batches."

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete the events, and print how many."""
        self.stdout.write(f"{purge_events()} events deleted.")
