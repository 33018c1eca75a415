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
    assert _complaints() == ["Organization acme has no active owner."]


def test_the_doctor_ignores_closed_organizations(org: Org) -> None:
    org.api.delete(f"{org.path}?confirm=acme")
    Membership.objects.filter(organization=org.row).delete()
    assert "in order" in _run("orgkit_doctor")


def test_the_doctor_reports_what_accounts_of_new_users_will_lack(make_person: MakePerson) -> None:
    make_person("ada", email="Ada@Example.com")
    users = [("bulk", "bulk@example.com"), ("b.ulk", "bulk@EXAMPLE.com"), ("a.da", "ada@example.com"), ("empty", " ")]
    get_user_model().objects.bulk_create(get_user_model()(username=name, email=email) for name, email in users)
    assert _complaints() == [
        "User 'bulk' has no account. Run orgkit_sync.",
        "User 'b.ulk' has no account. Run orgkit_sync.",
        "User 'b.ulk' shares its e-mail address 'bulk@EXAMPLE.com' with an older user.",
        "User 'b.ulk' shares its username 'b.ulk' with an older user.",
        "User 'a.da' has no account. Run orgkit_sync.",
        "User 'a.da' shares its e-mail address 'ada@example.com' with an older user.",
        "User 'a.da' shares its username 'a.da' with an older user.",
        "User 'empty' has no account. Run orgkit_sync.",
        "User 'empty' has no e-mail address.",
    ]


def test_the_doctor_reports_accounts_that_cannot_use_an_address_or_a_name(db: None) -> None:
    users = get_user_model().objects
    users.create_user("first", "same@example.com")
    users.create_user("second", "SAME@example.com")
    users.create_user("fir.st", "other@example.com")
    users.create_user("blank", "")
    slugs = dict(Account.objects.values_list("username", "slug"))
    assert sorted(_complaints()) == sorted(
        [
            f"Account {slugs['second']} shares its e-mail address 'SAME@example.com' with an older account.",
            f"Account {slugs['fir.st']} shares its username 'fir.st' with an older account.",
            f"Account {slugs['blank']} has no e-mail address.",
        ]
    )
    users.get(username="first").delete()
    assert sorted(_complaints()) == sorted(
        [
            f"Account {slugs['second']} can use its e-mail address 'SAME@example.com' again. Run orgkit_sync --all.",
            f"Account {slugs['fir.st']} can use its username 'fir.st' again. Run orgkit_sync --all.",
            f"Account {slugs['blank']} has no e-mail address.",
        ]
    )
    users.filter(username="blank").update(email="blank@example.com")
    assert f"Account {slugs['blank']} differs from its user in email. Run orgkit_sync --all." in _complaints()
    assert "Accounts created: 0, updated: 3." in _run("orgkit_sync", "--all")
    assert "in order" in _run("orgkit_doctor")


def test_the_doctor_reports_an_address_whose_key_does_not_fit(db: None) -> None:
    user = get_user_model().objects.create_user("ada", f"ada@{'x' * 60}.example.com")
    label = "".join(chr(0x4E00 + 400 * number) for number in range(40))
    long = f"ada@{'.'.join([label] * 4)}.com"
    get_user_model().objects.filter(pk=user.pk).update(email=long)
    assert "updated: 1." in _run("orgkit_sync", "--all")
    (complaint,) = _complaints()
    assert "which is too long" in complaint


@pytest.mark.slow
def test_sync_creates_missing_accounts_and_can_be_run_again(
    db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    get_user_model().objects.bulk_create(
        get_user_model()(username=f"bulk{n}", email=f"bulk{n}@example.com") for n in range(450)
    )
    out = _run("orgkit_sync")
    assert out.splitlines() == ["Accounts created: 450, updated: 0.", "Personal organizations created: 450."]
    assert Account.objects.count() == Organization.objects.count() == Membership.objects.count() == 450
    assert Account.objects.get(username="bulk7").email_key == "bulk7@example.com"
    assert "in order" in _run("orgkit_doctor")
    with django_assert_max_num_queries(5):
        assert "Accounts created: 0, updated: 0." in _run("orgkit_sync")


def test_sync_gives_accounts_from_fixtures_their_personal_organization(make_person: MakePerson) -> None:
    ada = make_person("ada")
    Organization.objects.all().delete()
    out = _run("orgkit_sync")
    assert out.splitlines() == ["Accounts created: 0, updated: 0.", "Personal organizations created: 1."]
    assert ada.api.get("/orgs/").json()["count"] == 1


def test_sync_updates_existing_accounts_only_with_the_option_all(make_person: MakePerson) -> None:
    make_person("ada")
    get_user_model().objects.update(email="new@example.com")
    _run("orgkit_sync")
    assert Account.objects.get().email == "ada@example.com"
    assert "Accounts created: 0, updated: 1." in _run("orgkit_sync", "--all")
    assert Account.objects.get().email_key == "new@example.com"
    assert "Accounts created: 0, updated: 0." in _run("orgkit_sync", "--all")


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
    assert "0 messages" in _run("orgkit_drain_outbox")
    assert OutboxMessage.objects.count() == 3  # they stay until a worker is done with them
