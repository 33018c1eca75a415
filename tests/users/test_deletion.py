"""Deleting an account deletes what belongs to it and never leaves an organization without an owner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Organization
from tests.client import Api, Person
from tests.conftest import CountQueries, Mailbox, Register, RunOutbox
from tests.mails import link_of
from tests.media.files import files_in
from tests.media.pictures import picture
from tests.org import MakePerson, Org
from tests.organizations.actions import invite, roles_in
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db


def test_deleting_an_account_deletes_its_user_and_personal_organization(
    api: Api, register: Register, run_outbox: RunOutbox, django_user_model: type[User]
) -> None:
    ann = register(email="ann@example.com")
    assert ann.api.delete("/auth/delete").status_code == 204
    assert ann.api.get("/users/me").status_code == 401
    assert api.post("/token/pair", {"email": ann.email, "password": ann.password}).status_code == 401
    run_outbox()
    assert not django_user_model.objects.exists()
    assert not Account.objects.exists()
    assert not Organization.objects.exists()


def test_the_last_owner_of_an_organization_with_others_cannot_delete_their_account(org: Org) -> None:
    ann, bob = org.owner, org.add_member("member")
    answer = ann.api.delete("/auth/delete")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert answer.json()["organizations"] == [org.slug]
    assert ann.api.get("/users/me").status_code == 200
    assert bob.api.delete("/auth/delete").status_code == 204
    assert ann.api.delete("/auth/delete").status_code == 204


def test_deleting_an_account_deletes_organizations_without_other_members(
    register: Register, run_outbox: RunOutbox
) -> None:
    ann = register()
    ann.api.post("/orgs/", {"name": "Alone"})
    assert ann.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Organization.objects.exists()


def test_the_preview_says_what_the_deletion_does(org: Org, make_person: MakePerson, run_outbox: RunOutbox) -> None:
    ann, second = org.owner, org.add_member("owner")
    ann.api.post("/orgs/", {"name": "Alone", "slug": "alone"})
    ann.api.post("/orgs/", {"name": "Gone", "slug": "gone"})
    ann.api.delete("/orgs/gone/?confirm=gone")
    for home, name in (("alone", "Ada"), ("alone", "Grace"), (ann.org, "Mary"), (org.slug, "Kept")):
        assert ann.api.post("/contacts/", {"organization": home, "display_name": name}).status_code == 201
    assert ann.api.upload(f"/images/orgs/{ann.org}/images/", file=picture()).status_code == 201
    before = _preview(ann)
    assert before == {
        "deletes": {"organizations": sorted(["alone", ann.org]), "contacts": 3, "images": 1},
        "keeps": {"organizations": [org.slug]},
        "blocked_by": [],
    }
    assert _preview(ann) == before
    assert ann.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert not Organization.objects.filter(slug__in=before["deletes"]["organizations"]).exists()
    assert roles_in(org) == {second.slug: "owner"}


def test_the_preview_names_what_is_in_the_way(org: Org) -> None:
    org.add_contact("Ada")
    ann, bob = org.owner, org.add_member("member")
    assert _preview(ann) == {
        "deletes": {"organizations": [ann.org], "contacts": 0, "images": 0},
        "keeps": {"organizations": []},
        "blocked_by": [org.slug],
    }
    assert ann.api.delete("/auth/delete").json()["organizations"] == [org.slug]
    assert _preview(bob)["keeps"] == {"organizations": [org.slug]}
    assert bob.api.delete("/auth/delete").status_code == 204
    assert _preview(ann) == {
        "deletes": {"organizations": sorted([ann.org, org.slug]), "contacts": 1, "images": 0},
        "keeps": {"organizations": []},
        "blocked_by": [],
    }


def test_an_inactive_companion_is_in_the_way_too(org: Org, django_user_model: type[User]) -> None:
    second = org.add_member("owner")
    django_user_model.objects.filter(email=second.email).update(is_active=False)
    assert _preview(org.owner)["blocked_by"] == [org.slug]
    assert org.api.delete("/auth/delete").status_code == 409


def test_the_preview_needs_a_caller_and_changes_nothing(api: Api, org: Org) -> None:
    assert api.get("/auth/delete/preview").status_code == 401
    assert api.delete("/auth/delete/preview").status_code == 405
    assert org.api.get("/auth/delete/preview", confirm="yes").json()["code"] == "unknown_parameter"
    assert _preview(org.owner)["blocked_by"] == []
    assert org.api.get(org.path).status_code == 200


def test_the_preview_takes_the_same_statements_for_many_organizations(org: Org, count_queries: CountQueries) -> None:
    ann = org.owner
    org.add_member("member")

    def statements() -> int:
        with count_queries() as queries:
            assert _preview(ann)["blocked_by"] == [org.slug]
        return len(queries)

    few = statements()
    for number in range(5):
        ann.api.post("/orgs/", {"name": "More", "slug": f"more-{number}"})
        ann.api.post("/contacts/", {"organization": f"more-{number}", "display_name": "Ada"})
    assert statements() == few


@pytest.mark.usefixtures("empty_registry")
def test_without_contacts_and_images_the_preview_counts_none(org: Org) -> None:
    assert _preview(org.owner)["deletes"] == {
        "organizations": sorted([org.owner.org, org.slug]),
        "contacts": 0,
        "images": 0,
    }


def _preview(person: Person) -> Any:
    answer = person.api.get("/auth/delete/preview")
    assert answer.status_code == 200, answer.content
    return answer.json()


def by_the_route(ann: Person, django_user_model: type[User]) -> None:
    assert ann.api.delete("/auth/delete").status_code == 204


def by_the_host(ann: Person, django_user_model: type[User]) -> None:
    django_user_model.objects.all().delete()


@pytest.mark.parametrize("delete", [by_the_route, by_the_host])
def test_deleting_a_user_deletes_the_organization_and_the_files_either_way(
    register: Register,
    run_outbox: RunOutbox,
    media_root: Path,
    django_user_model: type[User],
    delete: Callable[[Person, type[User]], None],
) -> None:
    ann = register()
    assert ann.api.upload("/users/avatar", file=picture()).status_code == 200
    assert len(files_in(media_root)) == 2
    delete(ann, django_user_model)
    run_outbox()
    assert not Organization.objects.exists()
    assert not files_in(media_root)


@pytest.mark.django_db(transaction=True)
def test_an_account_deleted_concurrently_is_deleted_once(
    register: Register, run_outbox: RunOutbox, django_user_model: type[User]
) -> None:
    ann = register()
    answers = in_parallel(3, lambda _: ann.api.delete("/auth/delete"))
    assert sorted(answer.status_code for answer in answers) == [204, 401, 401]
    run_outbox()
    assert not django_user_model.objects.exists()
    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deleting_an_account_while_it_becomes_the_owner_leaves_an_owner(org: Org) -> None:
    ann, bob = org.owner, org.add_member("member")
    org.add_member("member")

    def act(number: int) -> list[int]:
        if number == 0:
            return [bob.api.delete("/auth/delete").status_code]
        made = ann.api.patch(f"/orgs/{org.slug}/members/{bob.slug}/", {"role": "owner"})
        left = ann.api.delete(f"/orgs/{org.slug}/members/{ann.slug}/")
        return [made.status_code, left.status_code]

    (gone,), (made, left) = in_parallel(2, act)
    assert (gone, made, left) in {(204, 404, 409), (409, 200, 204), (204, 200, 409)}
    assert "owner" in roles_in(org).values()


@pytest.mark.django_db(transaction=True)
def test_when_both_owners_delete_their_accounts_at_once_one_stays(org: Org) -> None:
    owners = (org.owner, org.add_member("owner"))
    org.add_member("member")
    answers = in_parallel(2, lambda number: owners[number].api.delete("/auth/delete"))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (refused["code"], refused["organizations"]) == ("last_owner", [org.slug])
    assert sorted(roles_in(org).values()) == ["member", "owner"]


@pytest.mark.django_db(transaction=True)
def test_joining_during_the_deletion_of_an_account_leaves_nothing_half_done(
    org: Org, make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox, django_user_model: type[User]
) -> None:
    bob = make_person("bob")
    invite(org, bob.email)
    run_outbox()
    token = link_of(mailbox[-1])[1]

    def act(number: int) -> Any:
        if number == 0:
            return bob.api.delete("/auth/delete").status_code
        return bob.api.post("/invitations/accept", {"token": token}).status_code

    gone, joined = in_parallel(2, act)
    assert gone == 204
    assert joined in {200, 401}
    assert list(roles_in(org).values()) == ["owner"]
    assert django_user_model.objects.count() == 1
