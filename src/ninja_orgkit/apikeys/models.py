"""API keys of organizations."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.organizations.models import Membership, Organization

NAME_LENGTH = 100
PREFIX_LENGTH = 11


class ApiKey(DerivedColumns):
    """A key with which a program acts in an organization, in the name of a member.

    It goes with the ``membership`` of its creator, whatever ends that. Only the SHA-256 of the key is stored, as
    ``digest``. ``prefix`` is what people recognise it by. ``last_used_at`` is exact to the minute.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=NAME_LENGTH)
    sort_key = models.CharField(max_length=NAME_LENGTH, editable=False)
    prefix = models.CharField(max_length=PREFIX_LENGTH, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    permissions = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    DERIVED = ("sort_key",)
    DERIVED_FROM = ("name",)

    class Meta:
        verbose_name = "API key"
        constraints = (models.UniqueConstraint(fields=["digest"], name="orgkit_api_key_digest"),)
        indexes = (
            models.Index(fields=["organization", "created_at", "id"], name="orgkit_api_keys_by_time"),
            models.Index(fields=["organization", "sort_key", "id"], name="orgkit_api_keys_by_name"),
        )

    def __str__(self) -> str:
        """Return the name and what the key begins with."""
        return f"{self.name} ({self.prefix}…)"

    def derive(self) -> None:
        """Set the key by which all databases sort alike."""
        self.sort_key = search_key(self.name)[:NAME_LENGTH]

    @property
    def created_by(self) -> Account:
        """The account in whose name the key acts."""
        return self.membership.account

    @property
    def has_expired(self) -> bool:
        """Whether the time of the key is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()
