"""Accounts, which extend the host's users, and the sessions behind the tokens."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.keys import search_key, username_key
from ninja_orgkit.database.searching import searched_text
from ninja_orgkit.database.slugs import public_slug
from ninja_orgkit.database.visible import visible
from ninja_orgkit.media.avatars import WithAvatar
from ninja_orgkit.protocol.clients import device_name

MAX_SORT_LENGTH = 255
"""Maximum length of a sort key in characters. A key can be much longer than its text."""

_ONLY_IF_NAMED = ("email_changes", "password_changes", "known_devices")


class Account(WithAvatar, DerivedColumns):
    """The kit's part of a user: one account for each user of the host.

    ``email``, ``username`` and the names are copies of the user's, see ``host_user.py``. ``email_key`` and
    ``username_key`` are canonical and unique. They are NULL if the value is blank or if an older account has the key.
    ``email_changes`` counts the changes of the address, so that old mailed links stay invalid if an address comes back.
    Lists of members sort by ``display_sort`` and ``username_sort``, which two accounts may share. Searches look in
    ``search_text``, which has the names, and for those who see addresses in ``address_text`` too.
    ``password_changes`` counts how often the password was set. Sessions and mailed links depend on this count, and not
    on the hash, which changes with the hasher too. ``known_devices`` are the names of the kinds of devices that signed
    in, such as ``Firefox on Windows``, the latest last.
    """

    class Theme(models.TextChoices):
        """The colours of the front end."""

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
    password_changes = models.PositiveIntegerField(default=0, editable=False)
    known_devices = models.JSONField(default=list, blank=True, editable=False)
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
    display_sort = models.CharField(max_length=MAX_SORT_LENGTH, default="", editable=False)
    username_sort = models.CharField(max_length=MAX_SORT_LENGTH, default="", editable=False)
    search_text = models.TextField(default="", editable=False)
    address_text = models.TextField(default="", editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    DERIVED = ("display_sort", "username_sort", "search_text", "address_text")
    DERIVED_FROM = ("username", "email", "first_name", "last_name", "display_name")
    LONG_COLUMNS = ("known_devices", "about", "notification_preferences", "custom", "search_text", "address_text")
    """What is read only where it is shown or needed."""

    acting_key: Any = None
    """The API key by which this account acts in this request, if any. It narrows what the account may do."""
    is_known_active = False
    """Whether the statement that read this instance for a request has found its user active."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["slug"], name="orgkit_account_slug"),
            models.UniqueConstraint(fields=["email_key"], name="orgkit_account_email_key"),
            models.UniqueConstraint(fields=["username_key"], name="orgkit_account_username_key"),
        )

    def __str__(self) -> str:
        """Return the name that people see."""
        return self.shown_name

    def save(self, *args: object, **kwargs: object) -> None:
        """Save the account, and give a new one its slug, which never changes.

        The counters and the known devices are written only if ``update_fields`` names them. An instance that was read
        before a change of the password must not undo the count, and with it bring back earlier sessions and links.
        """
        if not self.slug:
            self.slug = public_slug(self.slug_name, prefix="user")
        if not self._state.adding and kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            kept = {"user", *_ONLY_IF_NAMED, *self.get_deferred_fields()}
            kwargs["update_fields"] = [field.name for field in self._meta.concrete_fields if field.name not in kept]
        super().save(*args, **kwargs)

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Account] | None = None,
    ) -> None:
        """Read columns again. If one of them is deferred, read all that are, so that this takes one statement."""
        named = None if fields is None else set(fields)
        deferred = self.get_deferred_fields()
        if named and named & deferred:
            named |= deferred
        super().refresh_from_db(using=using, fields=named, from_queryset=from_queryset)

    def derive(self) -> None:
        """Set the sort keys and the texts that searches look in."""
        self.display_sort = search_key(self.shown_name)[:MAX_SORT_LENGTH]
        self.username_sort = (username_key(self.username) or "")[:MAX_SORT_LENGTH]
        self.search_text = searched_text((self.display_name, self.first_name, self.last_name, self.username))
        self.address_text = searched_text((self.email,))

    @property
    def slug_name(self) -> str:
        """The username, or "" if the host uses addresses as usernames: slugs, which others see, tell no address."""
        return "" if "@" in self.username else self.username

    @property
    def shown_name(self) -> str:
        """The display name, else the full name, else the username: the first of which something can be seen."""
        full_name = f"{self.first_name} {self.last_name}".strip()
        return visible(self.display_name) or visible(full_name) or self.username


class Registration(models.Model):
    """What somebody sent to register, where addresses must be verified first.

    A worker creates the account and deletes the row. If the address is taken, the row loses all but ``username_key``
    and ``digest``, and gets the ``account`` that has the address. ``password`` is a hash, ``invitation`` an id, and
    ``device`` a name such as ``Firefox on Windows``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.CharField(max_length=254, blank=True)
    email_key = models.CharField(max_length=254, null=True, db_index=True)  # noqa: DJ001
    username = models.CharField(max_length=150, blank=True)
    username_key = models.CharField(max_length=150, null=True, db_index=True)  # noqa: DJ001
    password = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=4)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    invitation = models.UUIDField(null=True)
    device = models.CharField(max_length=100, blank=True)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=now, db_index=True)

    def __str__(self) -> str:
        """Return the primary key."""
        return str(self.pk)


class EmailChange(models.Model):
    """An address that an account asked for. It is kept here, so that the mailed token need not contain it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    email = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=now, db_index=True)

    def __str__(self) -> str:
        """Return the primary key."""
        return str(self.pk)


class Session(models.Model):
    """A signed-in device. Its tokens work until the session is deleted or expires, or the password changes.

    ``password_changes`` is the count of the account under which the session began or was last renewed.
    ``gen`` counts the refreshes. A refresh token of another generation was already used. Generations before
    ``first_gen`` were issued under an earlier password and never work again. ``name`` is what its owner calls it, and
    ``user_agent`` what the program calls itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    gen = models.PositiveIntegerField(default=0)
    first_gen = models.PositiveIntegerField(default=0)
    password_changes = models.PositiveIntegerField()
    name = models.CharField(max_length=100, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=now)
    refreshed_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = (models.Index(fields=["account", "created_at", "id"], name="orgkit_session_of_account"),)

    def __str__(self) -> str:
        """Return the name of the session or of the device."""
        return self.name or self.device or str(self.id)

    @property
    def device(self) -> str:
        """The browser and the system, such as ``Firefox on Windows``."""
        return device_name(self.user_agent)
