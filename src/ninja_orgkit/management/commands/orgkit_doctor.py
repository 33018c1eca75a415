"""``manage.py orgkit_doctor``: report data that is not as the kit would have created it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef

from ninja_orgkit.accounts.host_user import email_field, read_profile
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.keys import username_key
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import owner_roles
from ninja_orgkit.organizations.selectors.organizations import (
    accounts_without_personal_organization,
    without_active_owner,
)

_MAX_LENGTHS: dict[str, Any] = {field.name: field.max_length for field in Account._meta.concrete_fields}


class _Kind(NamedTuple):
    """What identifies an account: the field, the column of its canonical key, how to make it, and what people say."""

    name: str
    column: str
    key_of: Callable[[str], str | None]
    label: str


_KINDS = (
    _Kind("email", "email_key", email_key, "e-mail address"),
    _Kind("username", "username_key", username_key, "username"),
)


class Command(BaseCommand):
    """Reports, and changes nothing. ``orgkit_sync`` creates what is missing."""

    help = "Report organizations without an active owner, and missing or incomplete accounts. Exit code 1 if any."

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
    yield from _about_organizations()
    yield from _about_users_without_account()
    for account in accounts_without_personal_organization().order_by("slug").iterator():
        yield f"Account {account.slug} has no personal organization. Run orgkit_sync."
    yield from _about_accounts()


def _about_organizations() -> Iterator[str]:
    owners = Membership.objects.filter(organization=OuterRef("pk"), role__in=owner_roles())
    for organization in Organization.objects.filter(deleted_at=None).exclude(Exists(owners)).order_by("slug"):
        yield f"Organization {organization.slug} has no owner."
    for organization in without_active_owner(Organization.objects.all()):
        yield f"Organization {organization.slug} has no active owner."


def _about_users_without_account() -> Iterator[str]:
    """Tell what the accounts of these users will lack, before ``orgkit_sync`` creates them."""
    seen: set[tuple[str, str]] = set()
    for user in get_user_model()._base_manager.filter(orgkit_account=None).order_by("pk").iterator():
        named = f"User {user.get_username()!r}"
        yield f"{named} has no account. Run orgkit_sync."
        profile = read_profile(user)
        for kind in _KINDS:
            value = profile.get(kind.name, "")
            key = kind.key_of(value)
            if key and ((kind.column, key) in seen or _is_held(kind, key)):
                yield f"{named} shares its {kind.label} {value!r} with an older user."
            elif not key and _is_needed(kind):
                yield f"{named} has no {kind.label}."
            seen.add((kind.column, key or ""))


def _about_accounts() -> Iterator[str]:
    for account in Account.objects.select_related("user").order_by("slug").iterator():
        copied = {name: value[: _MAX_LENGTHS[name]] for name, value in read_profile(account.user).items()}
        stale = [name for name, value in copied.items() if value != getattr(account, name)]
        if stale:
            yield f"Account {account.slug} differs from its user in {', '.join(stale)}. Run orgkit_sync --all."
            continue
        for kind in _KINDS:
            if getattr(account, kind.column) is None:
                yield from _about_account_without(account, kind)


def _about_account_without(account: Account, kind: _Kind) -> Iterator[str]:
    value = getattr(account, kind.name)
    key = kind.key_of(value)
    if not key:
        if _is_needed(kind):
            yield f"Account {account.slug} has no {kind.label}."
    elif len(key) > _MAX_LENGTHS[kind.column]:
        yield f"Account {account.slug} cannot use its {kind.label} {value!r}, which is too long."
    elif _is_held(kind, key):
        yield f"Account {account.slug} shares its {kind.label} {value!r} with an older account."
    else:
        yield f"Account {account.slug} can use its {kind.label} {value!r} again. Run orgkit_sync --all."


def _is_needed(kind: _Kind) -> bool:
    """Tell whether a blank value is a fault: without an address nobody can reset a password."""
    return kind.name == "email" and bool(email_field())


def _is_held(kind: _Kind, key: str) -> bool:
    return Account.objects.filter(**{kind.column: key}).exists()
