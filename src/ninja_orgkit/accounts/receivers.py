"""Accounts follow the host's users."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import models
from django.db.models.signals import class_prepared, post_save, pre_save
from django.http import HttpRequest
from django.utils import timezone

from ninja_orgkit.accounts import host_user
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.selectors import account_of_user
from ninja_orgkit.accounts.services.accounts import count_password_change, follow_user
from ninja_orgkit.accounts.services.sign_in import RECORDS_NO_LOGIN, account_tried
from ninja_orgkit.audit.acting import USER, Actor, acting, current_actor
from ninja_orgkit.audit.actions import (
    ACCOUNT_ACTIVATED,
    ACCOUNT_DEACTIVATED,
    ACCOUNT_DELETED,
    SIGN_IN_REFUSED,
    SIGNED_IN,
)
from ninja_orgkit.audit.announcing import announce, is_heard

_DJANGO_RECORDS = "update_last_login"
_SAVING = "_orgkit_saving"


def follow_user_models() -> None:
    """Keep accounts for the user model, and for every proxy and child of it, also for those declared later."""
    for model in apps.get_models():
        follow_model(model)
    class_prepared.connect(follow_model, dispatch_uid="orgkit.accounts.follow_model")


def follow_model(sender: type[models.Model], **_kwargs: Any) -> None:
    """Connect the receivers to a model if its objects are users; a proxy or child sends its own signals."""
    if issubclass(sender, get_user_model()):
        pre_save.connect(watch_user, sender=sender, dispatch_uid="orgkit.accounts.watch_user")
        post_save.connect(keep_account, sender=sender, dispatch_uid="orgkit.accounts.keep_account")


def record_sign_ins() -> None:
    """Take the place of the receiver by which Django records ``last_login``, unless the host has removed that."""
    removed = user_logged_in.disconnect(dispatch_uid=_DJANGO_RECORDS)
    labels = list(apps.app_configs)
    django_connects_later = "auth" in labels and labels.index("auth") > labels.index(Account._meta.app_label)
    if removed or django_connects_later:  # then Django's finds its place taken
        user_logged_in.connect(record_sign_in, dispatch_uid=_DJANGO_RECORDS)


def tell_of_sign_ins() -> None:
    """Tell of every sign-in and refusal of which Django's signals tell."""
    user_logged_in.connect(tell_of_sign_in, dispatch_uid="orgkit.accounts.tell_of_sign_in")
    user_login_failed.connect(tell_of_refusal, dispatch_uid="orgkit.accounts.tell_of_refusal")


def record_sign_in(user: Any, **_kwargs: Any) -> None:
    """Record ``last_login`` as Django does, unless the kit has marked the user."""
    if host_user.has_last_login_column() and not getattr(user, RECORDS_NO_LOGIN, False):
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])


def tell_of_sign_in(user: Any, request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """Tell that somebody has signed in: through the kit, through Django, or through any other app."""
    if not is_heard(SIGNED_IN, Account):
        return
    account = user._state.fields_cache.get("orgkit_account") or account_of_user(user)
    if account is not None:
        with acting(Actor(USER, account, request=request or current_actor().request)):
            announce(SIGNED_IN, account)


def tell_of_refusal(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """Tell that somebody was refused who tried to sign in.

    Without an account the event is in nobody's list: it is written so that every refusal takes as long.
    """
    if not is_heard(SIGN_IN_REFUSED, Account):
        return
    account = account_tried(credentials) or Account()
    with acting(Actor(USER, request=request or current_actor().request)):
        announce(SIGN_IN_REFUSED, account)


def tell_of_deletion(sender: type[Account], instance: Account, **_kwargs: Any) -> None:
    """Tell that an account was deleted, however its user was."""
    announce(ACCOUNT_DELETED, instance)


def watch_user(
    sender: type[models.Model],
    instance: models.Model,
    using: str,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """Note on a user that is about to be saved what this changes."""
    if not raw:
        vars(instance)[_SAVING] = host_user.what_changes(instance, using=using, written=update_fields)


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
    changed = vars(instance).pop(_SAVING, None) or host_user.Saving()
    if changed.password:
        count_password_change(account)
    if changed.is_active:
        announce(ACCOUNT_ACTIVATED if getattr(instance, "is_active", True) else ACCOUNT_DEACTIVATED, account)
    if update_fields is None or "password" in update_fields:
        host_user.note_stored_password(instance)
