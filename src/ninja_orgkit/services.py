"""What a host's own code may do with the kit: the services that the routes call, in one place to import them from.

A parameter ``account``, ``owner``, ``creator`` or ``by`` takes a user or an account. ``by`` is the one in whose name
something is done: they need the permissions that a client would need. None is the host itself, which needs none.
If ``by`` is not a member, a function raises NotFound. If a permission is missing, it raises Forbidden. Limits, hooks
and signals are the same as for clients. Each function is one transaction, or part of the caller's.

What guards a host's own endpoint, and what finds its objects by tags, is here too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from ninja_orgkit.accounts.services.sessions import end_sessions
from ninja_orgkit.accounts.services.sign_in import sign_in
from ninja_orgkit.organizations.guard import require
from ninja_orgkit.organizations.selectors.memberships import get_membership, memberships_of
from ninja_orgkit.organizations.services.invitations import invite, invite_many
from ninja_orgkit.organizations.services.members import add_member, change_role, remove_member, transfer_ownership
from ninja_orgkit.organizations.services.organizations import (
    create_organization,
    delete_organization,
    update_organization,
)

__all__ = [
    "TagFilter",
    "add_member",
    "assign_tags",
    "attach_images",
    "change_role",
    "create_contact",
    "create_organization",
    "delete_contact",
    "delete_organization",
    "detach_images",
    "end_sessions",
    "file_url",
    "get_membership",
    "images_of",
    "invite",
    "invite_many",
    "memberships_of",
    "record",
    "remove_member",
    "request_export",
    "require",
    "sign_in",
    "tagged",
    "tags_of",
    "transfer_ownership",
    "unassign_tags",
    "update_contact",
    "update_organization",
    "upload_image",
    "with_images",
    "with_tags",
]


def _missing(name: str, app: str) -> Callable[..., Any]:
    """Return what stands in for a function whose app is not installed, and says so when it is called."""

    def missing(*_args: Any, **_kwargs: Any) -> Any:
        raise ImproperlyConfigured(f"{name}() needs the app {app!r}. Add it to INSTALLED_APPS.")

    missing.__name__ = name
    return missing


if TYPE_CHECKING or apps.is_installed("ninja_orgkit.audit"):
    from ninja_orgkit.accounts.services.events import record
else:
    record = _missing("record", "ninja_orgkit.audit")

if TYPE_CHECKING or apps.is_installed("ninja_orgkit.contacts"):
    from ninja_orgkit.contacts.services import create_contact, delete_contact, update_contact
else:
    create_contact = _missing("create_contact", "ninja_orgkit.contacts")
    update_contact = _missing("update_contact", "ninja_orgkit.contacts")
    delete_contact = _missing("delete_contact", "ninja_orgkit.contacts")

if TYPE_CHECKING or apps.is_installed("ninja_orgkit.tags"):
    from ninja_orgkit.tags.schemas import TagFilter
    from ninja_orgkit.tags.selectors import tagged, tags_of, with_tags
    from ninja_orgkit.tags.services import assign_tags, unassign_tags
else:
    assign_tags = _missing("assign_tags", "ninja_orgkit.tags")
    unassign_tags = _missing("unassign_tags", "ninja_orgkit.tags")
    tags_of = _missing("tags_of", "ninja_orgkit.tags")
    tagged = _missing("tagged", "ninja_orgkit.tags")
    with_tags = _missing("with_tags", "ninja_orgkit.tags")
    TagFilter = _missing("TagFilter", "ninja_orgkit.tags")

if TYPE_CHECKING or apps.is_installed("ninja_orgkit.images"):
    from ninja_orgkit.images.selectors import images_of, with_images
    from ninja_orgkit.images.services.attachments import attach_images, detach_images
    from ninja_orgkit.images.services.uploads import upload_image
    from ninja_orgkit.images.services.urls import file_url
else:
    upload_image = _missing("upload_image", "ninja_orgkit.images")
    attach_images = _missing("attach_images", "ninja_orgkit.images")
    detach_images = _missing("detach_images", "ninja_orgkit.images")
    images_of = _missing("images_of", "ninja_orgkit.images")
    with_images = _missing("with_images", "ninja_orgkit.images")
    file_url = _missing("file_url", "ninja_orgkit.images")

if TYPE_CHECKING or apps.is_installed("ninja_orgkit.exports"):
    from ninja_orgkit.exports.services import request_export
else:
    request_export = _missing("request_export", "ninja_orgkit.exports")
