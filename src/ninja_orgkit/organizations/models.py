"""Organizations, their members and their invitations."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.organizations.errors import LastOwner, PersonalOrganization
from ninja_orgkit.organizations.ownership import (
    MembershipQuerySet,
    keep_an_owner,
    lock_organizations,
    raise_if_orphaned,
    require_owners,
)
from ninja_orgkit.organizations.roles import owner_roles

NAME_LENGTH = 255


class Organization(DerivedColumns):
    """A tenant. ``deleted_at`` hides it at once; its rows and files are deleted in the background."""

    class Type(models.TextChoices):
        """Whether the organization belongs to one person or to a group."""

        PERSONAL = "personal"
        GROUP = "group"

    slug = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=NAME_LENGTH)
    sort_key = models.CharField(max_length=NAME_LENGTH, editable=False)
    type = models.CharField(max_length=8, choices=Type, default=Type.GROUP, editable=False)
    personal_of = models.OneToOneField(
        Account, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="personal_organization"
    )
    custom = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)

    DERIVED = ("sort_key",)
    DERIVED_FROM = ("name",)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slug"], name="orgkit_organization_slug"),)

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def derive(self) -> None:
        """Set the key by which all databases sort alike."""
        self.sort_key = search_key(self.name)[:NAME_LENGTH]


class Membership(models.Model):
    """An account's membership in an organization, with a role of ``ROLES``."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=keep_an_owner, related_name="memberships")
    role = models.CharField(max_length=32)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "organization"], name="orgkit_membership_once"),)
        indexes = (models.Index(fields=["organization", "joined_at", "account"], name="orgkit_members_by_time"),)

    def __str__(self) -> str:
        """Return who is a member of what."""
        return f"{self.account} in {self.organization}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the membership. Raises LastOwner if an organization would lose its last owner."""
        if not self.pk:
            return super().save(*args, **kwargs)
        with require_owners(self._stored().organizations()):
            return super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the membership. Raises ProtectedError if an organization would lose its last owner."""
        with transaction.atomic():
            lock_organizations(self._stored().organizations())
            raise_if_orphaned(Membership.objects.orphaned_by([self.pk]))
            return super().delete(*args, **kwargs)

    def _stored(self) -> MembershipQuerySet:
        """Return this membership as the database has it: its organization may have changed here."""
        return Membership.objects.filter(pk=self.pk)

    def clean(self) -> None:
        """Validate a form: keep the last owner, and add no member to a closed or personal organization."""
        if self._state.adding:
            self._check_open()
            return
        stays = self._stored().filter(organization=self.organization_id, account=self.account_id).exists()
        if not (stays and self.role in owner_roles()) and Membership.objects.orphaned_by([self.pk]):
            raise ValidationError({"role": LastOwner.message()})

    def _check_open(self) -> None:
        joined = Organization.objects.filter(pk=self.organization_id).first()
        if joined is None:
            return
        if joined.deleted_at is not None:
            raise ValidationError({"organization": "This organization is closed."})
        if joined.type == Organization.Type.PERSONAL and joined.personal_of_id != self.account_id:
            raise ValidationError({"organization": PersonalOrganization.message()})


class Invitation(DerivedColumns):
    """An invitation to join an organization. The token of its link is not stored.

    ``pending_key`` is unique and set while the invitation is pending, so an address has at most one at a time.
    """

    class Status(models.TextChoices):
        """The state of an invitation. A pending one that is past its time is shown as ``expired``."""

        PENDING = "pending"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254, editable=False)
    role = models.CharField(max_length=32)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    pending_key = models.CharField(max_length=300, null=True, editable=False)  # noqa: DJ001
    invited_by = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    DERIVED = ("pending_key",)
    DERIVED_FROM = ("status", "organization", "email_key")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["pending_key"], name="orgkit_invitation_pending"),)
        indexes = (models.Index(fields=["organization", "created_at", "id"], name="orgkit_invitations_by_time"),)

    def __str__(self) -> str:
        """Return the invited address."""
        return self.email

    def derive(self) -> None:
        """Set the unique key of the address while the invitation is pending."""
        pending = self.status == self.Status.PENDING
        self.pending_key = f"{self.organization_id}:{self.email_key}" if pending else None

    @property
    def shown_status(self) -> str:
        """The status, which is ``expired`` for a pending invitation past its time."""
        expired = self.status == self.Status.PENDING and self.expires_at <= timezone.now()
        return str(self.Status.EXPIRED if expired else self.status)
