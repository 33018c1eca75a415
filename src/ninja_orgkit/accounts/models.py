"""What the kit knows of a user, and the sessions behind the tokens."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from ninja_orgkit.database.slugs import public_slug
from ninja_orgkit.media.avatars import WithAvatar


class Account(WithAvatar, models.Model):
    """A user of the host, as the API shows one.

    ``email_key`` and ``username_key`` are canonical and unique; NULL where the value is blank or an older account
    holds the key. ``email``, ``username`` and the names follow the host's user, see ``users.py``. ``email_changes``
    counts how often the address became another one, so that what was mailed before stays void when it comes back.
    """

    class Theme(models.TextChoices):
        """How the front end looks."""

        LIGHT = "light"
        DARK = "dark"
        SYSTEM = "system"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="orgkit_account"
    )
    slug = models.CharField(max_length=64, editable=False)
    username = models.CharField(max_length=150, blank=True)
    username_key = models.CharField(max_length=150, null=True, editable=False)  # noqa: DJ001
    email = models.CharField(max_length=254, blank=True)
    email_key = models.CharField(max_length=254, null=True, editable=False)  # noqa: DJ001
    email_verified_at = models.DateTimeField(null=True, blank=True)
    email_changes = models.PositiveIntegerField(default=0, editable=False)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    display_name = models.CharField(max_length=255, blank=True)
    location = models.CharField(max_length=255, blank=True)
    about = models.TextField(blank=True)
    preferred_language = models.CharField(max_length=35, blank=True)
    preferred_theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    timezone = models.CharField(max_length=64, blank=True)
    notification_preferences = models.JSONField(default=dict, blank=True)
    finished_onboarding = models.BooleanField(default=False)
    custom = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["slug"], name="orgkit_account_slug"),
            models.UniqueConstraint(fields=["email_key"], name="orgkit_account_email_key"),
            models.UniqueConstraint(fields=["username_key"], name="orgkit_account_username_key"),
        )

    def __str__(self) -> str:
        """Name the account as people do."""
        return self.shown_name

    def save(self, *args: object, **kwargs: object) -> None:
        """Give a new account its slug, which never changes."""
        if not self.slug:
            self.slug = public_slug(self.username, prefix="user")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def shown_name(self) -> str:
        """The display name, or else the full name, or else the username."""
        return self.display_name or f"{self.first_name} {self.last_name}".strip() or self.username


class Session(models.Model):
    """One signed-in device. Its tokens work while the row exists, has not expired, and the password is the same.

    ``gen`` counts the refreshes; a refresh token of another generation is spent. Those before ``first_gen`` were made
    under a former password and are worth nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    gen = models.PositiveIntegerField(default=0)
    first_gen = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=32)
    device = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=now)
    refreshed_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = (models.Index(fields=["account", "created_at", "id"], name="orgkit_session_of_account"),)

    def __str__(self) -> str:
        """Say which device it is."""
        return self.device or str(self.id)
