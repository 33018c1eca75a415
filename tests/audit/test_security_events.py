"""Sign-ins, refusals, passwords, addresses and sessions are among the security events of the account alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ninja_orgkit import services
from ninja_orgkit.accounts.models import Session
from ninja_orgkit.audit.actions import ACCOUNT, ACTIONS
from ninja_orgkit.audit.models import Event
from ninja_orgkit.errors import Unauthenticated
from tests.client import Api, Person
from tests.conftest import Mailbox, RunOutbox
from tests.mails import token_in
from tests.org import PASSWORD, MakePerson, Org

FIREFOX = {"User-Agent": "Firefox"}


@pytest.fixture
def ada(make_person: MakePerson) -> Person:
    return make_person("ada")


def _of(person: Person) -> list[Event]:
    """Return the security events of somebody, but for the first: the account was created."""
    return list(Event.objects.filter(owner=person.slug).exclude(action="account.created").order_by("created_at", "id"))


def _actions(person: Person) -> list[str]:
    return [event.action for event in _of(person)]


def _sign_in(person: Person, password: str = PASSWORD) -> int:
    body = {"email": person.email, "password": password}
    return int(Api().post("/token/pair", body, headers=FIREFOX).status_code)


def test_a_sign_in_says_who_and_from_where(ada: Person) -> None:
    assert _sign_in(ada) == 200
    (event,) = _of(ada)
    assert (event.action, event.actor, event.actor_kind) == ("account.signed_in", ada.slug, "user")
    assert (event.target_kind, event.target) == ("account", ada.slug)
    assert (event.address, event.device) == ("127.0.0.1", "Firefox")


def test_a_refused_sign_in_is_told_to_the_account_that_somebody_tried(ada: Person) -> None:
    assert _sign_in(ada, "wrong") == 401
    User.objects.update(is_active=False)
    assert _sign_in(ada) == 401
    first, second = _of(ada)
    for event in (first, second):
        assert (event.action, event.actor, event.actor_kind) == ("account.sign_in_refused", "", "user")
        assert (event.target, event.address, event.device) == (ada.slug, "127.0.0.1", "Firefox")
        assert "wrong" not in str(vars(event))
    assert Api().post("/token/pair", {"email": "nobody@example.com", "password": PASSWORD}).status_code == 401
    assert len(_of(ada)) == 2
    unknown = Event.objects.filter(action="account.sign_in_refused").exclude(owner=ada.slug)
    assert "nobody" not in str([vars(event) for event in unknown])


def test_signing_in_to_the_admin_counts_too(ada: Person) -> None:
    User.objects.update(is_staff=True)
    for password in ("wrong", PASSWORD):
        Client().post("/admin/login/", {"username": "ada", "password": password})
    assert [(event.action, event.address) for event in _of(ada)] == [
        ("account.sign_in_refused", "127.0.0.1"),
        ("account.signed_in", "127.0.0.1"),
    ]


def test_a_user_whom_the_host_signs_in_has_one_event(ada: Person) -> None:
    user = User.objects.get()
    services.sign_in(user)
    user.is_active = False
    with pytest.raises(Unauthenticated):
        services.sign_in(user)
    assert _actions(ada) == ["account.signed_in", "account.sign_in_refused"]


def test_a_sign_in_that_fails_leaves_neither_a_session_nor_an_event(ada: Person, monkeypatch: Any) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    before = Session.objects.count()
    monkeypatch.setattr(Event.objects, "bulk_create", fail)
    assert _sign_in(ada) == 500
    assert (Session.objects.count(), _of(ada)) == (before, [])


def test_what_the_hosts_own_code_does_to_a_user_is_done_by_the_system(ada: Person) -> None:
    user = User.objects.get()
    user.set_password("another horse battery")
    user.save()
    user.email = "new@example.com"
    user.save(update_fields=["email"])
    user.first_name = "Ada"
    user.save()
    user.save()
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.is_active = True
    user.save()
    assert [(event.action, event.actor_kind, event.changes) for event in _of(ada)] == [
        ("password.changed", "system", {}),
        ("address.changed", "system", {"email": {"old": "ada@example.com", "new": "new@example.com"}}),
        ("account.updated", "system", {"first_name": {"old": "", "new": "Ada"}}),
        ("account.deactivated", "system", {}),
        ("account.activated", "system", {}),
    ]


def test_sessions_that_end_are_told_once(ada: Person) -> None:
    for _ in range(2):
        assert Api().post("/auth/logout", {"refresh": ada.refresh}).status_code == 200
    assert _actions(ada) == ["session.ended"]
    services.end_sessions(User.objects.get())
    assert _actions(ada) == ["session.ended"]
    services.sign_in(User.objects.get())
    services.end_sessions(User.objects.get())
    assert _actions(ada)[1:] == ["account.signed_in", "account.signed_out_everywhere"]


def test_a_stolen_refresh_token_ends_the_session_with_an_event(ada: Person, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "REFRESH_GRACE": timedelta(0)}
    assert Api().post("/token/refresh", {"refresh": ada.refresh}).status_code == 200
    Session.objects.update(refreshed_at=timezone.now() - timedelta(minutes=1))
    for _ in range(2):
        assert Api().post("/token/refresh", {"refresh": ada.refresh}).status_code == 401
    assert _actions(ada) == ["session.ended"]


def test_a_link_that_is_opened_again_leaves_no_event(ada: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    Api().post("/auth/email/resend", {"email": ada.email})
    run_outbox()
    for _ in range(2):
        assert Api().get("/auth/email/verify", token=token_in(mailbox[-1])).status_code == 200
    assert _actions(ada) == ["address.verified"]


def test_a_profile_that_stays_as_it_is_leaves_no_event(ada: Person) -> None:
    for _ in range(2):
        body = {"display_name": "Ada L.", "about": "Counts.", "custom": {"b": 1, "a": 2}}
        assert ada.api.patch("/users/me", body).status_code == 200
    (event,) = _of(ada)
    assert event.changes == {
        "display_name": {"old": "", "new": "Ada L."},
        "about": {"old": None, "new": None},
        "custom": {"old": None, "new": None},
    }


def test_what_concerns_an_account_alone_is_in_no_trail_of_an_organization(org: Org, make_person: MakePerson) -> None:
    assert _sign_in(org.owner) == 200
    assert _sign_in(org.owner, "wrong") == 401
    org.api.patch("/users/me", {"display_name": "Olga O."})
    mine = {event["action"] for event in org.api.walk("/users/me/security-events")}
    assert {"account.signed_in", "account.sign_in_refused", "account.updated"} <= mine
    assert {ACTIONS[action].scope for action in mine} == {ACCOUNT}
    trail = {event["action"] for event in org.api.walk(f"{org.path}audit/")}
    assert trail == {"organization.created", "member.added"}
