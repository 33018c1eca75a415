"""``manage.py orgkit_sync``: create accounts and personal organizations for users that were created without signals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import models
from django.db.models.signals import post_save

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import follow_user
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.selectors.organizations import accounts_without_personal_organization
from ninja_orgkit.organizations.services.organizations import create_personal_organization

_BATCH = 200


class Command(BaseCommand):
    """Handles users that were created in bulk, by fixtures or by SQL. It is safe to stop and to run again."""

    help = "Create what is missing: accounts of users, and personal organizations of accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--all", action="store_true", help="also update every account from its user")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing, in batches."""
        users = get_user_model()._base_manager.all()
        with _saves_of(Account) as accounts, _saves_of(Organization) as organizations:
            self._each(users if options["all"] else users.filter(orgkit_account=None), follow_user)
            self._each(accounts_without_personal_organization(), create_personal_organization)
        self.stdout.write(f"Accounts created: {accounts[True]}, updated: {accounts[False]}.")
        self.stdout.write(f"Personal organizations created: {organizations[True]}.")

    def _each(self, rows: models.QuerySet[Any], act: Callable[[Any], Any]) -> None:
        for batch in _batches(rows):
            with atomic():
                for row in batch:
                    act(row)


@contextmanager
def _saves_of(model: type[models.Model]) -> Iterator[Counter[bool]]:
    """Count what is saved in the block: under True the rows that were created, under False those that were updated."""
    saves: Counter[bool] = Counter()

    def count(created: bool, **kwargs: Any) -> None:
        saves[created] += 1

    post_save.connect(count, sender=model)
    try:
        yield saves
    finally:
        post_save.disconnect(count, sender=model)


def _batches(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    ordered = rows.order_by("pk")
    batch = list(ordered[:_BATCH])
    while batch:
        yield batch
        batch = list(ordered.filter(pk__gt=batch[-1].pk)[:_BATCH])
