"""The commands orgkit_doctor, orgkit_sync and orgkit_drain_outbox."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Membership, Organization
from tests.org import MakePerson, Org, account_of


def _run(name: str, *args: Any) -> str:
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def _complaints() -> Any:
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("orgkit_doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert str(raised.value) == f"{len(lines)} findings."
    assert raised.value.returncode == 1
    return lines


def test_the_doctor_finds_nothing_wrong_in_a_healthy_project(org: Org) -> None:
    org.add_member("viewer")
    assert "in order" in _run("orgkit_doctor")


def test_the_doctor_reports_organizations_without_an_owner(org: Org) -> None:
    Membership.objects.filter(organization=org.row)._raw_delete(using="default")
    assert _complaints() == ["Organization acme has no owner."]


def test_the_doctor_reports_organizations_whose_owners_are_all_inactive(org: Org) -> None:
    get_user_model().objects.filter(pk=account_of(org.owner).pk).update(is_active=False)
    assert "Organization acme has no active owner." in _complaints()


def test_the_doctor_ignores_closed_organizations(org: Org) -> None:
    org.api.delete(f"{org.path}?confirm=acme")
    Membership.objects.filter(organization=org.row).delete()
    assert "in order" in _run("orgkit_doctor")


def test_the_doctor_reports_users_without_an_account_and_duplicate_addresses(db: None) -> None:
    get_user_model().objects.bulk_create([get_user_model()(username="bulk")])
    get_user_model().objects.create_user("first", "same@example.com")
    get_user_model().objects.create_user("second", "SAME@example.com")
    get_user_model().objects.create_user("fir.st", "")
    found = _complaints()
    assert [line.split()[0] for line in found] == ["User", "Account", "Account"]
    assert "'bulk'" in found[0]
    assert "'SAME@example.com'" in found[1]
    assert "'fir.st'" in found[2]


@pytest.mark.slow
def test_sync_creates_missing_accounts_and_can_be_run_again(
    db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    get_user_model().objects.bulk_create(
        get_user_model()(username=f"bulk{n}", email=f"bulk{n}@example.com") for n in range(450)
    )
    assert "450 users" in _run("orgkit_sync")
    assert Account.objects.count() == Organization.objects.count() == Membership.objects.count() == 450
    assert Account.objects.get(username="bulk7").email_key == "bulk7@example.com"
    assert "in order" in _run("orgkit_doctor")
    with django_assert_max_num_queries(5):
        assert "0 users" in _run("orgkit_sync")


def test_sync_gives_accounts_from_fixtures_their_personal_organization(make_person: MakePerson) -> None:
    ada = make_person("ada")
    Organization.objects.all().delete()
    assert "1 personal organizations" in _run("orgkit_sync")
    assert ada.api.get("/orgs/").json()["count"] == 1


def test_sync_updates_existing_accounts_only_with_the_option_all(make_person: MakePerson) -> None:
    make_person("ada")
    get_user_model().objects.update(email="new@example.com")
    _run("orgkit_sync")
    assert Account.objects.get().email == "ada@example.com"
    _run("orgkit_sync", "--all")
    assert Account.objects.get().email_key == "new@example.com"


def test_draining_the_outbox_reports_that_the_broker_is_down(db: None) -> None:
    OutboxMessage.objects.create(task="orgkit.outbox.drain", kwargs={})
    with pytest.raises(CommandError, match="1 messages are still waiting"):
        _run("orgkit_drain_outbox")
    OutboxMessage.objects.all().delete()
    assert "0 messages" in _run("orgkit_drain_outbox")


@pytest.mark.slow
def test_draining_the_outbox_publishes_waiting_messages(db: None, broker: str) -> None:
    for _ in range(3):
        OutboxMessage.objects.create(task="orgkit.outbox.drain", kwargs={})
    assert "2 messages" in _run("orgkit_drain_outbox", "--limit=2")
    assert "1 messages" in _run("orgkit_drain_outbox")
    assert not OutboxMessage.objects.exists()
