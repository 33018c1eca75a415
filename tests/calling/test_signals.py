"""A host hears of what happened once, after the commit, and cannot break it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.dispatch import Signal

from ninja_orgkit import services, signals
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.audit.models import Event
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images import rendering
from ninja_orgkit.images.models import Image
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from tests.calling.listening import ALL, listening
from tests.calling.test_contents import png
from tests.client import Api
from tests.conftest import CountQueries, RunOutbox
from tests.org import PASSWORD, MakePerson, Org, account_of

NAMES = {
    "account_created", "account_deleted", "password_changed", "address_changed", "organization_created",
    "organization_deleted", "member_added", "member_removed", "role_changed", "invitation_sent", "invitation_accepted",
    "contact_created", "contact_changed", "contact_deleted", "image_ready", "image_failed", "export_ready",
}  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.once
def test_there_are_seventeen_signals() -> None:
    assert set(ALL) == NAMES
    assert all(isinstance(getattr(signals, name), Signal) for name in NAMES)


def test_registering_tells_of_the_account_and_its_organization(api: Api) -> None:
    with listening() as heard:
        assert api.post("/auth/register", {"email": "ada@example.com", "password": PASSWORD}).status_code == 201
    ada = Account.objects.get()
    assert sorted(heard.names) == ["account_created", "member_added", "organization_created"]
    assert heard.only("account_created") == {
        "sender": Account, "signal": signals.account_created, "instance": ada, "by": None, "changes": {},
    }  # fmt: skip
    assert heard.only("organization_created")["instance"] == Organization.objects.get()
    assert heard.only("organization_created")["sender"] is Organization


@pytest.mark.parametrize("how", ["orm", "command"])
def test_an_account_is_told_of_however_its_user_was_made(how: str) -> None:
    with listening("account_created") as heard:
        if how == "orm":
            User.objects.create_user("ada", "ada@example.com", PASSWORD)
        else:
            call_command("createsuperuser", username="ada", email="ada@example.com", interactive=False, verbosity=0)
    assert heard.only("account_created")["instance"].username == "ada"


def test_a_user_that_is_deleted_keeps_its_public_values_for_receivers(org: Org) -> None:
    bob = org.add_member("member")
    with listening() as heard:
        User.objects.get(username=bob.user["username"]).delete()
    assert sorted(heard.names) == ["account_deleted", "member_removed", "organization_deleted"]
    gone = heard.only("account_deleted")
    assert (gone["sender"], gone["instance"].slug, gone["instance"].email) == (Account, bob.slug, bob.email)
    left = heard.only("member_removed")["instance"]
    assert (left.organization.slug, left.account.slug, left.role) == ("acme", bob.slug, "member")
    assert heard.only("organization_deleted")["instance"].slug == bob.org


def test_deleting_the_own_account_is_told_in_its_name(make_person: MakePerson) -> None:
    ada = make_person("ada")
    with listening("account_deleted") as heard:
        assert ada.api.delete("/auth/delete").status_code == 204
    assert heard.only("account_deleted")["by"].slug == ada.slug


@pytest.mark.parametrize("how", ["route", "orm"])
def test_a_new_password_is_told_of_once(make_person: MakePerson, how: str) -> None:
    ada = make_person("ada")
    with listening() as heard:
        if how == "route":
            body = {"old_password": PASSWORD, "new_password": "another horse battery"}
            assert ada.api.post("/auth/change-password", body).status_code == 200
        else:
            user = User.objects.get()
            user.set_password("another horse battery")
            user.save()
    assert heard.names == ["password_changed"]
    assert heard.only("password_changed")["instance"] == account_of(ada)
    assert heard.only("password_changed")["by"] == (account_of(ada) if how == "route" else None)


def test_another_address_is_told_of_once_and_the_same_one_never(make_person: MakePerson) -> None:
    make_person("ada")
    user = User.objects.get()
    with listening() as heard:
        user.save()
        user.email = "ADA@example.com"
        user.save()
        assert heard.names == []
        user.email = "lovelace@example.com"
        user.save()
    assert heard.names == ["address_changed"]
    changes = heard.only("address_changed")["changes"]
    assert changes == {"email": {"old": "ADA@example.com", "new": "lovelace@example.com"}}


def test_members_are_told_of_in_the_name_of_who_did_it(org: Org, make_person: MakePerson) -> None:
    admin, bob = org.add_member("admin"), make_person("bob")
    with listening() as heard:
        services.add_member(org.row, account_of(bob), role="viewer", by=account_of(admin))
        answer = admin.api.patch(f"{org.path}members/{bob.slug}/", {"role": "member"})
        assert answer.status_code == 200
        admin.api.patch(f"{org.path}members/{bob.slug}/", {"role": "member"})
        services.remove_member(org.row, account_of(bob))
    assert heard.names == ["member_added", "role_changed", "member_removed"]
    added, changed, removed = (heard.only(name) for name in heard.names)
    assert (added["sender"], added["instance"].account, added["by"]) == (Membership, account_of(bob), account_of(admin))
    assert (changed["changes"], changed["by"]) == ({"role": {"old": "viewer", "new": "member"}}, account_of(admin))
    assert (removed["instance"].account.slug, removed["by"]) == (bob.slug, None)


def test_an_invitation_is_told_of_when_it_is_sent_and_accepted(org: Org, make_person: MakePerson) -> None:
    bob = make_person("bob")
    with listening() as heard:
        response = org.api.post(f"{org.path}invitations/", {"email": bob.email, "role": "member"})
        assert response.status_code == 201
        token = tokens.mint(Invitation.objects.get())
        for _ in range(2):
            assert bob.api.post("/invitations/accept", {"token": token}).status_code == 200
    assert heard.names == ["invitation_sent", "member_added", "invitation_accepted"]
    assert heard.only("invitation_sent")["by"] == account_of(org.owner)
    assert heard.only("invitation_accepted")["by"] == account_of(bob)
    assert heard.only("invitation_accepted")["instance"] == Invitation.objects.get()


def test_a_whole_organization_is_told_of_in_one_signal(org: Org, run_outbox: RunOutbox) -> None:
    org.add_member("member")
    org.add_contact()
    org.add_image()
    run_outbox()
    with listening() as heard:
        assert org.api.delete(f"{org.path}?confirm=acme").status_code == 204
        run_outbox()
    assert heard.names == ["organization_deleted"]
    gone = heard.only("organization_deleted")
    assert (gone["sender"], gone["instance"].slug, gone["by"]) == (Organization, "acme", account_of(org.owner))
    assert not Organization.objects.filter(slug="acme").exists()


def test_a_contact_is_told_of_with_what_changed(org: Org) -> None:
    ada = account_of(org.owner)
    with listening() as heard:
        slug = org.add_contact("", first_name="Grace")["slug"]
        path = f"/contacts/{slug}/"
        assert org.api.patch(path, {"first_name": "Ada", "phone": ""}).status_code == 200
        assert org.api.patch(path, {"first_name": "Ada"}).status_code == 200
        assert org.api.delete(path).status_code == 204
    assert heard.names == ["contact_created", "contact_changed", "contact_deleted"]
    assert {keywords["by"] for _, keywords in heard.sent} == {ada}
    assert {keywords["sender"] for _, keywords in heard.sent} == {Contact}
    assert {keywords["instance"].slug for _, keywords in heard.sent} == {slug}
    names = {"old": "Grace", "new": "Ada"}
    assert heard.only("contact_changed")["changes"] == {"first_name": names, "display_name": names}


def test_a_worker_tells_of_images_and_exports(org: Org, run_outbox: RunOutbox) -> None:
    good, broken = services.upload_image(org.row, png(40)), services.upload_image(org.row, png(41))
    Image.objects.filter(pk=broken.pk).update(file="images/lost.png")
    services.request_export(org.row, by=account_of(org.owner))
    with listening() as heard:
        run_outbox()
    assert sorted(heard.names) == ["export_ready", "image_failed", "image_ready"]
    assert (heard.only("image_ready")["instance"], heard.only("image_ready")["sender"]) == (good, Image)
    assert heard.only("image_failed")["instance"] == broken
    ready = heard.only("export_ready")
    owner = account_of(org.owner)
    assert (ready["sender"], ready["instance"].status, ready["by"]) == (ExportJob, "ready", owner)
    assert (heard.only("image_ready")["by"], heard.only("image_failed")["by"]) == (None, None)
    assert Event.objects.get(action="export.ready").actor_kind == "system"


def test_an_image_on_which_workers_died_is_told_of(org: Org) -> None:
    image = services.upload_image(org.row, png())
    Image.objects.update(attempts=3)
    with listening() as heard:
        rendering.render_image(image.pk)
        rendering.render_image(image.pk)
    assert heard.names == ["image_failed"]


CALLS: dict[str, Callable[[Org], object]] = {
    "account_created": lambda org: User.objects.create_user("new"),
    "account_deleted": lambda org: User.objects.get(username=org.stranger.user["username"]).delete(),
    "organization_created": lambda org: services.create_organization(owner=account_of(org.owner), name="New"),
    "organization_deleted": lambda org: services.delete_organization(org.row),
    "member_added": lambda org: services.add_member(org.row, account_of(org.stranger), role="member"),
    "invitation_sent": lambda org: services.invite(
        org.row, email="new@example.com", role="member", by=account_of(org.owner)
    ),
    "contact_created": lambda org: services.create_contact(org.row, display_name="Grace"),
}


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_told_before_the_commit_or_after_a_rollback(org: Org, name: str) -> None:
    assert org.stranger.slug
    with listening(name) as heard:
        with transaction.atomic():
            CALLS[name](org)
            transaction.set_rollback(True)
        assert heard.names == []
        with transaction.atomic():
            CALLS[name](org)
            assert heard.names == []
        assert heard.names == [name]


def test_a_receiver_that_fails_harms_neither_the_change_nor_the_answer_nor_other_receivers(
    org: Org, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_keywords: Any) -> None:
        raise RuntimeError("zebra")

    signals.contact_created.connect(fail)
    try:
        with listening("contact_created") as heard:
            response = org.api.post("/contacts/", {"organization": org.slug, "display_name": "Grace"})
    finally:
        signals.contact_created.disconnect(fail)
    assert response.status_code == 201
    assert Contact.objects.get().display_name == "Grace"
    assert heard.names == ["contact_created"]
    assert "zebra" in caplog.text


def test_listening_costs_no_statement(org: Org, count_queries: CountQueries) -> None:
    def work() -> int:
        with count_queries() as queries:
            slug = org.add_contact()["slug"]
            org.api.patch(f"/contacts/{slug}/", {"phone": "1"})
            org.api.delete(f"/contacts/{slug}/")
        return len(queries)

    work()
    quiet = work()
    with listening():
        assert work() == quiet
