"""Accounts follow the host's users."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db import models
from django.db.models.signals import class_prepared, post_save, pre_save
from django.utils import timezone

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import count_password_change, follow_user
from ninja_orgkit.accounts.services.sign_in import RECORDS_NO_LOGIN
from ninja_orgkit.audit.actions import ACCOUNT_DELETED
from ninja_orgkit.audit.announcing import announce

_DJANGO_RECORDS = "update_last_login"
_SETS_PASSWORD = "_orgkit_sets_password"


def follow_user_models() -> None:
    """Keep accounts for the user model, and for every proxy and child of it, also for those declared later."""
    for model in apps.get_models():
        follow_model(model)
    class_prepared.connect(follow_model, dispatch_uid="orgkit.accounts.follow_model")


def follow_model(sender: type[models.Model], **_kwargs: Any) -> None:
    """Connect the receivers to a model if its objects are users; a proxy or child sends its own signals."""
    if issubclass(sender, get_user_model()):
        pre_save.connect(watch_password, sender=sender, dispatch_uid="orgkit.accounts.watch_password")
        post_save.connect(keep_account, sender=sender, dispatch_uid="orgkit.accounts.keep_account")


def record_sign_ins() -> None:
    """Take the place of the receiver by which Django records ``last_login``, unless the host has removed that."""
    removed = user_logged_in.disconnect(dispatch_uid=_DJANGO_RECORDS)
    labels = list(apps.app_configs)
    django_connects_later = "auth" in labels and labels.index("auth") > labels.index(Account._meta.app_label)
    if removed or django_connects_later:  # then Django's finds its place taken
        user_logged_in.connect(record_sign_in, dispatch_uid=_DJANGO_RECORDS)


def record_sign_in(user: Any, **_kwargs: Any) -> None:
    """Record ``last_login`` as Django does, unless the kit has marked the user."""
    if host_user.has_last_login_column() and not getattr(user, RECORDS_NO_LOGIN, False):
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])


def tell_of_deletion(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Tell that an account was deleted, however its user was."""
    announce(ACCOUNT_DELETED, instance)


def watch_password(
    sender: type[models.Model],
    instance: models.Model,
    using: str,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """Note on a user that is about to be saved whether this sets its password."""
    vars(instance)[_SETS_PASSWORD] = not raw and host_user.sets_password(instance, using=using, written=update_fields)


def keep_account(
    sender: type[models.Model],
    instance: models.Model,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """Create or update the account of a user that was saved. Fixtures (``raw``) bring their own accounts."""
    if raw:
        return
    account = follow_user(instance, written=update_fields)
    if vars(instance).pop(_SETS_PASSWORD, False):
        count_password_change(account)
    if update_fields is None or "password" in update_fields:
        host_user.note_stored_password(instance)
