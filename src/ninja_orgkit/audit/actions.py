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
PASSWORD_CHANGED = _action("password.changed", "The password was set anew.", ACCOUNT, signals.password_changed)
ADDRESS_CHANGED = _action("address.changed", "The e-mail address was changed.", ACCOUNT, signals.address_changed)

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

EXPORT_READY = _action("export.ready", "The archive of an export was stored.", ORGANIZATION, signals.export_ready)

CONTACT_CREATED = _action(
    "contact.created", "A contact was created.", ORGANIZATION, signals.contact_created, is_content=True
)
CONTACT_UPDATED = _action(
    "contact.updated", "Fields of a contact were changed.", ORGANIZATION, signals.contact_changed, is_content=True
)
CONTACT_DELETED = _action(
    "contact.deleted", "A contact was deleted.", ORGANIZATION, signals.contact_deleted, is_content=True
)
IMAGE_READY = _action(
    "image.ready", "The renditions of an image were stored.", ORGANIZATION, signals.image_ready, is_content=True
)
IMAGE_FAILED = _action(
    "image.failed", "The renditions of an image could not be made.", ORGANIZATION, signals.image_failed, is_content=True
)
