"""``manage.py orgkit_doctor``: report data that is not as the kit would have created it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import owner_roles
from ninja_orgkit.organizations.selectors import without_active_owner


class Command(BaseCommand):
    """Reports, and changes nothing. ``orgkit_sync`` creates what is missing."""

    help = "Report organizations without an owner, users without an account, and shared addresses. Exit code 1 if any."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one line for each finding."""
        found = 0
        for line in _findings():
            self.stdout.write(line)
            found += 1
        if found:
            raise CommandError(f"{found} findings.")
        self.stdout.write("Everything is in order.")


def _findings() -> Iterator[str]:
    owners = Membership.objects.filter(organization=OuterRef("pk"), role__in=owner_roles())
    for organization in Organization.objects.filter(deleted_at=None).exclude(Exists(owners)).order_by("slug"):
        yield f"Organization {organization.slug} has no owner."
    for organization in without_active_owner(Organization.objects.all()):
        yield f"Organization {organization.slug} has no active owner."
    for user in get_user_model()._base_manager.filter(orgkit_account=None).order_by("pk").iterator():
        yield f"User {user.get_username()!r} has no account. Run orgkit_sync."
    for account in Account.objects.filter(personal_organization=None).order_by("slug").iterator():
        yield f"Account {account.slug} has no personal organization. Run orgkit_sync."
    for account in Account.objects.filter(email_key=None).exclude(email="").order_by("slug").iterator():
        yield f"Account {account.slug} shares its e-mail address {account.email!r} with an older account."
    for account in Account.objects.filter(username_key=None).exclude(username="").order_by("slug").iterator():
        yield f"Account {account.slug} shares its username {account.username!r} with an older account."
