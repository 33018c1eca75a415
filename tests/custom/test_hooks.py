"""A hook may refuse before anything is written, with an error of the kit. Whatever else it raises is a defect."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import IntegrityError
from django.http import Http404, HttpRequest
from django.test import Client

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.contacts.errors import NamelessContact
from ninja_orgkit.custom.hooks import current_request, request_in_context
from ninja_orgkit.errors import OrgKitError, Throttled, ValidationFailed
from ninja_orgkit.models import OutboxMessage
from tests.checks.messages import found_by_id
from tests.client import Api
from tests.conftest import Register
from tests.custom.conftest import SetHook
from tests.custom.recorder import NotHere, OutOfSeats
from tests.org import Org
from tests.protocol.problems import problem

ADA = {"email": "ada@example.com", "password": "correct horse battery"}
OWN_ERRORS = [
    RuntimeError("zebra"), Http404("zebra"), IntegrityError("zebra"), PermissionError("zebra"), ValueError("zebra"),
]  # fmt: skip


def test_before_register_gets_the_request_and_what_was_sent_except_the_password(
    db: None, api: Api, set_hook: SetHook
) -> None:
    recorder = set_hook("before_register")
    assert api.post("/auth/register", {**ADA, "first_name": "Ada"}).status_code == 201
    ((request, values),) = recorder.calls
    assert request is not None
    assert request.path == "/api/v1/auth/register"
    expected = {"email": "ada@example.com", "username": "", "first_name": "Ada", "last_name": "", "invitation": ""}
    assert values == expected


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OutOfSeats(), 409, "out_of_seats"),
        (NotHere("Not you.", reason="country"), 403, "host_says_no"),
        (Throttled(headers={"Retry-After": "60"}), 429, "throttled"),
    ],
)
def test_a_hook_refuses_with_an_error_of_the_kit_or_of_the_host(
    db: None, api: Api, set_hook: SetHook, error: OrgKitError, status: int, code: str
) -> None:
    set_hook("before_register").raises(error)
    response = api.post("/auth/register", ADA)
    assert problem(response, status) == code
    assert response.json()["detail"] == error.detail
    assert not User.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("error", OWN_ERRORS)
def test_whatever_else_a_hook_raises_is_a_logged_500_that_changed_nothing(
    db: None, api: Api, set_hook: SetHook, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    set_hook("before_register").raises(error)
    response = api.post("/auth/register", ADA)
    assert problem(response, 500) == "internal_error"
    assert b"zebra" not in response.content
    assert "zebra" in caplog.text
    assert not User.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("known", [False, True])
def test_with_mandatory_verification_a_hook_tells_nothing_about_an_address(
    db: None, api: Api, register: Register, set_hook: SetHook, settings: Any, known: bool
) -> None:
    if known:
        register("ada@example.com")
    recorder = set_hook("before_register")
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    recorder.raises(OutOfSeats())
    response = api.post("/auth/register", ADA)
    assert problem(response, 409) == "out_of_seats"
    assert len(recorder.calls) == 1


def test_before_sign_in_is_asked_after_the_right_password_only(api: Api, register: Register, set_hook: SetHook) -> None:
    ada = register("ada@example.com")
    recorder = set_hook("before_sign_in")
    assert api.post("/token/pair", {**ADA, "password": "wrong"}).status_code == 401
    assert api.post("/token/pair", {**ADA, "email": "nobody@example.com"}).status_code == 401
    assert not recorder.calls
    assert api.post("/token/pair", ADA).status_code == 200
    ((request, values),) = recorder.calls
    assert request is not None
    assert request.path == "/api/v1/token/pair"
    assert values == {"user": User.objects.get(email=ada.email)}


@pytest.mark.parametrize(("error", "status"), [(OutOfSeats(), 409), (RuntimeError("zebra"), 500)])
def test_a_hook_that_raises_lets_nobody_sign_in(
    api: Api, register: Register, set_hook: SetHook, error: Exception, status: int
) -> None:
    register("ada@example.com")
    refused: list[dict[str, Any]] = []

    def note(sender: Any, **kwargs: Any) -> None:
        refused.append(kwargs)

    user_login_failed.connect(note)
    set_hook("before_sign_in").raises(error)
    sessions = Session.objects.count()
    try:
        assert problem(api.post("/token/pair", ADA), status)
    finally:
        user_login_failed.disconnect(note)
    assert Session.objects.count() == sessions
    assert len(refused) == (status == 409)


def test_what_a_hook_wrote_is_undone_with_what_it_refused(db: None, api: Api, set_hook: SetHook) -> None:
    recorder = set_hook("before_register")

    def write_and_refuse() -> None:
        User.objects.create(username="leftover")
        raise OutOfSeats

    recorder.act = write_and_refuse
    assert problem(api.post("/auth/register", ADA), 409) == "out_of_seats"
    assert not Account.objects.exists()


def fail_in(request: HttpRequest) -> None:
    """Fail, as something does in the middle of a request."""
    assert current_request() is request
    raise KeyError


@pytest.mark.once
def test_the_current_request_ends_with_its_block_whatever_happens_in_it() -> None:
    outer, inner = HttpRequest(), HttpRequest()
    assert current_request() is None
    with request_in_context(outer):
        with pytest.raises(KeyError), request_in_context(inner):
            fail_in(inner)
        assert current_request() is outer
        with request_in_context(None):
            assert current_request() is None
    assert current_request() is None


@pytest.mark.once
def test_the_current_request_follows_a_view_into_a_thread_and_not_into_other_tasks() -> None:
    request = HttpRequest()

    async def answer() -> tuple[HttpRequest | None, HttpRequest | None]:
        with request_in_context(request):
            inside = await sync_to_async(current_request)()
        return inside, await sync_to_async(current_request)()

    assert async_to_sync(answer)() == (request, None)


def test_no_request_is_left_behind_by_an_answer(db: None, api: Api, set_hook: SetHook) -> None:
    set_hook("before_register").raises(RuntimeError("zebra"))
    api.post("/auth/register", ADA)
    assert current_request() is None


@pytest.mark.once
@pytest.mark.parametrize(
    ("hooks", "identifier", "says"),
    [
        ({"before_signin": "tests.custom.recorder.hook"}, "orgkit.E060", "before_sign_in"),
        ({"before_sign_in": "tests.custom.recorder.nothing"}, "orgkit.E061", "nothing"),
        ({"before_sign_in": "no.such.module"}, "orgkit.E061", "no.such.module"),
        ({"before_sign_in": "tests.custom.recorder.HOOK"}, "orgkit.E061", "cannot be called"),
        ({"before_sign_in": 7}, "orgkit.E061", "7"),
    ],
)
def test_a_hook_that_cannot_work_is_a_system_check(
    settings: Any, hooks: dict[str, Any], identifier: str, says: str
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "HOOKS": hooks}
    found = found_by_id()
    assert list(found) == [identifier]
    assert says in found[identifier]


@pytest.mark.once
def test_hooks_that_work_pass_the_checks(settings: Any, set_hook: SetHook) -> None:
    set_hook("before_export")
    assert found_by_id() == {}


@pytest.mark.once
def test_the_code_of_an_error_is_an_attribute_of_the_class_and_of_its_instances() -> None:
    assert (OutOfSeats.code, OutOfSeats().code) == ("out_of_seats", "out_of_seats")
    assert (NotHere.code, NotHere().code) == ("host_says_no", "host_says_no")
    assert NamelessContact.code == ValidationFailed.code == "validation_error"


@pytest.mark.parametrize("path", ["/orgs/{}/invited/", "/invited/{}"])
def test_a_hook_that_a_route_of_the_host_causes_gets_its_request(
    org: Org, set_hook: SetHook, settings: Any, path: str
) -> None:
    settings.ROOT_URLCONF = "tests.hosts.mounts.required"
    recorder = set_hook("before_invite")
    for number, address in enumerate(("one@example.com", "two@example.com"), start=1):
        answer = Client().post(f"/host{path.format(org.slug)}?email={address}", headers=org.api._headers(None))
        assert answer.status_code == 200, answer.content
        request, values = recorder.calls[-1]
        assert request is not None
        assert (len(recorder.calls), request.GET["email"], values["email"]) == (number, address, address)
        assert current_request() is None


def test_a_refusal_of_a_route_of_the_host_leaves_no_request_behind(org: Org, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.hosts.mounts.required"
    for api, status in ((Api(), 401), (org.as_("viewer"), 403), (org.stranger.api, 404)):
        answer = Client().post(f"/host/orgs/{org.slug}/products/", headers=api._headers(None))
        assert answer.status_code == status
        assert current_request() is None
