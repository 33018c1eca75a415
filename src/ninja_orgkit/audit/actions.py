"""The catalogue of what can happen: an action for each event of the audit trail, and for each signal that hosts get."""

from __future__ import annotations

from dataclasses import dataclass

from django.dispatch import Signal

from ninja_orgkit import signals

ORGANIZATION = "organization"
ACCOUNT = "account"


@dataclass(frozen=True)
class Action:
    """Something that can happen to an object.

    ``name`` is what the object is, a dot, and what happened. ``scope`` says whether its events are in the trail of an
    organization, or among the security events of an account. Events of content (``is_content``) are only recorded with
    ``AUDIT_CONTENT``.
    """

    name: str
    sentence: str
    scope: str
    signal: Signal | None = None
    is_content: bool = False


ACTIONS: dict[str, Action] = {}
"""All actions of the kit, by name."""


def _action(name: str, sentence: str, scope: str, signal: Signal | None = None, *, is_content: bool = False) -> Action:
    ACTIONS[name] = Action(name, sentence, scope, signal, is_content)
    return ACTIONS[name]


ACCOUNT_CREATED = _action("account.created", "A user got an account.", ACCOUNT, signals.account_created)
ACCOUNT_DELETED = _action("account.deleted", "An account was deleted.", ACCOUNT, signals.account_deleted)
ACCOUNT_UPDATED = _action("account.updated", "Fields of a profile, or the avatar, were changed.", ACCOUNT)
ACCOUNT_DEACTIVATED = _action("account.deactivated", "The user was made inactive, and can no longer sign in.", ACCOUNT)
ACCOUNT_ACTIVATED = _action("account.activated", "An inactive user was made active again.", ACCOUNT)
SIGNED_IN = _action("account.signed_in", "Somebody signed in, by whatever way.", ACCOUNT)
SIGN_IN_REFUSED = _action("account.sign_in_refused", "Somebody tried to sign in and was refused.", ACCOUNT)
SIGNED_OUT_EVERYWHERE = _action("account.signed_out_everywhere", "All sessions were ended at once.", ACCOUNT)
SESSION_ENDED = _action("session.ended", "A device was signed out.", ACCOUNT)
SECOND_FACTOR_ADDED = _action("second_factor.added", "A second factor was set up.", ACCOUNT)
SECOND_FACTOR_REMOVED = _action("second_factor.removed", "A second factor was removed.", ACCOUNT)
PASSWORD_CHANGED = _action("password.changed", "The password was set anew.", ACCOUNT, signals.password_changed)
ADDRESS_CHANGED = _action("address.changed", "The e-mail address was changed.", ACCOUNT, signals.address_changed)
ADDRESS_VERIFIED = _action("address.verified", "Somebody proved that the e-mail address is theirs.", ACCOUNT)

ORGANIZATION_CREATED = _action(
    "organization.created", "An organization was created.", ORGANIZATION, signals.organization_created
)
ORGANIZATION_UPDATED = _action("organization.updated", "Fields of an organization were changed.", ORGANIZATION)
ORGANIZATION_DELETED = _action(
    "organization.deleted", "An organization was deleted.", ORGANIZATION, signals.organization_deleted
)
MEMBER_ADDED = _action("member.added", "Somebody joined.", ORGANIZATION, signals.member_added)
MEMBER_REMOVED = _action("member.removed", "Somebody left or was removed.", ORGANIZATION, signals.member_removed)
ROLE_CHANGED = _action("member.role_changed", "A member got another role.", ORGANIZATION, signals.role_changed)
INVITATION_SENT = _action("invitation.sent", "Somebody was invited.", ORGANIZATION, signals.invitation_sent)
INVITATION_ACCEPTED = _action(
    "invitation.accepted", "An invitation was accepted.", ORGANIZATION, signals.invitation_accepted
)
INVITATION_DECLINED = _action("invitation.declined", "An invitation was declined.", ORGANIZATION)
INVITATION_CANCELLED = _action("invitation.cancelled", "An invitation was cancelled.", ORGANIZATION)
INVITATION_RESENT = _action("invitation.resent", "An invitation was sent again, with a new link.", ORGANIZATION)
INVITATION_UPDATED = _action("invitation.updated", "The role of an invitation was changed.", ORGANIZATION)
INVITATION_DELETED = _action("invitation.deleted", "Staff deleted an invitation.", ORGANIZATION)

API_KEY_CREATED = _action("api_key.created", "An API key was created.", ORGANIZATION)
API_KEY_UPDATED = _action("api_key.updated", "Fields of an API key were changed.", ORGANIZATION)
API_KEY_REVOKED = _action("api_key.revoked", "An API key was deleted, in whatever way.", ORGANIZATION)

EXPORT_REQUESTED = _action("export.requested", "An export was requested.", ORGANIZATION)
EXPORT_READY = _action("export.ready", "The archive of an export was stored.", ORGANIZATION, signals.export_ready)
EXPORT_FAILED = _action("export.failed", "An export could not be made.", ORGANIZATION)
EXPORT_CANCELLED = _action("export.cancelled", "A running export was cancelled.", ORGANIZATION)
EXPORT_EXPIRED = _action("export.expired", "The archive of an export was deleted: its time was over.", ORGANIZATION)
EXPORT_DELETED = _action("export.deleted", "An export was deleted with its archive.", ORGANIZATION)

CONTACT_CREATED = _action(
    "contact.created", "A contact was created.", ORGANIZATION, signals.contact_created, is_content=True
)
CONTACT_UPDATED = _action(
    "contact.updated", "Fields of a contact were changed.", ORGANIZATION, signals.contact_changed, is_content=True
)
CONTACT_DELETED = _action(
    "contact.deleted", "A contact was deleted.", ORGANIZATION, signals.contact_deleted, is_content=True
)
TAG_CREATED = _action("tag.created", "A tag was created.", ORGANIZATION, is_content=True)
TAG_UPDATED = _action("tag.updated", "Fields of a tag were changed.", ORGANIZATION, is_content=True)
TAG_DELETED = _action("tag.deleted", "A tag was deleted.", ORGANIZATION, is_content=True)
TAGS_ASSIGNED = _action("tags.assigned", "Tags were assigned to an object.", ORGANIZATION, is_content=True)
TAGS_UNASSIGNED = _action("tags.unassigned", "Tags were removed from an object.", ORGANIZATION, is_content=True)
IMAGE_UPLOADED = _action("image.uploaded", "An image was uploaded.", ORGANIZATION, is_content=True)
IMAGE_UPDATED = _action("image.updated", "Fields of an image were changed.", ORGANIZATION, is_content=True)
IMAGE_DELETED = _action("image.deleted", "An image was deleted.", ORGANIZATION, is_content=True)
IMAGES_ATTACHED = _action("images.attached", "Images were attached to an object.", ORGANIZATION, is_content=True)
IMAGES_ARRANGED = _action(
    "images.arranged",
    "The cover, order or texts of an object's images were changed.",
    ORGANIZATION,
    is_content=True,
)
IMAGES_DETACHED = _action("images.detached", "Images were detached from an object.", ORGANIZATION, is_content=True)
IMAGE_READY = _action(
    "image.ready", "The renditions of an image were stored.", ORGANIZATION, signals.image_ready, is_content=True
)
IMAGE_FAILED = _action(
    "image.failed", "The renditions of an image could not be made.", ORGANIZATION, signals.image_failed, is_content=True
)
