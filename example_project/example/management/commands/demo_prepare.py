"""``manage.py demo_prepare``: what has to be there before the demo's servers start."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from example.demo import seed
from example.demo.supervisor import STEP
from example.environment import data_dir

_PATIENCE = 60.0


class Command(BaseCommand):
    """Waits for the database, migrates it, makes the bucket, and fills an empty world."""

    help = "Wait for the database, migrate it, make the bucket on S3, and seed an empty database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the choice to begin empty."""
        parser.add_argument("--no-seed", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, no_seed: bool, **options: Any) -> None:
        """Prepare what is missing; running it again changes nothing."""
        _wait_for_database()
        self._step("Applying migrations…")
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
        _make_bucket()
        if not no_seed and seed.is_empty():
            self._step("Making the sample data: two users, an organization, contacts, tags, pictures, products…")
            seed.fill(data_dir())

    def _step(self, text: str) -> None:
        self.stdout.write(f"{STEP}{text}")


def _wait_for_database() -> None:
    """Return when the database takes connections; raise its error when it does not for a minute."""
    begun = time.monotonic()
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() - begun > _PATIENCE:
                raise
            time.sleep(0.5)
        else:
            return


def _make_bucket() -> None:
    """Make the bucket of the file storage, if that has one that is not there yet."""
    storage: Any = storages["default"]
    if not hasattr(storage, "bucket_name"):
        return
    client = storage.connection.meta.client
    try:
        client.head_bucket(Bucket=storage.bucket_name)
    except client.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        client.create_bucket(Bucket=storage.bucket_name)
