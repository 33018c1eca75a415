"""Create, change and delete contacts."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.audit.actions import CONTACT_CREATED, CONTACT_DELETED, CONTACT_UPDATED
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.contacts.errors import NamelessContact, OrganizationImmutable
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.contacts.values import OrgkitContactFields
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.attachments import delete_links, fast_delete, without_cascade
from ninja_orgkit.database.locks import lock
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.selectors.memberships import require_open
from ninja_orgkit.protocol.values import valid

_BATCH = 1000


@atomic()
def create_contact(organization: Organization, *, creator: Any = None, **fields: Any) -> Contact:
    """Create a contact. ``creator`` is a user or an account, if anybody.

    ``fields`` are ``display_name`` and ``location`` (up to 255 characters), ``first_name`` and ``last_name`` (150),
    ``email`` (254), ``phone`` (32), ``notes`` (10,000) and ``custom`` (a JSON object of at most ``CUSTOM_MAX_BYTES``).
    An empty display name is made from the other names. Raises ValidationFailed, NamelessContact, and NotFound if the
    organization has been closed.
    """
    require_open(organization)
    account = None if creator is None else as_account(creator)
    contact = Contact(organization=organization, creator=account, **valid(OrgkitContactFields, fields))
    _require_name(contact)
    contact.save(force_insert=True)
    announce(CONTACT_CREATED, contact)
    return contact


@atomic()
def update_contact(contact: Contact, **changes: Any) -> Contact:
    """Change the given fields of a contact, and return it as it is then.

    The fields are those of ``create_contact``. A display name that is given stays, an empty one follows the other
    names. ``organization``, if given, must be the contact's own, or its slug. Raises ValidationFailed,
    OrganizationImmutable, NamelessContact, and NotFound if the contact is gone.
    """
    home = changes.pop("organization", contact.organization)
    if getattr(home, "slug", home) != contact.organization.slug:
        raise OrganizationImmutable
    changes = valid(OrgkitContactFields, changes)
    locked: Contact = lock(Contact.objects.filter(pk=contact.pk))
    locked.organization = contact.organization
    before = values_of(locked, OrgkitContactFields.model_fields)
    for field, value in changes.items():
        setattr(locked, field, value)
    if "display_name" in changes:
        locked.derived_name = ""  # chosen, even if it is the same text
    _require_name(locked)
    if changes:
        locked.save(update_fields=[*changes, "updated_at"])
    if changed := changes_since(before, locked):
        announce(CONTACT_UPDATED, locked, changes=changed)
    return locked


def _require_name(contact: Contact) -> None:
    contact.derive()
    if not contact.display_name:
        raise NamelessContact


@atomic()
def delete_contact(contact: Contact) -> None:
    """Delete a contact and what is attached to it. The files of its avatar are deleted after the commit.

    Raises NotFound if it is gone.
    """
    locked: Contact = lock(Contact.objects.filter(pk=contact.pk))
    locked.delete()
    announce(CONTACT_DELETED, locked, organization=contact.organization)


@atomic()
def purge_contacts(organization: int) -> bool:
    """Delete one batch of the contacts of a closed organization. Tell whether there may be more."""
    columns = ("pk", "avatar", "avatar_large")
    batch = list(Contact.objects.filter(organization=organization).values_list(*columns)[:_BATCH])
    keys = [key for key, *_ in batch]
    fast_delete(without_cascade(Contact, keys))
    delete_links(Contact, keys)
    if names := [name for _, *files in batch for name in files if name]:
        enqueue(DELETE_FILES, names=names)
    return len(batch) == _BATCH
