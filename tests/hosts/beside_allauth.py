"""Signing in through allauth beside the kit, and whatever else concerns both; ``test_hosts`` runs this file."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.mail import EmailMessage
from django.core.management import call_command

from ninja_orgkit.accounts.authentication import django_session
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.accounts import mark_verified
from ninja_orgkit.accounts.services.sessions import purge_sessions
from ninja_orgkit.audit.models import Event
from ninja_orgkit.conf import Settings
from ninja_orgkit.errors import Forbidden
from tests.checks.messages import found_by_id
from tests.client import Api
from tests.conftest import Register, RunOutbox
from tests.hosts.allauth.app import PASSWORD, Allauth, code_in, key_in, totp_of
from tests.hosts.allauth.passkeys import Passkey
from tests.mails import token_in
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

ADA = "ada@example.com"


@pytest.fixture
def app() -> Allauth:
    return Allauth()


@pytest.fixture
def ada(app: Allauth) -> Allauth:
    """Return the device on which Ada has signed up, with a verified address and a password just given."""
    answer = app.sign_up(ADA)
    assert answer.status_code == 200, answer.content
    EmailAddress.objects.get().set_verified()
    assert app.post("auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    return app


def _works(device: Allauth) -> bool:
    """Tell whether the tokens of a device work on contacts."""
    mine = device.api.get("/users/me")
    if mine.status_code != 200:
        return False
    body = {"organization": mine.json()["organizations"][0]["slug"], "first_name": "Grace"}
    return bool(device.api.post("/contacts/", body).status_code == 201)


def _add_totp(device: Allauth) -> tuple[str, list[str]]:
    """Let the user of a device set up an authenticator app, and return its secret and the recovery codes."""
    secret = device.get("account/authenticators/totp").json()["meta"]["secret"]
    answer = device.post("account/authenticators/totp", {"code": totp_of(secret)})
    assert answer.status_code == 200, answer.content
    return secret, device.get("account/authenticators/recovery-codes").json()["data"]["unused_codes"]


def _add_passkey(device: Allauth) -> Passkey:
    passkey = Passkey()
    options = device.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    answer = device.post("account/authenticators/webauthn", {"name": "Mine", "credential": passkey.create(options)})
    assert answer.status_code == 200, answer.content
    return passkey


def _pair(email: str = ADA, password: str = PASSWORD) -> Any:
    return Api().post("/token/pair", {"email": email, "password": password})


def test_signing_up_and_in_with_a_password_ends_in_tokens_of_the_kit(app: Allauth) -> None:
    heard: list[Any] = []

    def hear(sender: Any, user: Any, request: Any, **_: Any) -> None:
        heard.append((user.email, request.path))

    user_logged_in.connect(hear)
    try:
        answer = app.sign_up(ADA)
        assert answer.status_code == 200, answer.content
        other = Allauth()
        assert other.sign_in(ADA).status_code == 200
    finally:
        user_logged_in.disconnect(hear)
    assert heard == [(ADA, "/_allauth/app/v1/auth/signup"), (ADA, "/_allauth/app/v1/auth/login")]
    assert _works(app)
    assert _works(other)
    assert app.api.get("/auth/sessions").json()["count"] == 2
    assert _pair().status_code == 200


def test_allauth_shows_the_slug_of_the_account_and_no_key(ada: Allauth) -> None:
    account = Account.objects.get()
    answer = ada.get("auth/session")
    assert answer.json()["data"]["user"]["id"] == account.slug
    assert "ada" not in account.slug
    assert "ada" not in account.username


def test_a_second_factor_keeps_a_password_from_signing_in_alone(ada: Allauth) -> None:
    secret, codes = _add_totp(ada)
    sessions = Session.objects.count()
    answer = _pair()
    assert (answer.status_code, answer.json()["code"]) == (401, "mfa_required")
    assert _pair(password="wrong").json()["code"] == "invalid_credentials"
    assert Session.objects.count() == sessions

    for code in (totp_of(secret), codes[0]):
        device = Allauth()
        asked = device.sign_in(ADA)
        assert (asked.status_code, device.access) == (401, "")
        assert device.post("auth/2fa/authenticate", {"code": "000000"}).status_code == 400
        answer = device.post("auth/2fa/authenticate", {"code": code})
        assert answer.status_code == 200, answer.content
        assert _works(device)
    assert Session.objects.count() == sessions + 2
    assert _works(ada)


def test_a_passkey_signs_in_without_a_password(ada: Allauth) -> None:
    passkey = _add_passkey(ada)
    assert _pair().json()["code"] == "mfa_required"
    sessions = Session.objects.count()
    device = Allauth()
    options = device.get("auth/webauthn/login").json()["data"]["request_options"]
    answer = device.post("auth/webauthn/login", {"credential": passkey.get(options)})
    assert answer.status_code == 200, answer.content
    assert _works(device)
    assert Session.objects.count() == sessions + 1

    ada.get("account/authenticators/webauthn")
    keys = [row.pk for row in Authenticator.objects.filter(type="webauthn")]
    assert ada.send("DELETE", "account/authenticators/webauthn", {"authenticators": keys}).status_code == 200
    assert _pair().status_code == 200


def test_a_mailed_code_signs_in(ada: Allauth, mailbox: list[EmailMessage]) -> None:
    device = Allauth()
    assert device.post("auth/code/request", {"email": ADA}).status_code == 401
    answer = device.post("auth/code/confirm", {"code": code_in(mailbox[-1])})
    assert answer.status_code == 200, answer.content
    assert _works(device)


def _at_provider(device: Allauth, **who: Any) -> Any:
    token = {"client_id": "x", "id_token": json.dumps({"id": 7, **who})}
    return device.post("auth/provider/token", {"provider": "dummy", "process": "login", "token": token})


def test_an_account_at_another_provider_signs_up_and_in(app: Allauth) -> None:
    who = {"email": "grace@example.com", "email_verified": True, "first_name": "Grace"}
    for device in (app, Allauth()):
        answer = _at_provider(device, **who)
        assert answer.status_code == 200, answer.content
        assert _works(device)
    me = app.api.get("/users/me").json()
    assert (me["email"], me["email_verified"], me["first_name"]) == ("grace@example.com", True, "Grace")
    before = app.access
    assert _at_provider(app, **who).status_code == 200  # the same user again, in a new session
    assert app.access != before
    assert _works(app)


def test_a_browser_gets_tokens_too(ada: Allauth) -> None:
    browser = Allauth("browser")
    assert browser.sign_in(ADA).status_code == 200
    assert _works(browser)
    first = browser.access
    assert browser.is_signed_in()
    assert browser.get("config").status_code == 200
    assert browser.access == first
    assert browser.send("DELETE", "auth/session").status_code == 401
    assert not _works(browser)
    assert _works(ada)


def test_refreshing_through_allauth_rotates_and_notices_reuse(ada: Allauth, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "REFRESH_GRACE": settings.NINJA_ORGKIT["MEDIA_URL_WINDOW"] * 0}
    first = ada.refresh
    answer = ada.post("tokens/refresh", {"refresh_token": first})
    assert answer.status_code == 200, answer.content
    ada.access, second = (answer.json()["data"][name] for name in ("access_token", "refresh_token"))
    assert second != first
    assert _works(ada)
    third = Api().post("/token/refresh", {"refresh": second}).json()
    assert ada.post("tokens/refresh", {"refresh_token": second}).status_code == 400
    assert Api().post("/token/refresh", {"refresh": third["refresh"]}).status_code == 401
    assert not ada.is_signed_in()


def _configure(settings: Any, **changes: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, **changes}


def _alive(device: Allauth) -> bool:
    """Tell whether the tokens of a device still work."""
    return bool(device.api.get("/users/me").status_code == 200)


def test_signing_out_of_allauth_ends_the_session_of_the_kit(ada: Allauth) -> None:
    other = Allauth()
    other.sign_in(ADA)
    assert other.send("DELETE", "auth/session").status_code == 401
    assert (_alive(other), _alive(ada)) == (False, True)
    assert Api().post("/token/refresh", {"refresh": other.refresh}).status_code == 401


def test_signing_out_of_the_admin_ends_the_session_of_the_kit(ada: Allauth) -> None:
    User.objects.update(is_staff=True)
    browser = Allauth("browser")
    browser.sign_in(ADA)
    assert browser.client.post("/admin/logout/").status_code == 200
    assert (_alive(browser), browser.is_signed_in(), _alive(ada)) == (False, False, True)


def test_a_session_that_is_ended_in_allauth_ends_in_the_kit(ada: Allauth) -> None:
    other = Allauth()
    other.sign_in(ADA)
    (ended,) = (row["id"] for row in ada.get("auth/sessions").json()["data"] if not row["is_current"])
    assert ada.send("DELETE", "auth/sessions", {"sessions": [ended]}).status_code == 200
    assert (_alive(other), _alive(ada)) == (False, True)
    assert (other.is_signed_in(), ada.is_signed_in()) == (False, True)


@pytest.mark.parametrize("client", ["app", "browser"])
@pytest.mark.parametrize(
    "end",
    [
        lambda device: device.api.post("/auth/logout", {"refresh": device.refresh}),
        lambda device: device.api.post("/auth/logout-all"),
        lambda device: device.api.delete(f"/auth/sessions/{_current(device)}"),
        lambda device: device.api.delete("/auth/delete"),
    ],
    ids=["signing out", "signing out everywhere", "ending a session", "deleting the account"],
)
def test_ending_a_session_of_the_kit_signs_out_of_allauth(ada: Allauth, client: str, end: Any) -> None:
    device = Allauth(client)
    device.sign_in(ADA)
    assert device.is_signed_in()
    assert end(device).status_code in (200, 204)
    assert (_alive(device), device.is_signed_in()) == (False, False)


def _current(device: Allauth) -> str:
    return next(str(row["id"]) for row in device.api.get("/auth/sessions").json()["items"] if row["current"])


def test_signing_out_ends_no_other_session(ada: Allauth) -> None:
    browser = Allauth("browser")
    browser.sign_in(ADA)
    pair = browser.client.post(
        "/api/v1/token/pair", {"email": ADA, "password": PASSWORD}, content_type="application/json"
    ).json()
    out = browser.client.post("/api/v1/auth/logout", {"refresh": pair["refresh"]}, content_type="application/json")
    assert out.status_code == 200
    assert (_alive(browser), browser.is_signed_in(), _alive(ada)) == (True, True, True)


@pytest.mark.parametrize("always_saved", [False, True])
def test_a_browser_signs_out_of_the_kit_by_its_token_or_by_its_cookie(
    ada: Allauth, settings: Any, always_saved: bool
) -> None:
    settings.SESSION_SAVE_EVERY_REQUEST = always_saved
    _configure(settings, AUTHENTICATION=[*Settings.AUTHENTICATION, f"{django_session.__module__}.django_session"])
    for headers in ({"Authorization": "Bearer {}"}, {}):
        browser = Allauth("browser")
        browser.sign_in(ADA)
        named = {name: value.format(browser.access) for name, value in headers.items()}
        named["X-CSRFToken"] = browser.client.cookies["csrftoken"].value
        out = browser.client.post("/api/v1/auth/logout", {}, content_type="application/json", headers=named)
        assert out.status_code == 200, out.content
        assert (_alive(browser), browser.is_signed_in(), _alive(ada)) == (False, False, True)


def test_a_new_password_set_in_the_kit_by_cookie_keeps_the_cookie(ada: Allauth, settings: Any) -> None:
    _configure(settings, AUTHENTICATION=[f"{django_session.__module__}.django_session"])
    browser = Allauth("browser")
    browser.sign_in(ADA)
    body = {"old_password": PASSWORD, "new_password": "staple of another"}
    token = {"X-CSRFToken": browser.client.cookies["csrftoken"].value}
    answer = browser.client.post("/api/v1/auth/change-password", body, content_type="application/json", headers=token)
    assert answer.status_code == 200, answer.content
    assert (browser.is_signed_in(), ada.is_signed_in()) == (True, False)
    assert not Session.objects.exists()


def test_an_expired_session_of_the_kit_leaves_allauth_signed_in(ada: Allauth) -> None:
    Session.objects.update(expires_at="2020-01-01T00:00:00Z")
    purge_sessions()
    assert not Session.objects.exists()
    assert (_alive(ada), ada.is_signed_in()) == (False, True)


def test_a_new_password_in_allauth_keeps_this_session_and_ends_the_others(ada: Allauth) -> None:
    other = Allauth()
    other.sign_in(ADA)
    before = ada.access
    answer = ada.post("account/password/change", {"current_password": PASSWORD, "new_password": "staple of another"})
    assert answer.status_code == 200, answer.content
    assert ada.access != before
    assert (_alive(ada), ada.is_signed_in()) == (True, True)
    assert (_alive(other), other.is_signed_in()) == (False, False)
    assert Session.objects.count() == 1
    assert ada.api.post("/auth/logout", {"refresh": ada.refresh}).status_code == 200
    assert not ada.is_signed_in()


def test_a_new_password_in_the_kit_signs_the_others_out_of_allauth(ada: Allauth) -> None:
    other = Allauth()
    other.sign_in(ADA)
    body = {"old_password": PASSWORD, "new_password": "staple of another"}
    assert ada.api.post("/auth/change-password", body).status_code == 200
    assert (_alive(other), other.is_signed_in()) == (False, False)


def _addresses(**lookup: Any) -> list[tuple[str, bool, bool]]:
    rows = EmailAddress.objects.filter(**lookup).order_by("email")
    return list(rows.values_list("email", "primary", "verified"))


def test_an_address_verified_in_the_kit_is_verified_in_allauth(
    register: Register, run_outbox: RunOutbox, mailbox: list[EmailMessage]
) -> None:
    ada = register("Ada@Example.com")
    assert _addresses() == [(ADA, True, False)]
    run_outbox()
    assert ada.api.get("/auth/email/verify", token=token_in(mailbox[-1])).status_code == 200
    assert _addresses() == [(ADA, True, True)]
    assert Allauth().sign_in(ADA).status_code == 200
    assert ada.api.get("/users/me").json()["email"] == "Ada@Example.com"


def test_an_address_verified_in_allauth_is_verified_in_the_kit(app: Allauth, mailbox: list[EmailMessage]) -> None:
    app.sign_up(ADA)
    assert app.api.get("/users/me").json()["email_verified"] is False
    assert app.post("auth/email/verify", {"key": key_in(mailbox[-1])}).status_code == 200
    assert app.api.get("/users/me").json()["email_verified"] is True
    EmailAddress.objects.get().delete()
    app.sign_up("grace@example.com")


def test_nobody_signs_in_before_the_address_is_verified_where_both_want_that(
    app: Allauth, settings: Any, run_outbox: RunOutbox, mailbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    _configure(settings, EMAIL_VERIFICATION="mandatory")
    assert app.sign_up(ADA).status_code == 401
    assert (app.access, _pair().json()["code"]) == ("", "email_not_verified")
    assert Api().post("/auth/email/resend", {"email": ADA}).status_code == 202
    run_outbox()
    assert Api().get("/auth/email/verify", token=token_in(mailbox[-1])).status_code == 200
    device = Allauth()
    assert device.sign_in(ADA).status_code == 200
    assert _works(device)
    assert _pair().status_code == 200


def test_an_address_changed_in_the_kit_replaces_the_one_of_allauth(
    ada: Allauth, run_outbox: RunOutbox, mailbox: list[EmailMessage]
) -> None:
    assert ada.api.patch("/auth/email", {"email": "Countess@example.com"}).status_code == 202
    run_outbox()
    assert ada.api.get("/auth/email/verify", token=token_in(mailbox[-1])).status_code == 200
    assert _addresses() == [("countess@example.com", True, True)]
    assert Allauth().sign_in(ADA).status_code == 400
    assert Allauth().sign_in("countess@example.com").status_code == 200


def test_another_primary_address_in_allauth_becomes_that_of_the_account(
    ada: Allauth, mailbox: list[EmailMessage]
) -> None:
    new = "countess@example.com"
    assert ada.post("account/email", {"email": new}).status_code == 200
    assert ada.send("PATCH", "account/email", {"email": new, "primary": True}).status_code == 400
    assert ada.post("auth/email/verify", {"key": key_in(mailbox[-1])}).status_code == 200
    assert ada.api.get("/users/me").json()["email"] == ADA
    assert ada.send("PATCH", "account/email", {"email": new, "primary": True}).status_code == 200
    me = ada.api.get("/users/me").json()
    assert (me["email"], me["email_verified"]) == (new, True)
    assert _addresses() == [(ADA, False, True), (new, True, True)]
    assert _pair(new).status_code == 200
    # The former one is a secondary address there, and the kit asks allauth's backend as it asks all others.
    assert [Allauth().sign_in(ADA).status_code, _pair(ADA).status_code] == [200, 200]
    assert ada.send("DELETE", "account/email", {"email": ADA}).status_code == 200
    assert [Allauth().sign_in(ADA).status_code, _pair(ADA).status_code] == [400, 401]


def test_an_address_that_is_another_accounts_stays_with_that_account(
    ada: Allauth, register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    grace = register("grace@example.com")
    user = User.objects.get(email=ADA)
    row = EmailAddress.objects.create(user=user, email="grace@example.com", verified=True)
    row.set_as_primary()
    account = Account.objects.get(pk=user.pk)
    assert (account.email, account.email_key, account.email_verified_at) == ("grace@example.com", None, None)
    assert [record.levelname for record in caplog.records if account.slug in record.getMessage()] == ["WARNING"]
    assert _pair("grace@example.com").json()["user"]["slug"] == grace.slug

    mark_verified(Account.objects.get(slug=grace.slug))
    assert _addresses(email="grace@example.com", verified=True) == [("grace@example.com", True, True)]
    assert EmailAddress.objects.get(verified=True, email="grace@example.com").user_id != user.pk


def test_accounts_that_are_older_than_allauth_are_brought_there(register: Register) -> None:
    mark_verified(Account.objects.get(slug=register("Grace@example.com").slug))
    register("Eve@example.com")
    EmailAddress.objects.all().delete()
    for created in (2, 0):
        out = io.StringIO()
        call_command("orgkit_sync_allauth", stdout=out)
        assert out.getvalue() == f"Addresses created: {created}.\n"
    assert _addresses() == [("eve@example.com", True, False), ("grace@example.com", True, True)]
    assert Allauth().sign_in("grace@example.com").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_one_of_two_who_sign_up_at_once_has_the_address(app: Allauth) -> None:

    def sign_up(number: int) -> Any:
        return Api().post("/auth/register", {"email": ADA, "password": PASSWORD}) if number else app.sign_up(ADA)

    answers = in_parallel(2, sign_up)
    assert {answer.status_code for answer in answers} <= {200, 201, 400, 409}
    assert list(Account.objects.exclude(email_key=None).values_list("email_key", flat=True)) == [ADA]
    assert not app.access or _alive(app)


def test_an_administrator_who_withdraws_a_verification_withdraws_both(ada: Allauth) -> None:
    row = EmailAddress.objects.get()
    row.verified = False
    row.save()
    assert ada.api.get("/users/me").json()["email_verified"] is False
    row.verified = True
    row.save()
    assert ada.api.get("/users/me").json()["email_verified"] is True
    account = Account.objects.get()
    account.email_verified_at = None
    account.save()
    assert _addresses() == [(ADA, True, False)]


def test_nobody_signs_up_where_registration_is_closed(ada: Allauth, settings: Any) -> None:
    _configure(settings, REGISTRATION="closed")
    users = User.objects.count()
    app = Allauth()
    answers = [app.sign_up(email) for email in ("grace@example.com", ADA)]
    answers.append(app.sign_up("grace@example.com", password="x"))
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json()["errors"][0]["code"] == "registration_closed"
    assert app.post("auth/signup", {}).status_code == 400  # as the guide says
    assert _at_provider(app, email="grace@example.com", email_verified=True).status_code == 403
    assert (User.objects.count(), app.access) == (users, "")
    assert app.get("config").json()["data"]["account"]["is_open_for_signup"] is False
    assert app.sign_in(ADA).status_code == 200
    assert app.post("auth/password/request", {"email": ADA}).status_code == 200


def test_only_the_invited_sign_up_where_registration_needs_an_invitation(
    ada: Allauth, settings: Any, run_outbox: RunOutbox, mailbox: list[EmailMessage]
) -> None:
    _configure(settings, REGISTRATION="invitation")
    org = ada.api.post("/orgs/", {"name": "Engines"}).json()["slug"]
    assert (
        ada.api.post(f"/orgs/{org}/invitations/", {"email": "grace@example.com", "role": "member"}).status_code == 201
    )
    run_outbox()
    token = token_in(mailbox[-1])
    app = Allauth()
    for email, more, code in (
        ("grace@example.com", {}, "registration_by_invitation"),
        ("grace@example.com", {"invitation": "made up"}, "registration_by_invitation"),
        ("eve@example.com", {"invitation": token}, "wrong_recipient"),
    ):
        answer = app.sign_up(email, **more)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, code)
    assert _at_provider(app, email="eve@example.com", email_verified=True).status_code == 403
    assert User.objects.count() == 1
    _configure(settings, THROTTLES={"register.address": "1/h"})
    guess = app.sign_up("eva@example.com", invitation=token)
    assert (guess.status_code, guess.json()["errors"][0]["code"]) == (429, "throttled")
    assert 0 < int(guess["Retry-After"]) <= 3600

    answer = app.sign_up("grace@example.com", invitation=token)
    assert answer.status_code == 200, answer.content
    me = app.api.get("/users/me").json()
    assert me["email_verified"] is True
    assert org in [item["slug"] for item in me["organizations"]]
    assert _addresses(email="grace@example.com") == [("grace@example.com", True, True)]


def refuse(*, request: Any, **values: Any) -> None:
    """Refuse whoever the request names; a hook of this host."""
    raise Forbidden(f"{request.path} {sorted(values)}")


def test_the_hooks_of_the_host_are_asked_before_signing_up_and_in(ada: Allauth, settings: Any) -> None:
    app = Allauth()
    _configure(settings, HOOKS={"before_register": f"{__name__}.refuse"})
    answer = app.sign_up("grace@example.com")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "forbidden")
    assert "/auth/signup ['email', 'first_name', 'invitation', 'last_name', 'username']" in answer.content.decode()
    assert User.objects.count() == 1

    _configure(settings, HOOKS={"before_sign_in": f"{__name__}.refuse"})
    sessions = Session.objects.count()
    answer = app.sign_in(ADA)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "forbidden")
    assert "/auth/login ['user']" in answer.content.decode()
    assert (Session.objects.count(), app.access) == (sessions, "")
    assert not app.is_signed_in()


def break_down(**values: Any) -> None:
    """Fail with an error that is not the kit's; a hook of this host."""
    raise RuntimeError("a defect of the host's")


