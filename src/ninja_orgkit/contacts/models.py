"""Contacts: the people that an organization knows."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.errors import NamelessContact
from ninja_orgkit.database.addresses import MAX_EMAIL_LENGTH, require_email
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.database.indexes import KeyTextIndex
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.searched import SearchedQuerySet
from ninja_orgkit.database.searching import searched_text
from ninja_orgkit.database.slugs import public_slug
from ninja_orgkit.database.visible import is_blank, visible
from ninja_orgkit.media.avatars import WithAvatar
from ninja_orgkit.organizations.models import Organization

MAX_SORT_LENGTH = 255
"""Maximum length of a sort key in characters. A key can be much longer than its text, and would not fit an index."""

SORT_COLUMNS = {
    "display_sort": "display_name",
    "first_sort": "first_name",
    "last_sort": "last_name",
    "email_sort": "email",
}
_SEARCHED = ("display_name", "first_name", "last_name", "email", "phone", "notes")


def validate_email(value: str) -> None:
    """Validate a form: accept any address that the API accepts, with letters of any script."""
    try:
        require_email(value)
    except ValueError:
        raise ValidationError(gettext("Enter an e-mail address."), code="email") from None


class Contact(WithAvatar, DerivedColumns):
    """A person that an organization knows.

    Lists sort by the ``…_sort`` columns, and searches look in ``search_text``. Both are normalised here, so that all
    databases agree. A contact always has a display name, and its slug never changes. A display name that equals
    ``derived_name`` was made of the first and last name and follows them; any other was chosen.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, related_name="contacts")
    slug = models.CharField(max_length=64, editable=False)
    creator = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    display_name = models.CharField(max_length=255, blank=True)
    derived_name = models.CharField(max_length=255, blank=True, default="", editable=False)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    email = models.CharField(max_length=MAX_EMAIL_LENGTH, blank=True, validators=[validate_email])
    phone = models.CharField(max_length=32, blank=True)
    location = models.CharField(max_length=255, blank=True)
    notes = models.TextField(blank=True)
    custom = models.JSONField(default=dict, blank=True)
    display_sort = models.CharField(max_length=MAX_SORT_LENGTH, editable=False)
    first_sort = models.CharField(max_length=MAX_SORT_LENGTH, editable=False)
    last_sort = models.CharField(max_length=MAX_SORT_LENGTH, editable=False)
    email_sort = models.CharField(max_length=MAX_SORT_LENGTH, editable=False)
    search_text = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    DERIVED = ("display_name", "derived_name", *SORT_COLUMNS, "search_text")
    DERIVED_FROM = _SEARCHED

    objects = SearchedQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["slug"], name="orgkit_contact_slug"),
            models.CheckConstraint(condition=~models.Q(display_name=""), name="orgkit_contact_has_a_name"),
        )
        indexes = (
            models.Index(fields=["organization", "display_sort", "slug"], name="orgkit_contacts_by_name"),
            models.Index(fields=["organization", "first_sort", "slug"], name="orgkit_contacts_by_first"),
            models.Index(fields=["organization", "last_sort", "slug"], name="orgkit_contacts_by_last"),
            models.Index(fields=["organization", "email_sort", "slug"], name="orgkit_contacts_by_email"),
            models.Index(fields=["organization", "created_at", "slug"], name="orgkit_contacts_by_created"),
            models.Index(fields=["organization", "updated_at", "slug"], name="orgkit_contacts_by_updated"),
            # Leads from a rare tag to its contacts: assignments store keys as text.
            KeyTextIndex(Cast("id", models.TextField()), name="orgkit_contacts_by_key_text"),
        )

    @classmethod
    def check(cls, **kwargs: Any) -> list[CheckMessage]:
        """Leave out Django's warning about the index that MariaDB cannot have; orgkit.I051 says what it means."""
        return [message for message in super().check(**kwargs) if message.id != "models.W043"]

    def __str__(self) -> str:
        """Return the display name."""
        return self.display_name

    def clean(self) -> None:
        """Validate a form: a contact needs a name."""
        self.derive()
        if not self.display_name:
            raise ValidationError({"display_name": NamelessContact.translated()})

    def derive(self) -> None:
        """Set a display name that nobody chose, the sort columns, the search text, and the slug of a new contact."""
        if self.display_name == self.derived_name or is_blank(self.display_name):
            full_name = f"{self.first_name} {self.last_name}".strip()[:255].strip()
            self.display_name = self.derived_name = visible(full_name)
        else:
            self.derived_name = ""
        for key, field in SORT_COLUMNS.items():
            setattr(self, key, search_key(getattr(self, field))[:MAX_SORT_LENGTH])
        self.search_text = searched_text(getattr(self, field) for field in _SEARCHED)
        self.slug = self.slug or public_slug(self.display_name, prefix="contact")
