"""Deleting an account: with all that was its own, and never leaving an organization without an owner."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Membership, Organization
from tests.mails import link_of
from tests.parallel import in_parallel

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


def by_the_route(ann, django_user_model):
    assert ann.api.delete("/auth/delete").status_code == 204


def by_the_host(ann, django_user_model):
    django_user_model.objects.all().delete()


@pytest.mark.parametrize("delete", [by_the_route, by_the_host])
def test_whoever_deletes_the_user_deletes_organization_and_files(
    register, run_outbox, media_root, django_user_model, delete
):
    ann = register()
    file = BytesIO()
    Image.new("RGB", (20, 20), "teal").save(file, "PNG")
    file.seek(0)
    file.name = "me.png"
    assert ann.api.upload("/users/avatar", file=file).status_code == 200
    assert len([path for path in media_root.rglob("*") if path.is_file()]) == 2
    delete(ann, django_user_model)
    run_outbox()
    assert not Organization.objects.exists()
    assert not [path for path in media_root.rglob("*") if path.is_file()]


def join(slug, person, role):
    Membership.objects.create(
        organization=Organization.objects.get(slug=slug), account=Account.objects.get(slug=person.slug), role=role
    )


def roles_in(slug):
    return sorted(Membership.objects.filter(organization__slug=slug).values_list("role", flat=True))


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_deleted_twice_at_once_goes_once(register, run_outbox, django_user_model):
    ann = register()
    answers = in_parallel(3, lambda _: ann.api.delete("/auth/delete"))
    assert sorted(answer.status_code for answer in answers) == [204, 401, 401]
    run_outbox()
    assert not django_user_model.objects.exists()
    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_member_who_goes_while_being_made_the_owner_leaves_no_organization_without_one(register):
    ann, bob, cid = register(), register(), register()
    slug = ann.api.post("/orgs/", {"name": "All"}).json()["slug"]
    join(slug, bob, "member")
    join(slug, cid, "member")

    def act(number):
        if number == 0:
            return [bob.api.delete("/auth/delete").status_code]
        made = ann.api.patch(f"/orgs/{slug}/members/{bob.slug}/", {"role": "owner"})
        left = ann.api.delete(f"/orgs/{slug}/members/{ann.slug}/")
        return [made.status_code, left.status_code]

    (gone,), (made, left) = in_parallel(2, act)
    assert (gone, made, left) in {(204, 404, 409), (409, 200, 204), (204, 200, 409)}
    assert "owner" in roles_in(slug)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_delete_their_accounts_at_once_leave_one(register):
    ann, bob, cid = register(), register(), register()
    slug = ann.api.post("/orgs/", {"name": "All"}).json()["slug"]
    join(slug, bob, "owner")
    join(slug, cid, "member")
    answers = in_parallel(2, lambda number: (ann, bob)[number].api.delete("/auth/delete"))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (refused["code"], refused["organizations"]) == ("last_owner", [slug])
    assert roles_in(slug) == ["member", "owner"]


@pytest.mark.django_db(transaction=True)
def test_joining_while_the_account_goes_leaves_nothing_half_done(register, run_outbox, mailbox, django_user_model):
    ann, bob = register(), register(email="bob@example.com")
    slug = ann.api.post("/orgs/", {"name": "All"}).json()["slug"]
    ann.api.post(f"/orgs/{slug}/invitations/", {"email": "bob@example.com", "role": "member"})
    run_outbox()
    token = link_of(mailbox[-1])[1]

    def act(number):
        if number == 0:
            return bob.api.delete("/auth/delete").status_code
        return bob.api.post("/invitations/accept", {"token": token}).status_code

    gone, joined = in_parallel(2, act)
    assert gone == 204
    assert joined in {200, 401}
    assert roles_in(slug) == ["owner"]
    assert django_user_model.objects.count() == 1
