from __future__ import annotations

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Membership, Organization
from tests.organizations.conftest import account_of


def _run(name, *args):
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def _complaints():
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("orgkit_doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert str(raised.value) == f"{len(lines)} findings."
    assert raised.value.returncode == 1
    return lines


def test_the_doctor_has_nothing_to_say_about_what_the_kit_made(team):
    team.member("viewer")
    assert "in order" in _run("orgkit_doctor")


def test_the_doctor_names_organizations_without_an_owner(team):
    Membership.objects.filter(organization=team.row)._raw_delete(using="default")
    assert _complaints() == ["Organization acme has no owner."]


def test_the_doctor_names_organizations_whose_owners_are_all_inactive(team):
    get_user_model().objects.filter(pk=account_of(team.owner).pk).update(is_active=False)
    assert "Organization acme has no active owner." in _complaints()


def test_the_doctor_leaves_closed_organizations_alone(team):
    team.owner.api.delete(f"{team.path}?confirm=acme")
    Membership.objects.filter(organization=team.row).delete()
    assert "in order" in _run("orgkit_doctor")


def test_the_doctor_names_users_without_an_account_and_addresses_held_twice(db):
    get_user_model().objects.bulk_create([get_user_model()(username="bulk")])
    get_user_model().objects.create_user("first", "same@example.com")
    get_user_model().objects.create_user("second", "SAME@example.com")
    get_user_model().objects.create_user("fir.st", "")
    found = _complaints()
    assert [line.split()[0] for line in found] == ["User", "Account", "Account"]
    assert "'bulk'" in found[0]
    assert "'SAME@example.com'" in found[1]
    assert "'fir.st'" in found[2]


def test_sync_makes_what_users_made_in_bulk_lack_and_can_be_run_again(db, django_assert_max_num_queries):
    get_user_model().objects.bulk_create(
        get_user_model()(username=f"bulk{n}", email=f"bulk{n}@example.com") for n in range(450)
    )
    assert "450 users" in _run("orgkit_sync")
    assert Account.objects.count() == Organization.objects.count() == Membership.objects.count() == 450
    assert Account.objects.get(username="bulk7").email_key == "bulk7@example.com"
    assert "in order" in _run("orgkit_doctor")
    with django_assert_max_num_queries(5):
        assert "0 users" in _run("orgkit_sync")


def test_sync_gives_accounts_from_fixtures_their_personal_organization(person):
    ada = person("ada")
    Organization.objects.all().delete()
    assert "1 personal organizations" in _run("orgkit_sync")
    assert ada.api.get("/orgs/").json()["count"] == 1


def test_sync_brings_accounts_in_step_when_asked_to(person):
    person("ada")
    get_user_model().objects.update(email="new@example.com")
    _run("orgkit_sync")
    assert Account.objects.get().email == "ada@example.com"
    _run("orgkit_sync", "--all")
    assert Account.objects.get().email_key == "new@example.com"


def test_draining_the_outbox_says_when_the_broker_is_away(db):
    OutboxMessage.objects.create(task="orgkit.outbox.drain", kwargs={})
    with pytest.raises(CommandError, match="1 messages wait"):
        _run("orgkit_drain_outbox")
    OutboxMessage.objects.all().delete()
    assert "0 messages" in _run("orgkit_drain_outbox")


@pytest.mark.slow
def test_draining_the_outbox_publishes_what_waits(db, broker):
    for _ in range(3):
        OutboxMessage.objects.create(task="orgkit.outbox.drain", kwargs={})
    assert "2 messages" in _run("orgkit_drain_outbox", "--limit=2")
    assert "1 messages" in _run("orgkit_drain_outbox")
    assert not OutboxMessage.objects.exists()
