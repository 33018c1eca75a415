"""Register contacts, which can be tagged, pictured, exported and purged."""

from __future__ import annotations

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.contacts.rows import OrgkitContactRow
from ninja_orgkit.contacts.services import purge_contacts
from ninja_orgkit.registry import register

register(
    Contact,
    name="contacts/contact",
    lookup="slug",
    organization="organization",
    taggable=True,
    imageable=True,
    export=OrgkitContactRow,
    export_kind="contacts",
    purge=purge_contacts,
)
