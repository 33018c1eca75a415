"""Find one contact, or the contacts that a caller may list."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import F, QuerySet

from ninja_orgkit.accounts.authentication import Caller
from ninja_orgkit.contacts.models import SORT_COLUMNS, Contact
from ninja_orgkit.database.attachments import content_type_id
from ninja_orgkit.database.pages import PreparedRows, Rows
from ninja_orgkit.database.prepared import Parameter, Prepared
from ninja_orgkit.database.searched import SearchedQuerySet
from ninja_orgkit.database.tagging import TagTerms
from ninja_orgkit.errors import Forbidden, NotFound
from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.organizations.roles import permissions_by
from ninja_orgkit.organizations.selectors.memberships import get_membership, organization_keys_of, reaches
from ninja_orgkit.tags.models import TagAssignment
from ninja_orgkit.tags.selectors import tagged_in, tags_json

READ = "contacts.read"
WRITE = "contacts.write"

_COLUMNS = (
    "slug", "display_name", "first_name", "last_name", "email", "phone", "location", "notes", "avatar", "avatar_large",
    "custom", "created_at", "updated_at", "organization__slug", "creator__slug",
)  # fmt: skip

_ACCOUNT = Parameter("account", Membership._meta.get_field("account"))
_SLUG = Parameter("slug", Contact._meta.get_field("slug"))
_KEY = Parameter("key", Contact._meta.pk)
_CONTENT_TYPE = Parameter("content_type", TagAssignment._meta.get_field("content_type"))
_seen = Prepared(
    lambda: _rows(
        _seen_by(_ACCOUNT, _SLUG),
        home=F("organization"),
        role=F("organization__memberships__role"),
        content_type=_CONTENT_TYPE,
    )
)
_known = Prepared(lambda: _rows(Contact.objects.filter(pk=_KEY), content_type=_CONTENT_TYPE))


def organizations_to_list(caller: Caller, organization: str | None) -> list[int]:
    """Return the primary keys of the organizations whose contacts a caller may list: one by its slug, or all.

    Raises NotFound and Forbidden for the one. One statement.
    """
    if organization is not None:
        return [get_membership(caller, organization, needs=READ).organization_id]
    return organization_keys_of(caller, needs=READ)


def contacts_of(
    organizations: list[int],
    *,
    terms: list[str],
    tags: TagTerms,
    created_after: datetime | None = None,
    updated_after: datetime | None = None,
) -> Rows | PreparedRows:
    """Return the contacts of organizations (primary keys) as rows that include the sort columns.

    Each of the ``terms`` (see ``search_terms``) must occur in a contact's text, and its tags must match ``tags``.
    """
    if organizations and not (terms or tags.slugs() or created_after or updated_after):
        values = {
            "content_type": content_type_id(Contact),
            **{f"organization{at}": key for at, key in enumerate(organizations)},
        }
        return PreparedRows(_across, _listed, len(organizations), values, SearchedQuerySet.first_of_each)
    contacts: Any = tagged_in(Contact.objects.across(organizations), organizations, tags)
    if created_after is not None:
        contacts = contacts.filter(created_at__gt=created_after)
    if updated_after is not None:
        contacts = contacts.filter(updated_at__gt=updated_after)
    found = _rows(contacts.searched(terms), *SORT_COLUMNS, content_type=content_type_id(Contact))
    narrow = (
        partial(SearchedQuerySet.first_hits, among=contacts, terms=terms) if terms else SearchedQuerySet.first_of_each
    )
    return Rows(found, narrow)


def _across(organizations: int) -> SearchedQuerySet:
    field = Contact._meta.get_field("organization")
    return Contact.objects.across([Parameter(f"organization{at}", field) for at in range(organizations)])


def _listed(contacts: SearchedQuerySet, column: str) -> QuerySet[Contact, dict[str, Any]]:
    return _rows(contacts, *({column} - {*_COLUMNS}), content_type=_CONTENT_TYPE)


def contact_row(caller: Caller, slug: str) -> dict[str, Any]:
    """Return a contact that the caller may read, as a row. Raises NotFound and Forbidden. Takes one statement."""
    row: Any = _seen.first(account=caller.account.pk, slug=slug, content_type=content_type_id(Contact))
    _require(READ, caller, row and (row["home"], row["role"]))
    return dict(row)


def get_contact(caller: Caller, slug: str, *, needs: str) -> Contact:
    """Return a contact and its organization, in which the caller must have the permission ``needs``.

    Raises NotFound if the contact does not exist or the caller is not a member, and Forbidden. Takes one statement.
    """
    contacts = _seen_by(caller.account.pk, slug).select_related("organization")
    contact: Any = contacts.annotate(role=F("organization__memberships__role")).first()
    _require(needs, caller, contact and (contact.organization_id, contact.role))
    found: Contact = contact
    return found


def row_of(contact: Contact) -> dict[str, Any]:
    """Return a contact as a row. Raises NotFound if it is gone."""
    row = _known.first(key=contact.pk, content_type=content_type_id(Contact))
    if row is None:
        raise NotFound
    return row


def _seen_by(account: Any, slug: Any) -> SearchedQuerySet:
    return Contact.objects.filter(
        slug=slug, organization__deleted_at=None, organization__memberships__account=account
    ).order_by()


def _require(needs: str, caller: Caller, membership: tuple[int, str] | None) -> None:
    """Raise NotFound and Forbidden. ``membership`` is the organization (primary key) and the role in it, if any."""
    if membership is None or not reaches(caller.account, membership[0]):
        raise NotFound
    if needs not in permissions_by(caller.key, *membership):
        raise Forbidden


def _rows(
    contacts: SearchedQuerySet, *columns: str, content_type: int | Parameter, **named: Any
) -> QuerySet[Contact, dict[str, Any]]:
    return contacts.values(*_COLUMNS, *columns, tags=tags_json(Contact, content_type), **named)
