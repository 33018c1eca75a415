"""Deleting an account: with all that was its own, and never leaving an organization without an owner."""

from __future__ import annotations

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Membership, Organization

pytestmark = pytest.mark.django_db


def test_the_account_and_the_personal_organization_go(api, register, run_outbox, django_user_model):
    ann = register(email="ann@example.com")
    assert ann.api.delete("/auth/delete").status_code == 204
    assert ann.api.get("/users/me").status_code == 401
    assert api.post("/token/pair", {"email": ann.email, "password": ann.password}).status_code == 401
    run_outbox()
    assert not django_user_model.objects.exists()
    assert not Account.objects.exists()
    assert not Organization.objects.exists()


def test_the_only_owner_of_an_organization_with_others_stays(register):
    ann, bob = register(), register()
    slug = ann.api.post("/orgs/", {"name": "Both"}).json()["slug"]
    Membership.objects.create(
        organization=Organization.objects.get(slug=slug), account=Account.objects.get(slug=bob.slug), role="member"
    )
    answer = ann.api.delete("/auth/delete")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert answer.json()["organizations"] == [slug]
    assert ann.api.get("/users/me").status_code == 200
    assert bob.api.delete("/auth/delete").status_code == 204
    assert ann.api.delete("/auth/delete").status_code == 204


def test_an_organization_with_nobody_else_goes_too(register, run_outbox):
    ann = register()
    ann.api.post("/orgs/", {"name": "Alone"})
    assert ann.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Organization.objects.exists()


def test_a_host_that_deletes_the_user_deletes_the_same(register, run_outbox, django_user_model):
    register()
    django_user_model.objects.all().delete()
    run_outbox()
    assert not Organization.objects.exists()
