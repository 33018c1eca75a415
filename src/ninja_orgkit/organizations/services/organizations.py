"""Create, change and close organizations, and purge closed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from ninja_orgkit import registry
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.audit.actions import MEMBER_ADDED, ORGANIZATION_CREATED, ORGANIZATION_DELETED, ORGANIZATION_UPDATED
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.background.batches import try_each
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import hook_first
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.attachments import delete_links, without_cascade
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.database.locks import lock
from ninja_orgkit.database.slugs import public_slug
from ninja_orgkit.errors import NotFound
from ninja_orgkit.organizations.errors import PersonalOrganization, SlugTaken
from ninja_orgkit.organizations.models import NAME_LENGTH, Invitation, Membership, Organization
from ninja_orgkit.organizations.ownership import Owned, owned_by, raise_if_orphaned
from ninja_orgkit.organizations.selectors.memberships import reaches, require_permission
from ninja_orgkit.organizations.services.limits import require_ownership
from ninja_orgkit.organizations.values import OrgkitOrganizationChange, OrgkitOrganizationCreate
from ninja_orgkit.protocol.values import valid
from ninja_orgkit.resources import Purge, Resource

PURGE = "orgkit.organizations.purge"

BATCH = 1000


class Undeletable(Exception):
    """Objects of a host cannot be deleted."""


def create_organization(*, owner: Any, name: str, slug: str = "", custom: dict[str, Any] | None = None) -> Organization:
    """Create a group organization, whose owner is a user or an account.

    ``name`` has 1–255 characters. ``slug`` has 2–50 lower-case letters, digits and hyphens; without one it is made from
    the name. ``custom`` is a JSON object of at most ``CUSTOM_MAX_BYTES``.

    Raises ValidationFailed, SlugTaken, TooManyOrganizations, and what the hook ``before_create_organization`` raises.
    """
    account = as_account(owner)
    given = {"name": name, **({"slug": slug} if slug else {}), "custom": custom or {}}
    values = {"slug": "", **valid(OrgkitOrganizationCreate, given)}
    organization = Organization(**{**values, "slug": values["slug"] or public_slug(values["name"], prefix="org")})
    hook = hook_first("before_create_organization", owner=account, **values)
    with hook, constraint_errors(Organization, orgkit_organization_slug=SlugTaken):
        require_ownership(account)
        organization.save(force_insert=True)
        _reread(organization)
        _add_creator(organization, account)
    return organization


@atomic()
def create_personal_organization(account: Account) -> Membership:
    """Create the personal organization of an account."""
    organization = Organization.objects.create(
        name=(account.shown_name or account.slug)[:NAME_LENGTH],
        slug=public_slug(account.slug_name, prefix="personal"),
        type=Organization.Type.PERSONAL,
        personal_of=account,
    )
    return _add_creator(organization, account)


def require_group(organization: Organization) -> None:
    """Raise PersonalOrganization for an organization that belongs to one person."""
    if organization.type == Organization.Type.PERSONAL:
        raise PersonalOrganization


def lock_organization(organization: Organization) -> Organization:
    """Lock the row of an organization in the caller's transaction, and return it as it is then.

    Members join, leave and change role under this lock. Raises NotFound if the organization has been closed.
    """
    return lock(Organization.objects.filter(pk=organization.pk, deleted_at=None))


def lock_as(organization: Organization, by: Any, *, needs: str) -> tuple[Organization, Membership | None]:
    """Lock an organization for somebody who needs a permission in it, and return it with their membership.

    ``by`` is a user or an account; None is the host itself, which needs no permission. Raises NotFound if the
    organization has been closed or ``by`` is not a member, and Forbidden if their role lacks the permission.
    """
    account = None if by is None else as_account(by)
    organization = lock_organization(organization)
    if account is None:
        return organization, None
    membership = account.memberships.filter(organization=organization).first()
    if membership is None or not reaches(account, organization.pk):
        raise NotFound
    require_permission(membership, needs)
    membership.organization = organization
    return organization, membership


@atomic()
def update_organization(organization: Organization, *, by: Any = None, **changes: Any) -> Organization:
    """Change ``name`` and ``custom`` of an organization, as far as given, and return it as it is then.

    The limits are those of ``create_organization``. ``by`` needs ``org.update``. Raises ValidationFailed, also for
    another field, and NotFound if the organization has been closed.
    """
    changes = valid(OrgkitOrganizationChange, changes)
    organization, membership = lock_as(organization, by, needs="org.update")
    before = values_of(organization, changes)
    for name, value in changes.items():
        setattr(organization, name, value)
    if changes:
        organization.save(update_fields=[*changes, "updated_at"])
    _reread(organization)
    if changed := changes_since(before, organization):
        announce(ORGANIZATION_UPDATED, organization, by=membership.account if membership else None, changes=changed)
    return organization


@atomic()
def delete_organization(organization: Organization, *, by: Any = None) -> None:
    """Delete a group organization. It is gone at once; its rows and files are deleted in the background.

    ``by`` needs ``org.delete``. Raises PersonalOrganization, and NotFound if it has been closed.
    """
    require_group(organization)
    organization, membership = lock_as(organization, by, needs="org.delete")
    close_organization(organization, by=membership.account if membership else None)


@atomic()
def close_organization(organization: Organization, *, by: Account | None = None) -> None:
    """Hide an organization at once, and delete its rows and files in the background."""
    organization.deleted_at = timezone.now()
    organization.personal_of = None
    organization.save(update_fields=["deleted_at", "personal_of", "updated_at"])
    enqueue(PURGE, organization=organization.slug)
    announce(ORGANIZATION_DELETED, organization, by=by)


def purge_organization(organization: Organization) -> None:
    """Delete everything that a closed organization owns, in batches, and then the organization. Safe to run twice.

    What cannot be deleted does not keep the rest. Then the organization stays, and the next purge tries again.
    """

    def purge(resource: Resource) -> None:
        remove = resource.purge or _purge_of(resource)
        while remove(organization.pk):
            pass

    if try_each(purgeable(), purge):
        return
    Invitation.objects.filter(organization=organization).delete()
    Membership.objects.filter(organization=organization).delete()
    organization.delete()


def close_empty_organizations(lost: set[Owned]) -> set[int]:
    """Close those of the organizations that lost an owner that have no members any more, and return their keys.

    Raises ProtectedError if one has members but no owner, or no active one although it lost one.
    """
    left = Organization.objects.filter(pk__in={owned.organization for owned in lost}, deleted_at=None)
    closed = set()
    for organization in left:
        members = Membership.objects.filter(organization=organization)
        if not members.exists():
            close_organization(organization)
            closed.add(organization.pk)
        elif {owned for owned in lost if owned.organization == organization.pk} - owned_by(members):
            raise_if_orphaned([organization])
    return closed


def _reread(organization: Organization) -> None:
    """Read the custom fields again, because databases sort the keys of JSON and rewrite its numbers."""
    if organization.custom:
        organization.refresh_from_db(fields=["custom"])


def _add_creator(organization: Organization, account: Account) -> Membership:
    announce(ORGANIZATION_CREATED, organization)
    membership = Membership.objects.create(organization=organization, account=account, role=settings.CREATOR_ROLE)
    announce(MEMBER_ADDED, membership)
    return membership


def purgeable() -> list[Resource]:
    """Return the models to purge before an organization: first the host's, whose objects may protect ours."""
    own = Organization._meta.app_label
    found = [resource for resource in registry.resources() if resource.model._meta.app_label != own]
    return sorted(found, key=lambda resource: resource.model.__module__.startswith("ninja_orgkit."))


def _purge_of(resource: Resource) -> Purge:
    """Return a function that deletes a host's objects, and what points at them, in batches.

    An object that cannot be deleted raises after all others have been deleted.
    """

    def remove(organization: int) -> bool:
        keys = resource.of(organization).order_by("pk").values_list("pk", flat=True)
        batch, failed = list(keys[:BATCH]), False
        while batch:
            try:
                delete(batch)
            except Exception:  # one object of the batch, for whatever reason a host has
                failed |= bool(try_each(([key] for key in batch), delete))
            batch = list(keys.filter(pk__gt=batch[-1])[:BATCH]) if len(batch) == BATCH else []
        if failed:
            raise Undeletable(resource.name)
        return False

    @atomic()
    def delete(keys: Sequence[Any]) -> None:
        # Let Django delete, so that the host's own receivers and cascades run.
        without_cascade(resource.model, keys).delete()
        delete_links(resource.model, keys)

    return remove
