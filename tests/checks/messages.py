"""What the system checks of the kit report."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.checks import CheckMessage
from django.core.checks.registry import registry as checks


def found_by_id(*, deploy: bool = False, databases: Sequence[str] = ()) -> dict[str, str]:
    """Return the text of each message of the kit by its id."""
    return {str(item.id): f"{item.msg} {item.hint}" for item in messages_of_the_kit(deploy=deploy, databases=databases)}


def messages_of_the_kit(*, deploy: bool = False, databases: Sequence[str] = ()) -> list[CheckMessage]:
    """Return the messages of the kit's own checks, because Django's checks are slow."""
    own = [check for check in checks.get_checks(deploy) if check.__module__.startswith("ninja_orgkit.")]
    found = (message for check in own for message in check(app_configs=None, databases=databases))
    return [message for message in found if not message.is_silenced()]
