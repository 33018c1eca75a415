"""Create, change and delete contacts."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.contacts.errors import NamelessContact, OrganizationImmutable
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.attachments import delete_links, fast_delete, without_cascade
from ninja_orgkit.database.locks import Check, lock
from ninja_orgkit.organizations.models import Organization

_BATCH = 1000


@atomic()
def create_contact(organization: Organization, *, creator: Account, fields: dict[str, Any]) -> Contact:
    """Create a contact. An empty display name is made from the other names. Raises NamelessContact."""
    contact = Contact(organization=organization, creator=creator, **fields)
    _require_name(contact)
    contact.save(force_insert=True)
    return contact


@atomic()
def update_contact(contact: Contact, *, changes: dict[str, Any], check: Check | None = None) -> Contact:
    """Change the given fields of a contact. A display name that is given stays, an empty one follows the other names.

    ``organization`` (a slug) must be the contact's own. Raises OrganizationImmutable, NamelessContact, NotFound if the
    contact is gone, and what ``check`` raises.
    """
    if changes.pop("organization", contact.organization.slug) != contact.organization.slug:
        raise OrganizationImmutable
    locked: Contact = lock(Contact.objects.filter(pk=contact.pk), check)
    for field, value in changes.items():
        setattr(locked, field, value)
    if "display_name" in changes:
        locked.derived_name = ""  # chosen, even if it is the same text
    _require_name(locked)
    if changes:
        locked.save(update_fields=[*changes, "updated_at"])
    return locked


def _require_name(contact: Contact) -> None:
    contact.derive()
    if not contact.display_name:
        raise NamelessContact


@atomic()
def delete_contact(contact: Contact, *, check: Check | None = None) -> None:
    """Delete a contact and what is attached to it. The files of its avatar are deleted after the commit.

    Raises NotFound if it is gone, and what ``check`` raises.
    """
    lock(Contact.objects.filter(pk=contact.pk), check).delete()


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
