"""What staff do in the admin leaves the same events as what people do through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.audit.models import Event
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.organizations.models import Invitation, Membership
from ninja_orgkit.tags.models import Tag
from tests.calling.listening import listening
from tests.images.actions import add_rows, attach
from tests.org import Org, account_of
from tests.organizations.actions import invite

EXCUSED = {
    "delete orgkit.outboxmessage": "a task that waits is nothing that anybody sees",
    "make_renditions_again orgkit_images.image": "asks a worker, which leaves image.ready or image.failed",
}


@pytest.fixture(autouse=True)
def _audits_content(settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_CONTENT": True}


@pytest.fixture
def post(admin_client: Client) -> Callable[..., None]:
    """Return a function that posts a form of the admin, and checks that it was accepted."""

    def _post(path: str, **fields: Any) -> None:
        answer = admin_client.post(f"/admin/{path}/", fields)
        assert answer.status_code == 302, answer.content.decode()

    return _post


def _row(org: Org, model: str) -> Any:
    """Return an object of a model that somebody may delete."""
    match model:
        case "membership":
            return Membership.objects.get(account__slug=org.add_member("member").slug, organization=org.row)
        case "invitation":
            return Invitation.objects.get(pk=invite(org, "carl@example.com").json()["id"])
        case "organization":
            return org.row
        case "account":
            return account_of(org.add_member("member"))
        case "session":
            return Session.objects.get(account__slug=org.owner.slug)
        case "apikey":
            return ApiKey.objects.get(pk=org.add_key()["id"])
        case "contact":
            return Contact.objects.get(slug=org.add_contact()["slug"])
        case "tag":
            return Tag.objects.get(pk=org.add_tag("VIP")["id"])
        case "image":
            return Image.objects.get(pk=add_rows(org, 1)[0])
        case "imageattachment":
            attach(org, org.images_path_of(org.add_contact()), *add_rows(org, 1))
            return ImageAttachment.objects.get()
        case "exportjob":
            return ExportJob.objects.create(organization=org.row, status="failed", lease_until=timezone.now())
    raise AssertionError(model)


ADDED: dict[str, tuple[str, Callable[[Org], dict[str, Any]]]] = {
    "orgkit_organizations.membership": ("member.added", lambda org: {
        "organization": org.row.pk, "account": account_of(org.stranger).pk, "role": "member",
    }),
    "orgkit_contacts.contact": ("contact.created", lambda org: {
        "organization": org.row.pk, "display_name": "Ada", "custom": "{}",
    }),
    "orgkit_tags.tag": ("tag.created", lambda org: {"organization": org.row.pk, "name": "VIP", "slug": "vip"}),
}  # fmt: skip

_ACCOUNT = {"preferred_theme": "dark", "notification_preferences": "{}", "custom": "{}"}

CHANGED = {
    "orgkit_organizations.organization": ("organization.updated", "name", {"name": "Acme & Co", "custom": "{}"}),
    "orgkit_organizations.membership": ("member.role_changed", "role", {"role": "admin"}),
    "orgkit_accounts.account": ("account.updated", "preferred_theme", _ACCOUNT),
    "orgkit_contacts.contact": ("contact.updated", "phone", {"display_name": "Ada", "phone": "12", "custom": "{}"}),
    "orgkit_tags.tag": ("tag.updated", "name", {"name": "VIPs", "slug": "vip"}),
    "orgkit_images.image": ("image.updated", "alt_text", {"alt_text": "A cat", "title": "00000"}),
}

DELETED = {
    "orgkit_organizations.organization": ["organization.deleted"],
    "orgkit_organizations.membership": ["member.removed"],
    "orgkit_organizations.invitation": ["invitation.deleted"],
    "orgkit_accounts.account": ["account.deleted", "member.removed", "organization.deleted"],
    "orgkit_accounts.session": ["session.ended"],
    "orgkit_apikeys.apikey": ["api_key.revoked"],
    "orgkit_contacts.contact": ["contact.deleted"],
    "orgkit_tags.tag": ["tag.deleted"],
    "orgkit_images.image": ["image.deleted"],
    "orgkit_images.imageattachment": ["images.detached"],
    "orgkit_exports.exportjob": ["export.deleted"],
}


def _offered(rf: RequestFactory, user: User) -> set[str]:
    """Return everything that the admin lets a superuser do to the tables of the kit."""
    found = set()
    request: Any = rf.get("/")
    request.user = user
    for model, pages in admin.site._registry.items():
        name = model._meta.label_lower
        if not name.startswith("orgkit"):
            continue
        found |= {f"{action} {name}" for action in pages.get_actions(request) if action != "delete_selected"}
        if pages.has_add_permission(request):
            found.add(f"add {name}")
        fixed = pages.get_readonly_fields(request, model())
        if pages.has_change_permission(request) and set(pages.get_fields(request, model())) - set(fixed):
            found.add(f"change {name}")
        if pages.has_delete_permission(request):
            found.add(f"delete {name}")
    return found


def test_everything_that_the_admin_offers_is_in_a_table_or_excused(rf: RequestFactory, admin_user: User) -> None:
    known = {f"add {model}" for model in ADDED}
    known |= {f"change {model}" for model in CHANGED}
    known |= {f"delete {model}" for model in DELETED}
    assert _offered(rf, admin_user) == known | EXCUSED.keys()


def _new_events(before: set[Any]) -> list[Event]:
    return [event for event in Event.objects.order_by("created_at", "id") if event.pk not in before]


def _known() -> set[Any]:
    return set(Event.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("model", ADDED)
def test_what_staff_add_is_told(org: Org, post: Any, admin_user: User, model: str) -> None:
    action, fields = ADDED[model]
    body = fields(org)
    before = _known()
    post(f"{model.replace('.', '/')}/add", **body)
    (event,) = _new_events(before)
    assert (event.action, event.owner) == (action, org.slug)
    assert (event.actor_kind, event.actor) == ("staff", Account.objects.get(user=admin_user).slug)


@pytest.mark.parametrize("model", CHANGED)
def test_what_staff_change_is_told_and_what_stays_is_not(org: Org, post: Any, model: str) -> None:
    action, field, body = CHANGED[model]
    row = _row(org, model.partition(".")[2])
    body = {**body, "creator": getattr(row, "creator_id", None) or ""}
    before = _known()
    path = f"{model.replace('.', '/')}/{row.pk}/change"
    post(path, **body)
    (event,) = _new_events(before)
    assert (event.action, event.actor_kind, event.address) == (action, "staff", "127.0.0.1")
    assert set(event.changes) == {field}
    assert event.changes[field]["new"] == body[field]
    before = _known()
    post(path, **body)
    assert _new_events(before) == []


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("model", DELETED)
def test_what_staff_delete_is_told(org: Org, post: Any, model: str, *, at_once: bool) -> None:
    row = _row(org, model.partition(".")[2])
    before = _known()
    path = model.replace(".", "/")
    if at_once:
        post(path, action="delete_selected", _selected_action=[row.pk], post="yes")
    else:
        post(f"{path}/{row.pk}/delete", post="yes")
    events = _new_events(before)
    assert sorted(event.action for event in events) == DELETED[model]
    assert {event.actor_kind for event in events} == {"staff"}


def test_what_staff_do_to_a_user_is_told_of_the_account(org: Org, post: Any) -> None:
    user = account_of(org.add_member("member", "bob")).user
    before = _known()
    form = {"username": "bob", "email": user.email, "is_active": "on", "date_joined_0": "2026-01-01"}
    form |= {"date_joined_1": "12:00", "last_login_0": "", "last_login_1": ""}
    post(f"auth/user/{user.pk}/change", **{**form, "first_name": "Bob"})
    del form["is_active"]
    post(f"auth/user/{user.pk}/change", **{**form, "first_name": "Bob"})
    post(f"auth/user/{user.pk}/delete", post="yes")
    events = _new_events(before)
    # The security events of an account go with it, but for the last one.
    assert Counter(event.action for event in events) == Counter(
        ["account.deleted", "member.removed", "organization.deleted"]
    )
    assert {event.actor_kind for event in events} == {"staff"}


def test_a_user_that_staff_deactivate_has_an_event_of_it(org: Org, post: Any) -> None:
    user = account_of(org.owner).user
    form = {"username": user.username, "email": user.email, "date_joined_0": "2026-01-01", "date_joined_1": "12:00"}
    for changed, action in (({}, "deactivated"), ({}, None), ({"is_active": "on"}, "activated")):
        before = _known()
        post(f"auth/user/{user.pk}/change", **form, **changed)
        assert [event.action for event in _new_events(before)] == ([f"account.{action}"] if action else [])


def test_a_refused_form_leaves_no_event(org: Org, admin_client: Client) -> None:
    membership = Membership.objects.get(organization=org.row)
    before = _known()
    path = f"/admin/orgkit_organizations/membership/{membership.pk}"
    assert admin_client.post(f"{path}/change/", {"role": "viewer"}).status_code == 200
    assert admin_client.post(f"{path}/delete/", {"post": "yes"}).status_code in (200, 403)
    assert _new_events(before) == []


@pytest.mark.django_db(transaction=True)
def test_hosts_hear_of_what_staff_do_as_of_everything_else(org: Org, post: Any, admin_user: User) -> None:
    membership = _row(org, "membership")
    path = f"orgkit_organizations/membership/{membership.pk}"
    with listening() as heard:
        post(f"{path}/change", role="admin")
        post(f"{path}/delete", post="yes")
    assert heard.names == ["role_changed", "member_removed"]
    changed = heard.only("role_changed")
    assert (changed["by"].pk, changed["changes"]) == (admin_user.pk, {"role": {"old": "member", "new": "admin"}})
    assert heard.only("member_removed")["instance"].account_id == membership.account_id
