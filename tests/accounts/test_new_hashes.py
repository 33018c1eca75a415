"""Sessions and links depend on that a password was set, and not on how it is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from tests.client import Api, Person
from tests.conftest import CountQueries, Mailbox, Register, RunOutbox
from tests.mails import link_of
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

OLD, NEW = "sturdy-Pass-1", "another-Pass-2"
ADDRESS = "ann@example.com"


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email=ADDRESS, username="ann", password=OLD)


@pytest.fixture
def links(api: Api, ann: Person, run_outbox: RunOutbox, mailbox: Mailbox) -> dict[str, str]:
    """Return the tokens of a password reset and of a change of the address."""
    api.post("/auth/password-reset/request", {"email": ADDRESS})
    ann.api.patch("/auth/email", {"email": "new@example.com"})
    run_outbox()
    by_page = {link.partition("?")[0].rpartition("/")[2]: token for link, token in map(link_of, _with_link(mailbox))}
    return {"reset": by_page["reset-password"], "change": by_page["verify-email"]}


def _with_link(mailbox: Mailbox) -> list[Any]:
    return [mail for mail in mailbox if "token=" in str(mail.body)]


def _strengthen(settings: Settings) -> None:
    """Choose another hasher, as a new release of Django or of the host does."""
    settings.PASSWORD_HASHERS = ["tests.accounts.hashers.NewerHasher", *settings.PASSWORD_HASHERS]
    settings.AUTH_PASSWORD_VALIDATORS = []


def _user() -> User:
    return User.objects.get(username="ann")


def _set_by_form(user: User) -> None:
    form = SetPasswordForm(user, {"new_password1": NEW, "new_password2": NEW})
    assert form.is_valid()
    form.save()


def _set_and_save(user: User) -> None:
    user.set_password(NEW)
    user.save()


def _set_and_save_the_field(user: User) -> None:
    user.set_password(NEW)
    user.save(update_fields=["password"])


def _set_the_same_again(user: User) -> None:
    user.set_password(OLD)
    user.save()


def _write_a_hash(user: User) -> None:
    user.password = make_password(NEW)
    user.save()


def _write_a_hash_to_the_field(user: User) -> None:
    user.password = make_password(NEW)
    user.save(update_fields=["password"])


def _write_a_hash_after_setting_one(user: User) -> None:
    user.set_password(OLD)
    user.save()
    _write_a_hash(user)


def _make_unusable(user: User) -> None:
    user.set_unusable_password()
    user.save()


def _set_none(user: User) -> None:
    user.set_password(None)
    user.save()


@pytest.mark.parametrize(
    "act",
    [
        _set_by_form,
        _set_and_save,
        _set_and_save_the_field,
        _set_the_same_again,
        _write_a_hash,
        _write_a_hash_to_the_field,
        _write_a_hash_after_setting_one,
        _make_unusable,
        _set_none,
    ],
)
def test_setting_a_password_ends_the_sessions_and_voids_the_links_however_it_is_set(
    api: Api, ann: Person, links: dict[str, str], act: Callable[[User], None]
) -> None:
    act(_user())
    assert ann.api.get("/users/me").status_code == 401
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401
    assert api.get("/auth/email/verify", token=links["change"]).status_code == 400
    reset = api.post("/auth/password-reset/confirm", {"token": links["reset"], "new_password": NEW})
    assert reset.status_code == 400


@pytest.mark.parametrize(("usable", "button"), [("true", "set-password"), ("false", "unset-password")])
def test_the_admin_ends_the_sessions_when_it_sets_or_disables_a_password(
    admin_client: Client, ann: Person, usable: str, button: str
) -> None:
    body = {"password1": NEW, "password2": NEW, "usable_password": usable, button: "1"}
    answer = admin_client.post(f"/admin/auth/user/{_user().pk}/password/", body)
    assert answer.status_code == 302
    assert _user().has_usable_password() == (usable == "true")
    assert ann.api.get("/users/me").status_code == 401


def test_the_command_changepassword_ends_the_sessions(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_: NEW)
    call_command("changepassword", "ann", verbosity=0)
    assert _user().check_password(NEW)
    assert ann.api.get("/users/me").status_code == 401


def _sign_in_by_the_api() -> None:
    assert Api().post("/token/pair", {"email": ADDRESS, "password": OLD}).status_code == 200


def _sign_in_by_the_admin() -> None:
    User.objects.update(is_staff=True)
    assert Client().post("/admin/login/", {"username": "ann", "password": OLD}).status_code == 302


def _sign_in_by_a_view_of_the_host() -> None:
    user = authenticate(username="ann", password=OLD)
    assert user is not None
    user.save()  # the whole row


def _check_by_the_host() -> None:
    assert _user().check_password(OLD)


@pytest.mark.parametrize(
    "act", [_sign_in_by_the_api, _sign_in_by_the_admin, _sign_in_by_a_view_of_the_host, _check_by_the_host]
)
def test_a_new_hash_of_the_same_password_ends_no_session_and_voids_no_link(
    api: Api, ann: Person, links: dict[str, str], settings: Settings, act: Callable[[], None]
) -> None:
    before = _user().password
    _strengthen(settings)
    act()
    assert _user().password != before
    assert ann.api.get("/users/me").status_code == 200
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 200
    assert api.get("/auth/email/verify", token=links["change"]).status_code == 200


def test_a_reset_link_survives_a_new_hash(api: Api, ann: Person, links: dict[str, str], settings: Settings) -> None:
    _strengthen(settings)
    _sign_in_by_the_api()
    body = {"token": links["reset"], "new_password": NEW}
    assert api.post("/auth/password-reset/confirm", body).status_code == 200


def test_an_instance_that_set_a_password_may_hash_it_anew_later(
    api: Api, settings: Settings, django_user_model: type[User]
) -> None:
    user = django_user_model.objects.create_user("bob", "bob@example.com", OLD)
    pair = api.post("/token/pair", {"username": "bob", "password": OLD}).json()
    _strengthen(settings)
    assert user.check_password(OLD)
    assert api.as_user(pair["access"]).get("/users/me").status_code == 200


@pytest.mark.parametrize("user", ["usable", "unusable"])
def test_saving_a_user_without_a_new_password_ends_no_session(ann: Person, user: str) -> None:
    found = _user()
    if user == "unusable":
        found.set_unusable_password()
        User.objects.update(password=found.password)
    for _ in range(2):
        found = _user()
        found.first_name = "Anna"
        found.save()
        found.save()
    assert ann.api.get("/users/me").status_code == 200


def test_saving_an_account_that_was_read_before_a_new_password_brings_no_session_back(ann: Person) -> None:
    stale = Account.objects.get()
    _set_and_save(_user())
    stale.location = "London"
    stale.save()
    assert Account.objects.get().location == "London"
    assert ann.api.get("/users/me").status_code == 401


def test_only_a_save_that_may_write_another_hash_looks_for_the_stored_one(
    ann: Person, count_queries: CountQueries
) -> None:
    user = _user()
    counts = []
    for fields in (["first_name"], ["password"]):
        with count_queries() as queries:
            user.save(update_fields=fields)
        counts.append(len(queries))
    assert counts[1] - counts[0] == 1


@pytest.mark.django_db(transaction=True)
def test_simultaneous_sign_ins_that_all_hash_the_password_anew_all_work(
    api: Api, ann: Person, settings: Settings
) -> None:
    _strengthen(settings)
    answers = in_parallel(4, lambda _: api.post("/token/pair", {"email": ADDRESS, "password": OLD}))
    assert [answer.status_code for answer in answers] == [200] * 4
    sessions = [api.as_user(answer.json()["access"]) for answer in answers]
    assert [session.get("/users/me").status_code for session in [*sessions, ann.api]] == [200] * 5
