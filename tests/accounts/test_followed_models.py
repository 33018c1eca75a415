"""Accounts follow the user model, and no other model of a host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.db.models.signals import post_save
from django.test.utils import isolate_apps

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.receivers import keep_account


@pytest.fixture
def late_proxy() -> Iterator[type[User]]:
    """Return a proxy of the user model that is declared long after every app is ready."""
    with isolate_apps("shop"):

        class LateUser(User):
            class Meta:
                proxy = True
                app_label = "shop"

        yield LateUser


def test_a_user_of_a_proxy_that_is_declared_later_has_an_account(db: None, late_proxy: type[User]) -> None:
    user = late_proxy(username="ada", email="ada@example.com")
    user.save()
    assert Account.objects.get().user_id == user.pk
    user.email = "new@example.com"
    user.save()
    assert Account.objects.get().email == "new@example.com"


def test_saving_anything_but_a_user_does_not_look_for_an_account(db: None) -> None:
    followed = [model for model in apps.get_models() if _follows(model)]
    assert followed == [User]
    assert not post_save.has_listeners(Group)
    assert not post_save.has_listeners(Session)


def _follows(model: type[Model]) -> bool:
    """Return whether ``keep_account`` is connected to this model, by disconnecting and reconnecting it."""
    found = post_save.disconnect(sender=model, dispatch_uid="orgkit.accounts.keep_account")
    if found:
        post_save.connect(keep_account, sender=model, dispatch_uid="orgkit.accounts.keep_account")
    return bool(found)
