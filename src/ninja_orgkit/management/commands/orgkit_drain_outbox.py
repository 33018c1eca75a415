"""``manage.py orgkit_drain_outbox``: publish the messages that did not reach the broker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ninja_orgkit.background import outbox
from ninja_orgkit.models import OutboxMessage


class Command(BaseCommand):
    """Publishes at once what a worker otherwise publishes every half minute."""

    help = "Publish the tasks that wait in the outbox. Exit code 1 when the broker cannot be reached."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--limit", type=int, help="maximum number of messages to publish (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish the messages, oldest first, and print how many."""
        sent = outbox.drain(limit=options["limit"])
        self.stdout.write(f"{sent} messages published.")
        left = OutboxMessage.objects.filter(available_at__lte=timezone.now()).count()
        if left and sent != options["limit"]:
            raise CommandError(f"The broker cannot be reached. {left} messages are still waiting.")
