"""``manage.py orgkit_sync_allauth``: bring the addresses of accounts to allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand
from django.db.models import Exists, OuterRef

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contrib.allauth import addresses


class Command(BaseCommand):
    """Handles accounts that are older than the app. It is safe to stop and to run again."""

    help = "Give every account whose address allauth does not know a primary address there."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing."""
        primary = EmailAddress.objects.filter(user_id=OuterRef("pk"), primary=True)
        missing = Account.objects.exclude(email_key=None).exclude(Exists(primary))
        before = EmailAddress.objects.count()
        for account in missing.iterator():
            addresses.follow_account(account, is_new_address=True)
        self.stdout.write(f"Addresses created: {EmailAddress.objects.count() - before}.")
