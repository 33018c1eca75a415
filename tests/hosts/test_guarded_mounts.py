"""The routes work on an API that asks for something else than a token of the kit, and below prefixes inside an API."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.client import Api
from tests.conftest import RunOutbox
from tests.media.pictures import picture

LOGIN = {"email": "ada@example.com", "password": "correct horse battery"}

BEARER = "ninja_orgkit.accounts.authentication.bearer_token"

MOUNTS = [
    pytest.param("/whole", "/whole", id="auth of the API"),
    pytest.param("/with-bearer", "/with-bearer", id="bearer of the API"),
    pytest.param("/prefixed/kit", "/prefixed", id="auth of each router"),
    pytest.param("/nested/kit/v2", "/nested", id="routers inside a router"),
    pytest.param("/acme/api/v3", "/acme/api", id="a prefix with a parameter"),
    pytest.param("/moved", "/moved", id="routers at other paths"),
]


class Site(Api):
    """A client of the routes below one mount point."""

    def __init__(self, base: str, token: str | None = None) -> None:
        super().__init__(token)
        self.base = base

    def _address(self, path: str) -> str:
        return path.removeprefix("http://testserver") if path.startswith("http") else f"{self.base}{path}"


@pytest.fixture(autouse=True)
def _mounts(settings: Settings, db: None) -> None:
    settings.ROOT_URLCONF = "tests.hosts.mounts.guarded"


def sign_in(base: str) -> Site:
    """Register somebody, sign them in, and return their client."""
    site = Site(base)
    assert site.post("/auth/register", LOGIN).status_code == 201
    answer = site.post("/token/pair", LOGIN)
    assert answer.status_code == 200, answer.content
    refreshed = site.post("/token/refresh", {"refresh": answer.json()["refresh"]})
    assert refreshed.status_code == 200, refreshed.content
    return Site(base, refreshed.json()["access"])


@pytest.mark.once
@pytest.mark.parametrize(("base", "root"), MOUNTS)
def test_everything_works_however_the_routers_are_mounted(base: str, root: str, run_outbox: RunOutbox) -> None:
    site = sign_in(base)
    nobody = Site(base)
    org = site.get("/users/me").json()["organizations"][0]["slug"]

    # Objects are where their Location says, and pages where their links say.
    made = [site.post("/contacts/", {"organization": org, "first_name": name}) for name in ("Ada", "Grace")]
    for answer in made:
        assert answer["Location"] == f"http://testserver{base}/contacts/{answer.json()['slug']}/"
        assert site.get(answer["Location"]).json() == answer.json()
    first = site.get("/contacts/", limit=1).json()
    assert first["next"].startswith(f"http://testserver{base}/contacts/?")
    second = site.get(first["next"]).json()
    assert [page["items"][0]["first_name"] for page in (first, second)] == ["Ada", "Grace"]
    assert site.get(second["previous"]).json()["items"] == first["items"]

    # Links to files open without credentials.
    avatar = site.upload("/users/avatar", file=picture()).json()["avatar_url"]
    image = site.upload(f"/images/orgs/{org}/images/", file=picture())
    assert site.post(f"/orgs/{org}/export/").status_code == 202
    run_outbox()
    shown = site.get(image["Location"]).json()
    archive = site.get(f"/orgs/{org}/export/").json()["items"][0]["download_url"]
    for link in (avatar, shown["url"], shown["renditions"]["thumb"]["url"], archive):
        assert link.startswith(f"http://testserver{base}/")
        opened = nobody.get(link)
        assert opened.status_code == 200, link
        assert len(b"".join(opened.streaming_content)) > 0

    # What needs a caller still needs one.
    for path in ("/contacts/", "/users/me", f"/orgs/{org}/"):
        refused = nobody.get(path)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert refused.json()["code"] == "unauthenticated"

    document = Client().get(f"{root}/openapi.json").json()
    operations = {
        (method, path): found for path, methods in document["paths"].items() for method, found in methods.items()
    }
    assert operations["post", f"{base}/token/pair"]["security"] == []
    assert operations["get", f"{base}/users/me"]["security"]


OPEN = [
    ("POST", "/auth/logout", {}, 200),
    ("GET", "/health", None, 200),
    ("GET", "/users/check_username?username=ada", None, 200),
    ("POST", "/auth/password-reset/request", {"email": "ada@example.com"}, 202),
    ("POST", "/auth/password-reset/confirm", {"token": "x", "new_password": "correct horse battery"}, 400),
    ("POST", "/auth/email/resend", {"email": "ada@example.com"}, 202),
    ("GET", "/auth/email/verify?token=x", None, 400),
    ("POST", "/invitations/decline", {"token": "x"}, 400),
    ("POST", "/token/verify", {"token": "x"}, 401),
]


@pytest.mark.parametrize("base", ["/whole", "/with-bearer", "/prefixed/kit", "/nested/kit/v2"])
def test_open_routes_stay_open_on_a_guarded_api(base: str) -> None:
    site = Site(base)
    ask = {"GET": lambda path, body: site.get(path), "POST": site.post}
    found = {(method, path): ask[method](path, body).status_code for method, path, body, _ in OPEN}
    assert found == {(method, path): status for method, path, _, status in OPEN}


@pytest.mark.parametrize("base", ["/whole", "/prefixed/kit", "/nested/kit/v2", "/acme/api/v3", "/ready"])
def test_a_middleware_that_asks_for_a_django_session_lets_the_kit_find_its_callers(
    base: str, settings: Settings
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    site = sign_in(base)
    assert site.get("/users/me").status_code == 200
    assert Site(base).get("/users/me").status_code == 401
    assert Site(base).get("/health").status_code == 200
    avatar = site.upload("/users/avatar", file=picture()).json()["avatar_url"]
    opened = Site(base).get(avatar)
    assert (opened.status_code, len(b"".join(opened.streaming_content)) > 0) == (200, True)
    assert Site("/whole").get("/own").status_code == 302  # the host's own view


@pytest.mark.parametrize("base", ["/whole", "/with-bearer", "/prefixed/kit", "/nested/kit/v2", "/acme/api/v3"])
def test_a_callable_of_the_host_finds_the_callers_however_the_routers_are_mounted(
    base: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    site = sign_in(base)
    org = site.get("/users/me").json()["organizations"][0]["slug"]
    settings.NINJA_ORGKIT = {
        **settings.NINJA_ORGKIT, "AUTHENTICATION": ["tests.hosts.mounts.guarded.by_header", BEARER],
    }  # fmt: skip
    known = {"X-User": LOGIN["email"]}
    nobody = Site(base)
    for path in ("/users/me", f"/orgs/{org}/", "/contacts/", "/auth/sessions"):
        assert nobody.get(path, headers=known).status_code == 200
        assert site.get(path).status_code == 200
        assert nobody.get(path, headers={"X-User": "nobody@example.com"}).status_code == 401
        refused = site.get(path, headers={"X-Unknown-Device": "1"})
        assert (refused.status_code, refused.json()["detail"]) == (403, "This device is not known.")
    made = nobody.post("/contacts/", {"organization": org, "first_name": "Ada"}, headers={**known, "X-Break": "1"})
    assert made.status_code == 500
    assert any(record.levelname == "ERROR" for record in caplog.records)
    assert site.get("/contacts/").json()["count"] == 0


@pytest.mark.parametrize(
    "base", ["/whole", "/with-bearer", "/prefixed/kit", "/nested/kit/v2", "/acme/api/v3", "/moved", "/ready"]
)
def test_the_cookie_of_a_browser_belongs_to_the_mount_point(base: str) -> None:
    headers = {"Token-Delivery": "cookie"}
    browser = Site(base)
    answers = [
        browser.post("/auth/register", LOGIN, headers=headers),
        browser.post("/token/refresh", {}, headers=headers),
        browser.post("/auth/logout", {}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert [answer.cookies["orgkit_refresh"]["path"] for answer in answers] == [base] * 3


def test_a_hosts_own_routes_keep_the_hosts_authentication() -> None:
    site = sign_in("/whole")
    assert site.get("/users/me").status_code == 200
    assert site.get("/own").status_code == 401
    with_bearer = Site("/with-bearer", site.token)
    assert with_bearer.get("/own").json() == site.get("/users/me").json()["slug"]
    assert Site("/with-bearer").get("/own").status_code == 401
