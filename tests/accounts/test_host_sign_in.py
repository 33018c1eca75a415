"""A host signs in a user whom it has authenticated, from Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.sessions import end_sessions
from ninja_orgkit.accounts.services.sign_in import sign_in
from ninja_orgkit.errors import Forbidden, Unauthenticated
from tests.client import Api

pytestmark = pytest.mark.django_db

Heard = list[tuple[str, Any, str]]


def refuse(*, request: Any, user: Any) -> None:
    raise Forbidden(f"{user.get_username()} may not, says {request.path if request else 'nobody'}")


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@example.com", "correct horse battery")


@pytest.fixture
def heard() -> Iterator[Heard]:
    record: Heard = []

    def enter(sender: Any, request: Any, user: Any, **_: Any) -> None:
        assert sender is User
        record.append(("in", request, user.get_username()))

    def fail(request: Any, credentials: Any, **_: Any) -> None:
        record.append(("failed", request, credentials["username"]))

    user_logged_in.connect(enter)
    user_login_failed.connect(fail)
    yield record
    user_logged_in.disconnect(enter)
    user_login_failed.disconnect(fail)


def test_a_host_signs_in_an_account(api: Api, ann: User, heard: Heard) -> None:
    account = Account.objects.get(user=ann)
    assert api.as_user(sign_in(account).access).get("/users/me").json()["username"] == "ann"
    User.objects.update(is_active=False)
    with pytest.raises(Unauthenticated):
        sign_in(Account.objects.get(user=ann))
    assert [(what, name) for what, _, name in heard] == [("in", "ann"), ("failed", "ann")]


def test_a_host_signs_in_a_user(api: Api, ann: User, heard: Heard, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    request = RequestFactory().post("/own/login", headers={"User-Agent": "Firefox"}, REMOTE_ADDR="192.0.2.7")
    found = sign_in(ann, request)
    assert found.account == Account.objects.get(user=ann)
    assert api.as_user(found.access).get("/users/me").json()["username"] == "ann"
    assert api.post("/token/refresh", {"refresh": found.refresh}).status_code == 200
    session = Session.objects.get()
    assert (session.device, session.address) == ("Firefox", "192.0.2.7")
    assert heard == [("in", request, "ann")]
    assert User.objects.get().last_login is not None


def test_the_request_is_optional_and_the_user_may_be_lazy(api: Api, ann: User, heard: Heard) -> None:
    lazy: Any = SimpleLazyObject(lambda: ann)
    assert api.as_user(sign_in(lazy).access).get("/users/me").status_code == 200
    assert heard == [("in", None, "ann")]


def test_signing_in_a_user_without_an_account_creates_it(api: Api, heard: Heard) -> None:
    User.objects.bulk_create([User(username="bob")])
    found = sign_in(User.objects.get())
    assert api.as_user(found.access).get("/users/me").json()["username"] == "bob"


def test_an_inactive_user_is_refused(ann: User, heard: Heard) -> None:
    ann.is_active = False
    ann.save()
    with pytest.raises(Unauthenticated):
        sign_in(ann)
    assert heard == [("failed", None, "ann")]
    assert not Session.objects.exists()


def test_a_hook_may_refuse_by_the_request(ann: User, heard: Heard, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "HOOKS": {"before_sign_in": f"{__name__}.refuse"}}
    request = RequestFactory().post("/own/login")
    with pytest.raises(Forbidden, match="ann may not, says /own/login"):
        sign_in(ann, request)
    assert heard == [("failed", request, "ann")]
    assert not Session.objects.exists()


def test_last_login_stays_where_the_host_does_not_want_it(ann: User, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "UPDATE_LAST_LOGIN": False}
    sign_in(ann)
    assert User.objects.get().last_login is None
    Client().force_login(User.objects.get())  # Django's own sign-ins are Django's
    assert User.objects.get().last_login is not None


@pytest.mark.parametrize("who", ["user", "account"])
def test_a_host_ends_sessions(api: Api, ann: User, who: str) -> None:
    first, second = sign_in(ann), sign_in(ann)
    of: Any = ann if who == "user" else first.account
    kept = Session.objects.order_by("created_at").first()
    end_sessions(of, but=kept)
    found = [api.as_user(pair.access).get("/users/me").status_code for pair in (first, second)]
    assert found == [200, 401]
    end_sessions(of)
    assert api.as_user(first.access).get("/users/me").status_code == 401
