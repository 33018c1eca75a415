"""Every list of the API, with functions that add and remove rows; many have equal or empty sort values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import F

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.audit.actions import ACCOUNT, ORGANIZATION
from ninja_orgkit.audit.models import Event, trail_of
from ninja_orgkit.audit.purging import delete_events
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database.attachments import target_of
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.uuids import uuid7
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.tags.models import Tag, TagAssignment
from tests.org import Org, account_of
from tests.rows import insert

EQUAL = 24
"""Rows with a smaller number have the same sort values, empty ones where they may be."""

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_FAR = datetime(2100, 1, 1, tzinfo=UTC)


def moment(number: int) -> datetime:
    """Return the time of a row."""
    return _BEGAN + timedelta(seconds=max(0, number - EQUAL))


def word(number: int) -> str:
    """Return the text of a row: empty, the same for some, or its own."""
    if number < EQUAL:
        return ""
    return "Same" if number % 2 else f"Own {number:04}"


@dataclass(frozen=True)
class Place:
    """Where the lists are: an organization, whose owner reads them, and a contact in it."""

    org: Org
    contact: str

    @cached_property
    def account(self) -> Account:
        """Return the account of the owner."""
        return account_of(self.org.owner)

    @cached_property
    def row(self) -> Organization:
        """Return the row of the organization."""
        return self.org.row

    @cached_property
    def target(self) -> Contact:
        """Return the row of the contact."""
        return Contact.objects.get(slug=self.contact)


def add_sessions(place: Place, numbers: Iterable[int]) -> None:
    """Sign in again and again."""
    account = place.account
    login = {"account": account, "password_changes": account.password_changes, "expires_at": _FAR}
    times = [moment(number) for number in numbers]
    Session.objects.bulk_create(Session(**login, created_at=time, last_used_at=time) for time in times)


def add_organizations(place: Place, numbers: Iterable[int]) -> None:
    """Make organizations that the person is in."""
    account = place.account
    rows = insert(
        Organization(
            slug=f"team-{number}", name=word(number), sort_key=search_key(word(number)), created_at=moment(number)
        )
        for number in numbers
    )
    Membership.objects.bulk_create(Membership(organization=row, account=account, role="member") for row in rows)


def _role(number: int) -> str:
    return "member" if number < EQUAL else ("admin", "viewer", "dropped")[number % 3]


def add_members(place: Place, numbers: Iterable[int]) -> None:
    """Let people join the group."""
    numbers, row = list(numbers), place.row
    users = insert(get_user_model()(username=f"member{number}") for number in numbers)
    accounts = [
        Account(user=user, slug=f"person-{number}", username=word(number))
        for user, number in zip(users, numbers, strict=True)
    ]
    for account in accounts:
        account.derive()
    Account.objects.bulk_create(accounts)
    Membership.objects.bulk_create(
        Membership(organization=row, account=account, role=_role(number), joined_at=moment(number))
        for account, number in zip(accounts, numbers, strict=True)
    )


def add_api_keys(place: Place, numbers: Iterable[int]) -> None:
    """Make keys whose text nobody knows."""
    row = place.row
    membership = Membership.objects.get(organization=row, account=place.account)
    ApiKey.objects.bulk_create(
        ApiKey(
            organization=row,
            membership=membership,
            name=word(number),
            sort_key=search_key(word(number)),
            digest=f"{number:064}",
            created_at=moment(number),
        )
        for number in numbers
    )


def add_invitations(place: Place, numbers: Iterable[int]) -> None:
    """Invite people who decline."""
    row, account = place.row, place.account
    Invitation.objects.bulk_create(
        Invitation(
            organization=row,
            email=word(number),
            role="member",
            status="declined",
            invited_by=account,
            created_at=moment(number),
            expires_at=moment(number),
        )
        for number in numbers
    )


def add_received_invitations(place: Place, numbers: Iterable[int]) -> None:
    """Get invited, each time to the same organization, which no service would do."""
    row, account = place.row, place.account
    Account.objects.filter(pk=account.pk).update(email_verified_at=_BEGAN)
    Invitation.objects.bulk_create(
        Invitation(
            organization=row,
            email=account.email,
            email_key=account.email_key or "",
            role="member",
            invited_by=account,
            created_at=moment(number),
            expires_at=_FAR + (moment(number) - _BEGAN),
        )
        for number in numbers
    )


def add_contacts(place: Place, numbers: Iterable[int]) -> None:
    """Keep more contacts."""
    row = place.row
    contacts = [
        Contact(
            organization=row,
            display_name=word(number) or "Same",
            first_name=word(number),
            last_name=word(number),
            email=word(number) and f"{word(number).replace(' ', '')}@example.com",
            created_at=moment(number),
        )
        for number in numbers
    ]
    for contact in contacts:
        contact.derive()
    Contact.objects.bulk_create(contacts)
    added = Contact.objects.filter(slug__in=[contact.slug for contact in contacts])
    added.update(updated_at=F("created_at"))


def _tags(place: Place, numbers: Iterable[int]) -> list[Tag]:
    row, rows = place.row, []
    for number in numbers:
        # Accents make names differ, and leave alone what is sorted by.
        name = f"a{chr(0x300 + number)}" if number < EQUAL else f"tag {number:04}"
        rows.append(Tag(organization=row, name=name, slug=f"tag-{number}", created_at=moment(number)))
        rows[-1].derive()
    return insert(rows)


def add_tags(place: Place, numbers: Iterable[int]) -> None:
    """Make tags, some of which are assigned once."""
    rows = [tag for tag in _tags(place, numbers) if tag.pk % 3 == 0]
    target = target_of(place.target)
    TagAssignment.objects.bulk_create(TagAssignment(tag=tag, **target) for tag in rows)


def add_tags_of_contact(place: Place, numbers: Iterable[int]) -> None:
    """Give the contact tags."""
    target = target_of(place.target)
    TagAssignment.objects.bulk_create(TagAssignment(tag=tag, **target) for tag in _tags(place, numbers))


def _images(place: Place, numbers: Iterable[int]) -> list[Image]:
    row = place.row
    return insert(
        Image(
            organization=row,
            title=word(number),
            title_sort=search_key(word(number)),
            format="png",
            width=1,
            height=1,
            size=max(1, number - EQUAL),
            sha256=f"{number:064}",
            placeholder="#000000",
            file=f"images/{number}",
            created_at=moment(number),
        )
        for number in numbers
    )


def add_images(place: Place, numbers: Iterable[int]) -> None:
    """Keep more images."""
    _images(place, numbers)


def add_images_of_contact(place: Place, numbers: Iterable[int]) -> None:
    """Give the contact images."""
    numbers, target = list(numbers), target_of(place.target)
    ImageAttachment.objects.bulk_create(
        ImageAttachment(image=image, position=max(0, number - EQUAL), **target)
        for image, number in zip(_images(place, numbers), numbers, strict=True)
    )


def add_exports(place: Place, numbers: Iterable[int]) -> None:
    """Let there be exports that failed."""
    row = place.row
    ExportJob.objects.bulk_create(
        ExportJob(organization=row, status="failed", lease_until=_FAR, created_at=moment(number)) for number in numbers
    )


def _add_events(trail: str, numbers: Iterable[int]) -> None:
    Event.objects.bulk_create(
        Event(
            id=uuid7(moment(number)), trail=trail, action="member.added", actor_kind="system", created_at=moment(number)
        )
        for number in numbers
    )


def add_events(place: Place, numbers: Iterable[int]) -> None:
    """Let things have happened in the organization."""
    _add_events(trail_of(ORGANIZATION, place.row), numbers)


def add_security_events(place: Place, numbers: Iterable[int]) -> None:
    """Let things have happened to the account."""
    _add_events(trail_of(ACCOUNT, place.account), numbers)


def _remove_events(keys: set[Any]) -> None:
    delete_events("id", [UUID(key) for key in keys])


def _own_id(item: dict[str, Any]) -> Any:
    return item["id"]


def _own_slug(item: dict[str, Any]) -> Any:
    return item["slug"]


def _image_id(item: dict[str, Any]) -> Any:
    return item["image"]["id"]


@dataclass(frozen=True)
class Listing:
    """A list: where it is, what sorts it, what adds rows, how a row is told from others, and what removes some."""

    path: str
    orderings: tuple[str, ...]
    add: Callable[[Place, Iterable[int]], None]
    identify: Callable[[dict[str, Any]], Any]
    remove: Callable[[set[Any]], Any]

    def url(self, place: Place) -> str:
        """Return the path of the list in a place."""
        return self.path.format(org_slug=place.org.slug, app_label="contacts", model="contact", obj_id=place.contact)


LISTS = (
    Listing(
        "/auth/sessions",
        ("created_at", "last_used_at"),
        add_sessions,
        _own_id,
        lambda keys: Session.objects.filter(pk__in=keys).delete(),
    ),
    Listing(
        "/orgs/",
        ("name", "created_at"),
        add_organizations,
        _own_slug,
        lambda keys: Organization.objects.filter(slug__in=keys).delete(),
    ),
    Listing(
        "/orgs/{org_slug}/members/",
        ("joined_at", "display_name", "username", "role"),
        add_members,
        _own_slug,
        lambda keys: Membership.objects.filter(account__slug__in=keys).delete(),
    ),
    Listing(
        "/orgs/{org_slug}/invitations/",
        ("created_at", "expires_at", "email"),
        add_invitations,
        _own_id,
        lambda keys: Invitation.objects.filter(pk__in=keys).delete(),
    ),
    Listing(
        "/orgs/{org_slug}/api-keys/",
        ("created_at", "name"),
        add_api_keys,
        _own_id,
        lambda keys: ApiKey.objects.filter(pk__in=keys).delete(),
    ),
    Listing(
        "/invitations/",
        ("created_at", "expires_at"),
        add_received_invitations,
        _own_id,
        lambda keys: Invitation.objects.filter(pk__in=keys).delete(),
    ),
    Listing(
        "/contacts/",
        ("display_name", "first_name", "last_name", "email", "created_at", "updated_at"),
        add_contacts,
        _own_slug,
        lambda keys: Contact.objects.filter(slug__in=keys).delete(),
    ),
    Listing(
        "/orgs/{org_slug}/tags/",
        ("name", "usage_count", "created_at"),
        add_tags,
        _own_id,
        lambda keys: Tag.objects.filter(pk__in=keys).delete(),
    ),
    Listing(
        "/orgs/{org_slug}/tags/{app_label}/{model}/{obj_id}/",
        ("name", "usage_count", "created_at"),
        add_tags_of_contact,
        _own_id,
        lambda keys: TagAssignment.objects.filter(tag__in=keys).delete(),
    ),
    Listing(
        "/images/orgs/{org_slug}/images/",
        ("created_at", "title", "size"),
        add_images,
        _own_id,
        lambda keys: Image.objects.filter(pk__in=keys).delete(),
    ),
    Listing(
        "/images/orgs/{org_slug}/images/{app_label}/{model}/{obj_id}/",
        ("position",),
        add_images_of_contact,
        _image_id,
        lambda keys: ImageAttachment.objects.filter(image__in=keys).delete(),
    ),
    Listing(
        "/orgs/{org_slug}/export/",
        ("created_at",),
        add_exports,
        _own_id,
        lambda keys: ExportJob.objects.filter(pk__in=keys).delete(),
    ),
    Listing("/orgs/{org_slug}/audit/", ("created_at",), add_events, _own_id, _remove_events),
    Listing("/users/me/security-events", ("created_at",), add_security_events, _own_id, _remove_events),
)