@pytest.mark.parametrize("hook", ["before_register", "before_sign_in"])
def test_a_hook_that_breaks_down_is_an_error_that_changes_nothing(ada: Allauth, settings: Any, hook: str) -> None:
    _configure(settings, HOOKS={hook: f"{__name__}.break_down"})
    app = Allauth()
    sessions = Session.objects.count()
    answer = app.sign_up("grace@example.com") if hook == "before_register" else app.sign_in(ADA)
    assert answer.status_code == 500
    assert (User.objects.count(), Session.objects.count(), app.access) == (1, sessions, "")


def test_whether_last_login_is_recorded_follows_the_setting(ada: Allauth, settings: Any) -> None:
    before = User.objects.get().last_login
    _configure(settings, UPDATE_LAST_LOGIN=False)
    Allauth().sign_in(ADA)
    assert User.objects.get().last_login == before
    _configure(settings, UPDATE_LAST_LOGIN=True)
    Allauth().sign_in(ADA)
    assert User.objects.get().last_login != before


def test_nobody_inactive_signs_in(ada: Allauth) -> None:
    User.objects.update(is_active=False)
    device = Allauth()
    assert device.sign_in(ADA).status_code == 401
    assert (device.access, _alive(ada)) == ("", False)


def test_a_code_by_mail_after_the_password_is_a_second_factor_too(ada: Allauth, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = {"password"}
    assert _pair().json()["code"] == "mfa_required"


@pytest.mark.parametrize(
    ("setting", "value", "id_of_check"),
    [
        (
            "HEADLESS_TOKEN_STRATEGY",
            "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy",
            "orgkit.E075",
        ),
        ("ACCOUNT_ADAPTER", "allauth.account.adapter.DefaultAccountAdapter", "orgkit.E076"),
        ("HEADLESS_ADAPTER", "allauth.headless.adapter.DefaultHeadlessAdapter", "orgkit.E077"),
        ("USERSESSIONS_ADAPTER", "allauth.usersessions.adapter.DefaultUserSessionsAdapter", "orgkit.E078"),
        ("NINJA_ORGKIT", {"EMAIL_VERIFICATION": "mandatory"}, "orgkit.W079"),
    ],
)
def test_a_check_asks_for_each_setting(settings: Any, setting: str, value: Any, id_of_check: str) -> None:
    assert id_of_check not in found_by_id()
    setattr(settings, setting, value)
    assert id_of_check in found_by_id()


def test_signing_up_works_before_the_adapters_are_set(app: Allauth, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    settings.HEADLESS_ADAPTER = "allauth.headless.adapter.DefaultHeadlessAdapter"
    assert app.sign_up(ADA).status_code == 200
    assert _works(app)


def test_a_wrong_factor_or_mailed_code_is_a_refused_sign_in(ada: Allauth, mailbox: list[EmailMessage]) -> None:
    def refusals() -> list[tuple[str, str]]:
        told = Event.objects.filter(action="account.sign_in_refused", owner=Account.objects.get().slug)
        return list(told.values_list("actor_kind", "address"))

    heard: list[Any] = []

    def hear(credentials: Any, request: Any, **_: Any) -> None:
        heard.append((credentials, request.path))

    device = Allauth()
    user_login_failed.connect(hear)
    device.post("auth/code/request", {"email": ADA})
    assert device.post("auth/code/confirm", {"code": "WRONG"}).status_code == 400
    assert refusals() == [("user", "127.0.0.1")]
    secret, _ = _add_totp(ada)
    assert ada.post("auth/2fa/reauthenticate", {"code": "000000"}).status_code == 400  # she is signed in
    device = Allauth()
    device.sign_in(ADA)
    assert device.post("auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    assert device.post("auth/2fa/authenticate", {"code": totp_of(secret)}).status_code == 200
    user_login_failed.disconnect(hear)
    assert refusals() == [("user", "127.0.0.1")] * 2
    name = User.objects.get().username
    assert heard == [
        ({"username": name}, f"/_allauth/app/v1/auth/{path}") for path in ("code/confirm", "2fa/authenticate")
    ]


def _events() -> list[tuple[str, str, Any]]:
    """Return what is recorded of Ada: the action, who acts, and the type of a second factor."""
    events = Event.objects.filter(owner=Account.objects.get().slug).order_by("created_at", "id")
    return [(event.action, event.actor_kind, event.changes.get("type", {}).get("new")) for event in events]


def test_what_happens_in_allauth_is_among_the_security_events(app: Allauth) -> None:
    assert app.sign_up(ADA).status_code == 200
    EmailAddress.objects.get().set_verified()
    assert app.post("auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert _events() == [
        ("account.created", "user", None),
        ("account.signed_in", "user", None),
        ("address.verified", "system", None),
    ]
    before = len(_events())
    assert Allauth().sign_in(ADA, "wrong").status_code == 400
    _add_totp(app)
    body = {"current_password": PASSWORD, "new_password": "staple of another"}
    assert app.post("account/password/change", body).status_code == 200
    assert app.send("DELETE", "account/authenticators/totp").status_code == 200
    assert _events()[before:] == [
        ("account.sign_in_refused", "user", None),
        ("second_factor.added", "user", "totp"),
        ("second_factor.added", "user", "recovery_codes"),
        ("password.changed", "user", None),
        ("second_factor.removed", "user", None),
        ("second_factor.removed", "user", None),
    ]
    ada = Account.objects.get().slug
    mine = Event.objects.filter(action__in=["password.changed", "second_factor.removed", "account.signed_in"])
    assert set(mine.values_list("actor", "address")) == {(ada, "127.0.0.1")}
