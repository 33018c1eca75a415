"""Organizations, their members and their invitations."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import settings
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.visible import is_blank
from ninja_orgkit.media.avatars import WithAvatar
from ninja_orgkit.organizations import roles
from ninja_orgkit.organizations.errors import LastOwner, NoLogo, PersonalOrganization
from ninja_orgkit.organizations.ownership import GuardedMembership, GuardedMemberships, keep_an_owner

NAME_LENGTH = 255

_SENDER_ROLE = "sender_role"


class Organization(WithAvatar, DerivedColumns):
    """A tenant. ``deleted_at`` hides it at once; its rows and files are deleted in the background.

    Its avatar is what clients see as its logo.
    """

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
    AVATAR_NAME = "logo"
    NO_AVATAR = NoLogo

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slug"], name="orgkit_organization_slug"),)

    def __str__(self) -> str:
        """Return the name; that of a personal one with its owner, if the owner has been loaded."""
        owner = self.personal_of if Organization.personal_of.is_cached(self) else None
        return f"{self.name} ({owner.username or owner.slug})" if owner else self.name

    def clean(self) -> None:
        """Validate a form: refuse a name of which nothing can be seen."""
        if is_blank(self.name):
            raise ValidationError({"name": gettext("Enter a name that people can see.")})

    def derive(self) -> None:
        """Set the key by which all databases sort alike."""
        self.sort_key = search_key(self.name)[:NAME_LENGTH]


class MembershipQuerySet(GuardedMemberships["Membership"]):
    """Memberships, with the guard of owners."""


class Membership(GuardedMembership):
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
        """Return the name of the member and of the organization."""
        return f"{self.account} in {self.organization}"

    @property
    def permissions(self) -> frozenset[str]:
        """What the member may do now: what the role allows, narrowed by the API key by which the account acts."""
        # An account that is not loaded does not act in this request.
        key = self.account.acting_key if Membership.account.is_cached(self) else None
        return roles.permissions_by(key, self.organization_id, self.role)

    def may_handle(self, role: str) -> bool:
        """Tell whether the member may grant or change a role: they must hold every permission of it."""
        return roles.permissions_of(role) <= self.permissions

    @property
    def grantable_roles(self) -> frozenset[str]:
        """The roles that the member may give to somebody: by changing their role, or by inviting them."""
        if self.permissions.isdisjoint(roles.GRANT):
            return frozenset()
        return frozenset(filter(self.may_handle, settings.ROLES))

    def clean(self) -> None:
        """Validate a form: keep the last owner, and add no member to a closed or personal organization."""
        if self._state.adding:
            self._check_open()
            return
        stays = self._stored().filter(organization=self.organization_id, account=self.account_id).exists()
        if not (stays and self.role in roles.owner_roles()) and Membership.objects.orphaned_by([self.pk]):
            raise ValidationError({"role": LastOwner.translated()})

    def _check_open(self) -> None:
        joined = Organization.objects.filter(pk=self.organization_id).first()
        if joined is None:
            return
        if joined.deleted_at is not None:
            raise ValidationError({"organization": gettext("This organization is closed.")})
        if joined.type == Organization.Type.PERSONAL and joined.personal_of_id != self.account_id:
            raise ValidationError({"organization": PersonalOrganization.translated()})


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations."""

    def with_senders(self) -> InvitationQuerySet:
        """Read with each invitation, in the same statement, what its shown status depends on."""
        senders = Membership.objects.filter(
            organization=models.OuterRef("organization"), account=models.OuterRef("invited_by")
        )
        return self.select_related("invited_by__user").annotate(
            **{_SENDER_ROLE: models.Subquery(senders.values("role"))}
        )


class Invitation(DerivedColumns):
    """An invitation to join an organization. The token of its link is not stored.

    ``pending_key`` is unique and set while the invitation is pending, so an address has at most one at a time.
    ``membership`` is what the account that accepted it got, while that lasts. ``invited_by`` is who granted its role
    last. ``resends`` counts how often it was sent again: only the link of the last mail works.
    """

    class Status(models.TextChoices):
        """The state of an invitation as it is stored; ``shown_status`` is what people see."""

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
    # No constraint, so that ending a membership costs no statement here: a key without a row means that it is over.
    membership = models.ForeignKey(
        Membership,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        editable=False,
        related_name="+",
    )
    resends = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    objects = InvitationQuerySet.as_manager()

    DERIVED = ("pending_key",)
    DERIVED_FROM = ("status", "organization", "email_key")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["pending_key"], name="orgkit_invitation_pending"),)
        indexes = (
            models.Index(fields=["organization", "created_at", "id"], name="orgkit_invitations_by_time"),
            models.Index(fields=["email_key", "created_at", "id"], name="orgkit_invitations_received"),
        )

    def __str__(self) -> str:
        """Return the invited address."""
        return self.email

    def derive(self) -> None:
        """Set the unique key of the address while the invitation is pending."""
        pending = self.status == self.Status.PENDING
        self.pending_key = f"{self.organization_id}:{self.email_key}" if pending else None

    @property
    def shown_status(self) -> str:
        """The status as accepting the invitation now would find it.

        A pending one past its time is ``expired``; one whose sender may no longer invite to the role is ``cancelled``.
        """
        if self.status != self.Status.PENDING:
            return str(self.status)
        if self.expires_at <= timezone.now():
            return str(self.Status.EXPIRED)
        return str(self.Status.PENDING if self._is_granted() else self.Status.CANCELLED)

    @cached_property
    def sender_role(self) -> str | None:
        """Return the sender's role; None if they are not a member. ``with_senders`` reads the roles of many at once."""
        senders = Membership.objects.filter(organization=self.organization_id, account=self.invited_by_id)
        return senders.values_list("role", flat=True).first()

    def end(self, status: str) -> None:
        """Let a status be the last one."""
        self.status = status
        self.save(update_fields=["status", "membership"])

    def _is_granted(self) -> bool:
        # Ask the user object: not every user model has a column for this.
        sender = self.invited_by
        return sender is not None and sender.user.is_active and roles.may_invite(self.sender_role, self.role)
