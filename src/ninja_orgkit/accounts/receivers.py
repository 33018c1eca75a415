"""Accounts follow the host's users."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

from ninja_orgkit.accounts.services.accounts import follow_user


def keep_account(
    sender: type[models.Model],
    instance: models.Model,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """Create or update the account of a user that was saved. Fixtures (``raw``) bring their own."""
    if not raw and isinstance(instance, get_user_model()):
        follow_user(instance, written=update_fields)
