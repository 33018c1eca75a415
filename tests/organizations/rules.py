"""Functions of a host that settings name by their dotted paths."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from ninja_orgkit import services
from ninja_orgkit.errors import Forbidden


def nobody(account: Any) -> bool:
    """Let nobody."""
    return False


def called_olga(account: Any) -> bool:
    """Let olga, whose account it gets."""
    return bool(account.username == "olga")


def two(about: Any) -> int | None:
    """Limit an account or an organization to two."""
    return 2


def none(about: Any) -> int | None:
    """Limit nothing."""
    return None


def two_for_acme(organization: Any) -> int | None:
    """Limit one organization only."""
    return 2 if organization.slug == "acme" else None


def missing(about: Any) -> Any:
    """Fail with an exception of Django that would be a 404."""
    raise Http404


def refusing(about: Any) -> Any:
    """Refuse with an error of the kit."""
    raise Forbidden("Your plan does not allow this.")


def refusing_all(**values: Any) -> None:
    """Refuse, as a hook."""
    raise Forbidden("Your plan does not allow this.")


def refusing_bob(*, email: str, **values: Any) -> None:
    """Refuse to invite bob, as a hook."""
    if email.startswith("bob"):
        raise Forbidden("Bob has been here before.")


def noting_and_refusing_bob(*, organization: Any, email: str, **values: Any) -> None:
    """Act as a hook: note who is to be invited, and refuse bob."""
    services.create_contact(organization, display_name=email)
    services.record("host.invitation_wanted", organization=organization, target={"kind": "address", "id": email})
    refusing_bob(email=email)
