"""The kit is added to a project that already has users, some without an address and some with the same one."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Organization
from tests.client import Api
from tests.hosts.stock.models import Colleague, Customer

PASSWORD = "correct horse battery"
OF_THE_KIT = ("shop", "orgkit_accounts", "orgkit")


def _run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def _complaints() -> list[str]:
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("orgkit_doctor", stdout=out)
    return out.getvalue().splitlines()


def _signs_in(**login: str) -> bool:
    answer = Api().post("/token/pair", {**login, "password": PASSWORD})
    assert answer.status_code in (200, 401), answer.content
    return bool(answer.status_code == 200)


def test_the_kit_installs_into_a_project_with_users(transactional_db: None) -> None:
    for app in OF_THE_KIT:
        call_command("migrate", app, "zero", verbosity=0)
    password = make_password(PASSWORD)
    addresses = {"first": "same@example.com", "second": "SAME@Example.com", "blank": "", "blank2": "", "odd": "no one"}
    User.objects.bulk_create(User(username=name, email=email, password=password) for name, email in addresses.items())

    call_command("migrate", verbosity=0)
    missing = [line for line in _complaints() if line.endswith("has no account. Run orgkit_sync.")]
    assert missing == [f"User {name!r} has no account. Run orgkit_sync." for name in addresses]
    assert _signs_in(username="first")  # whom a backend lets in gets an account at once

    assert "Accounts created: 4" in _run("orgkit_sync")
    shared, *blank = sorted(_complaints(), key=lambda line: "no e-mail address" in line)
    assert "'SAME@Example.com'" in shared
    assert len(blank) == 2
    assert _signs_in(email="same@example.com")
    assert [name for name in addresses if not _signs_in(username=name)] == []
    assert Organization.objects.count() == 5

    User.objects.get(username="first").delete()
    assert not _signs_in(email="same@example.com")
    for name in ("blank", "blank2"):
        User.objects.filter(username=name).update(email=f"{name}@example.com")
    _run("orgkit_sync", "--all")
    assert _signs_in(email="same@example.com")
    assert "in order" in _run("orgkit_doctor")


@pytest.mark.parametrize("model", [User, Colleague, Customer])
def test_proxies_and_children_of_the_user_model_have_accounts(db: None, model: Any) -> None:
    user = model.objects.create_user("ada", "ada@example.com", PASSWORD)
    assert _signs_in(email="ada@example.com")
    user.email = "new@example.com"
    user.save()
    assert _signs_in(email="new@example.com")
    assert Account.objects.count() == 1
    user.delete()
    assert not User.objects.exists()
    assert not Account.objects.exists()
    assert not Organization.objects.filter(deleted_at=None).exists()
