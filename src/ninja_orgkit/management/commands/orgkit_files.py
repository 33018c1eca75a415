"""``manage.py orgkit_files``: list files that no row names, and files of rows that are missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ninja_orgkit.background.batches import try_each
from ninja_orgkit.media import orphans, storage


class Command(BaseCommand):
    """Compares the storage with the database. It deletes files only with the option ``--delete``."""

    help = "List files that no row names, and files of rows that are missing. Exit code 1 if any are left."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--delete", action="store_true", help="delete the files that no row names")
        hours = int(orphans.MIN_AGE.total_seconds() // 3600)
        text = f"leave out files that are younger, which may be uploads under way (default: {hours})"
        parser.add_argument("--min-age", type=float, default=hours, metavar="HOURS", help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one line for each finding."""
        found = orphans.find(min_age=timedelta(hours=options["min_age"]))
        left = found.forgotten
        for name in found.forgotten:
            self.stdout.write(f"{name} has no row.")
        for name in found.missing:
            self.stdout.write(f"{name} is missing.")
        if options["delete"]:
            left = try_each(found.forgotten, storage.delete)
            self.stdout.write(f"{len(found.forgotten) - len(left)} files deleted.")
        if left or found.missing:
            raise CommandError(f"{len(left)} files without a row, {len(found.missing)} missing files.")
        self.stdout.write("Every file has its row, and every row its file.")
