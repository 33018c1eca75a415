"""Accounts follow the host's users."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models.signals import class_prepared, post_save

from ninja_orgkit.accounts.services.accounts import follow_user


def follow_user_models() -> None:
    """Keep accounts for the user model, and for every proxy and child of it, also for those declared later."""
    for model in apps.get_models():
        follow_model(model)
    class_prepared.connect(follow_model, dispatch_uid="orgkit.accounts.follow_model")


def follow_model(sender: type[models.Model], **_kwargs: Any) -> None:
    """Connect ``keep_account`` to a model if its objects are users; a proxy or child sends its own signals."""
    if issubclass(sender, get_user_model()):
        post_save.connect(keep_account, sender=sender, dispatch_uid="orgkit.accounts.keep_account")


def keep_account(
    sender: type[models.Model],
    instance: models.Model,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """Create or update the account of a user that was saved. Fixtures (``raw``) bring their own accounts."""
    if not raw:
        follow_user(instance, written=update_fields)
