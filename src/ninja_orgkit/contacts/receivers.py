"""What follows when a contact is deleted, by whatever way."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.media.avatars import avatar_names


def delete_avatar_files(instance: Contact, **_kwargs: Any) -> None:
    """Have the files of a deleted contact's avatar deleted after the commit."""
    if names := avatar_names(instance):
        enqueue(DELETE_FILES, names=names)
