"""Where nobody gets a personal organization, everything works for somebody who belongs to no organization."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.models import Invitation, Organization
from tests.client import Api, Person
from tests.conftest import Register, RunOutbox
from tests.org import MakePerson, Org
from tests.organizations.actions import invite

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"PERSONAL_ORGANIZATIONS": False}


@pytest.fixture
def ann(register: Register) -> Person:
    return register("ann@example.com", first_name="Ann")


def test_whoever_registers_belongs_to_no_organization(ann: Person) -> None:
    assert ann.user["organizations"] == []
    assert ann.api.get("/users/me").json()["organizations"] == []
    assert ann.api.get("/orgs/").json()["items"] == []
    assert ann.api.get("/contacts/").json()["items"] == []
    assert ann.api.patch("/users/me", {"display_name": "Ann"}).json()["organizations"] == []
    assert not Organization.objects.exists()


def test_deleting_the_account_leaves_nothing(ann: Person, run_outbox: RunOutbox) -> None:
    assert ann.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Account.objects.exists()


def test_users_whom_the_host_creates_get_none_and_nobody_misses_it(admin_client: Client) -> None:
    users = get_user_model()
    users.objects.create_user("eve", "eve@example.com")
    users.objects.bulk_create([users(username="bulk", email="bulk@example.com")])
    form = {"username": "fay", "password1": "sturdy-Pass-1", "password2": "sturdy-Pass-1", "usable_password": "true"}
    assert admin_client.post(reverse("admin:auth_user_add"), form).status_code == 302
    fay = users.objects.get(username="fay")
    fay.email = "fay@example.com"
    fay.save()
    out = io.StringIO()
    call_command("orgkit_sync", stdout=out)
    assert "Personal organizations created: 0." in out.getvalue()
    call_command("orgkit_doctor", stdout=out)
    assert "Everything is in order." in out.getvalue()
    assert Account.objects.count() == 4
    assert not Organization.objects.exists()


def test_turned_on_again_the_missing_ones_are_reported_and_created(ann: Person, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {}
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("orgkit_doctor", stdout=out)
    assert "has no personal organization" in out.getvalue()
    call_command("orgkit_sync", stdout=out)
    (home,) = ann.api.get("/users/me").json()["organizations"]
    assert (home["type"], home["role"]) == ("personal", "owner")


def test_personal_organizations_that_exist_stay(
    make_person: MakePerson, settings: Settings, run_outbox: RunOutbox
) -> None:
    settings.NINJA_ORGKIT = {}
    bea = make_person("bea")
    settings.NINJA_ORGKIT = {"PERSONAL_ORGANIZATIONS": False}
    (home,) = bea.api.get("/users/me").json()["organizations"]
    assert bea.api.get(f"/orgs/{home['slug']}/").status_code == 200
    assert bea.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Organization.objects.exists()


def test_somebody_without_an_organization_creates_and_joins_some(ann: Person, org: Org, run_outbox: RunOutbox) -> None:
    made = ann.api.post("/orgs/", {"name": "Ann's"}).json()
    assert (made["type"], made["role"]) == ("group", "owner")
    assert invite(org, ann.email).status_code == 201
    token = tokens.mint(Invitation.objects.get())
    assert ann.api.post("/invitations/accept", {"token": token}).status_code == 200
    names = [item["slug"] for item in ann.api.get("/users/me").json()["organizations"]]
    assert sorted(names) == sorted([made["slug"], org.slug])
    member = ann.api.get(f"{org.path}members/").json()["items"][1]
    assert (member["slug"], member["display_name"]) == (ann.slug, "Ann")
    assert ann.api.post(f"/orgs/{made['slug']}/export/").status_code == 202
    run_outbox()
    assert ann.api.get(f"/orgs/{made['slug']}/export/").json()["items"][0]["status"] == "ready"


def test_registering_with_an_invitation_joins_only_that_organization(api: Api, org: Org) -> None:
    invite(org, "new@example.com")
    body: dict[str, Any] = {"email": "new@example.com", "password": "sturdy-Pass-1"}
    answer = api.post("/auth/register", {**body, "invitation": tokens.mint(Invitation.objects.get())})
    assert [item["slug"] for item in answer.json()["user"]["organizations"]] == [org.slug]


def test_a_user_whom_django_signs_in_gets_an_account_and_no_organization(api: Api) -> None:
    User.objects.bulk_create([User(username="old")])
    user = User.objects.get()
    user.set_password("sturdy-Pass-1")
    User.objects.bulk_update([user], ["password"])
    answer = api.post("/token/pair", {"username": "old", "password": "sturdy-Pass-1"})
    assert answer.status_code == 200
    assert api.as_user(answer.json()["access"]).get("/users/me").json()["organizations"] == []
