"""Set and remove the logo of an organization, under its lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile

from ninja_orgkit.database.alias import atomic
from ninja_orgkit.media.avatars import clear_avatar, store_avatar
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.services.organizations import lock_organization


def store_logo(
    organization: Organization, *, file: UploadedFile[Any] | IO[bytes], stored_files: StoredFiles
) -> Callable[[], Organization]:
    """Render and store a logo, which is slow, so call it outside a transaction.

    Return a function that writes the row and returns the organization. It raises NotFound if that has been closed; for
    all other errors see ``store_avatar``.
    """
    write = store_avatar(organization, file=file, stored_files=stored_files)

    @atomic()
    def write_locked() -> Organization:
        lock_organization(organization)
        return write()

    return write_locked


@atomic()
def clear_logo(organization: Organization) -> None:
    """Remove the logo of an organization and its files. Raises NoLogo, and NotFound if it has been closed."""
    lock_organization(organization)
    clear_avatar(organization)
