"""What the documentation says is true: its examples run, and the names in it exist."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from django.core.files.base import ContentFile, File

from docs import generate
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import Settings
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.tags.models import Tag
from tests.client import Api

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
GUIDES = [path for path in PAGES if "reference" not in path.parts and path.name != "changelog.md"]
FENCE = re.compile(r"(?P<run><!-- run -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

# Values that an example shows as they come; of all others only the type is compared.
TRUE_TO_THE_LETTER = {
    "code",
    "title",
    "detail",
    "status",
    "role",
    "reason",
    "name",
    "organization",
    "loc",
    "msg",
    "email",
}
# Names in capitals that are settings of something other than Django and the kit.
FOREIGN = {
    *(
        "CELERY_BROKER_URL",
        "CELERY_BROKER_TRANSPORT_OPTIONS",
        "CACHE_URL",
        "DATABASE_URL",
        "SECRET_KEY",
        "ORGKIT_THROTTLING",
    ),
    *("S3_ENDPOINT_URL", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY", "NINJA_JWT", "SIGNING_KEY", "ATOMIC_REQUESTS"),
    *("ORGKIT_APPS", "NINJA_ORGKIT", "MAILERS", "ORGKIT_BEAT_SCHEDULE", "UPDATE", "TRACE"),
}


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [found["text"] for found in FENCE.finditer(page.read_text()) if found["language"] == language]


def name_of(page: Path) -> str:
    """Return the path that a failing test is named by."""
    return str(page.relative_to(ROOT))


# --- generated pages


@pytest.mark.parametrize("page", ["routes.md", "settings.md", "errors.md", "checks.md", "surface.txt"])
def test_a_generated_page_is_what_the_code_says(page: str) -> None:
    path = DOCS / "reference" / page
    assert path.read_text() == generate.pages()[path], "Run python docs/generate.py"


# --- names in the text


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_error_that_a_guide_names_exists_with_that_status(page: Path) -> None:
    known = {(str(error.status), error.code()) for error in generate.errors()}
    named = set(re.findall(r"`(4\d\d|5\d\d) ([a-z_]+)`", page.read_text()))
    assert named - known == set()


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_route_that_a_guide_names_exists(page: Path) -> None:
    known = {(method, path.removeprefix("/api/v1")) for method, path, _ in generate.routes()}
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`\s?]*)[^`]*`", page.read_text())
    assert set(named) - known == set()


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_setting_that_a_guide_names_exists(page: Path) -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)[`\[]", page.read_text()))
    unknown = {name for name in named - FOREIGN if not hasattr(global_settings, name)} - set(Settings.names())
    assert unknown - {name for name in unknown if name.startswith(("EMAIL_", "SECRET_KEY"))} == set()


def test_every_permission_in_the_table_of_roles_is_as_in_the_settings() -> None:
    text = (DOCS / "guides" / "organizations.md").read_text()
    table = re.search(r"^\| permission \|(.*)\|\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table is not None
    roles = [cell.strip() for cell in table[1].split("|")]
    shown: dict[str, set[str]] = {role: set() for role in roles}
    for line in table[2].splitlines():
        permission, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for role, cell in zip(roles, cells, strict=True):
            if cell:
                shown[role].add(permission.strip("`"))
    assert shown == {role: set(permissions) for role, permissions in Settings.ROLES.items()}


def test_every_mail_and_no_other_is_in_the_guide() -> None:
    folder = ROOT / "src" / "ninja_orgkit" / "templates" / "orgkit" / "mail"
    text = (DOCS / "guides" / "customising.md").read_text()
    table = text.partition("| name | sent |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)`", table))
    assert named == {path.name.removesuffix(".subject.txt") for path in folder.glob("*.subject.txt")}


def test_every_command_has_a_section() -> None:
    folder = ROOT / "src" / "ninja_orgkit" / "management" / "commands"
    sections = set(re.findall(r"^## `(\w+)`", (DOCS / "reference" / "commands.md").read_text(), re.MULTILINE))
    assert sections == {path.stem for path in folder.glob("[a-z]*.py")} | {"demo"}


def test_files_that_the_readme_names_exist() -> None:
    named = re.findall(r"[ `@]((?:docs/|example_project/)[\w/.-]+|[A-Z]+\.md)", (ROOT / "README.md").read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_sets_up_with_one_line_each() -> None:
    lines = blocks(ROOT / "README.md", "bash")
    assert "python3 -m pip install 'nox[uv]' && nox -s demo\n" in lines
    assert "python3 -m pip install 'nox[uv]' && nox\n" in lines


# --- snippets of Python


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name_of)
def test_snippets_of_python_import_what_exists_and_set_what_is_a_setting(page: Path) -> None:
    for text in blocks(page, "python") if page not in _generated() else ():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("ninja_orgkit", "shop")):
                module = import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NINJA_ORGKIT":
                assert isinstance(node.value, ast.Dict)
                keys = {ast.literal_eval(key) for key in node.value.keys if key}
                assert keys - set(Settings.names()) == set()


def test_what_hosts_are_told_to_import_is_public() -> None:
    opening = (ROOT / "CHANGELOG.md").read_text().partition("## [Unreleased]")[0]
    snippets = [text for page in PAGES if page not in _generated() for text in blocks(page, "python")]
    snippets += [path.read_text() for path in sorted((DOCS / "examples").rglob("*.py"))]
    imports = [node for text in snippets for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if (node.module or "").startswith("ninja_orgkit")]
    assert ours
    for node in ours:
        assert f"`{node.module}" in opening, node.module
        for alias in node.names:
            family = node.module == "ninja_orgkit.errors"
            assert family or re.search(rf"[`.]{alias.name}`", opening), f"{node.module}.{alias.name}"


def _generated() -> set[Path]:
    return {DOCS / "reference" / name for name in ("routes.md", "settings.md", "errors.md", "checks.md")}


def test_a_role_can_be_added_changed_and_removed_as_the_guide_shows(settings) -> None:
    from ninja_orgkit.organizations.roles import permissions_of

    text = next(text for text in blocks(DOCS / "guides" / "customising.md", "python") if '"bookkeeper"' in text)
    names: dict[str, Any] = {}
    exec(text, names)
    settings.NINJA_ORGKIT = names["NINJA_ORGKIT"]
    assert "export.create" in permissions_of("bookkeeper")
    assert {"invoices.read", "contacts.write"} <= permissions_of("member")
    assert permissions_of("viewer") == frozenset()
    assert "owners.manage" in permissions_of("owner")


def test_an_error_of_the_hosts_own_is_answered_as_the_guide_says() -> None:
    from ninja_orgkit.protocol.problems import problem

    text = next(text for text in blocks(DOCS / "guides" / "host-models.md", "python") if "OutOfStock" in text)
    names: dict[str, Any] = {"__name__": "host.errors"}
    exec(text, names)
    response = problem(names["OutOfStock"]())
    body = json.loads(response.content)
    assert (response.status_code, body["code"]) == (409, "out_of_stock")
    assert body["detail"] == "This product is not in stock."


# --- requests


@dataclass(frozen=True)
class Exchange:
    """A request of a guide, and the answer that it shows."""

    page: Path
    request: str
    answer: str | None

    def __str__(self) -> str:
        return f"{self.page.stem}: {self.request.splitlines()[0]}"


def exchanges() -> Iterator[Exchange]:
    """Yield the requests that are marked to be run, each with the answer behind it."""
    for page in GUIDES:
        found = list(FENCE.finditer(page.read_text()))
        for block, after in zip_longest(found, found[1:]):
            if block["run"]:
                answered = after is not None and after["text"].startswith("HTTP/1.1 ")
                yield Exchange(page, block["text"], after["text"] if answered and after else None)


@pytest.fixture
def ada(register, run_outbox) -> Api:
    """Return a client of the user that the guides speak of, in the world that they show."""
    names = {"username": "ada", "first_name": "Ada", "last_name": "Lovelace"}
    api = register("ada@example.com", **names).api
    api.post("/orgs/", {"name": "Acme", "slug": "acme"})
    grace = {"organization": "acme", "first_name": "Grace", "last_name": "Hopper", "notes": "Navy"}
    api.post("/contacts/", grace)
    api.post("/contacts/", {**grace, "first_name": "Vincent", "notes": ""})
    Contact.objects.filter(first_name="Grace").update(slug="grace-hopper-k3v7q2mz")
    api.post("/orgs/acme/tags/", {"name": "VIP"})
    Tag.objects.filter(name="VIP").update(id=7)
    api.post("/orgs/acme/tags/contacts/contact/grace-hopper-k3v7q2mz/", ["VIP"])
    with (DOCS / "examples" / "picture.jpg").open("rb") as picture:
        assert api.upload("/images/orgs/acme/images/", file=File(picture)).status_code == 201
    run_outbox()
    Image.objects.update(id=12)
    Account.objects.update(slug="ada-5kq2w7ms")
    login = {"email": "ada@example.com", "password": "correct horse battery"}
    return api.as_user(api.post("/token/pair", login).json()["access"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "exchange", list(exchanges()), ids=lambda item: f"{item.page.stem}: {item.request.splitlines()[0]}"
)
def test_a_request_of_a_guide_is_answered_as_it_says(ada: Api, exchange: Exchange) -> None:
    head, _, body = exchange.request.partition("\n\n")
    method, path, _ = head.split("\n")[0].split(" ")
    response = ada.send(method, path, body.strip(), content_type="application/json" if body else "")
    if exchange.answer is None:
        assert response.status_code < 300, response.content
        return
    head, _, shown = exchange.answer.partition("\n\n")
    assert str(response.status_code) == head.split(" ")[1], response.content
    compare(json.loads(shown), response.json())


@pytest.mark.django_db
def test_uploads_are_answered_as_the_guide_shows(ada: Api) -> None:
    image, results = (json.loads(text) for text in blocks(DOCS / "guides" / "images.md", "json"))
    picture = (DOCS / "examples" / "picture.jpg").read_bytes()
    single = ada.upload("/images/orgs/acme/images/", title="At work", file=ContentFile(picture + b"1", "a.jpg"))
    assert single.status_code == 201
    compare(image, single.json())
    files = [ContentFile(picture + b"2", "a.jpg"), ContentFile(b"no picture", "b.txt")]
    compare(results, ada.upload("/images/orgs/acme/bulk-upload/", files=files).json())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/contacts/grace-hopper-k3v7q2mz/", "/orgs/acme/", "/orgs/acme/tags/7/", "/images/orgs/acme/images/12/"]
)
def test_single_objects_have_the_etag_that_the_guide_on_the_protocol_promises(ada: Api, path: str) -> None:
    etag = ada.get(path)["ETag"]
    unchanged = ada.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    change = {"title": "New"} if "images" in path else {"first_name": "New"} if "contacts" in path else {"name": "New"}
    assert ada.patch(path, change, headers={"If-Match": etag}).status_code == 200
    stale = ada.patch(path, change, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")


@pytest.mark.django_db
def test_a_request_with_an_idempotency_key_is_done_once_as_the_guide_on_the_protocol_promises(ada: Api) -> None:
    key = {"Idempotency-Key": "one-of-mine"}
    first = ada.post("/orgs/acme/tags/", {"name": "once"}, headers=key)
    again = ada.post("/orgs/acme/tags/", {"name": "once"}, headers=key)
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json()
    other = ada.post("/orgs/acme/tags/", {"name": "twice"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def compare(shown: Any, real: Any, where: str = "") -> None:
    """Fail unless a value has the shape of the one that is shown; ``...`` stands for whatever else there is."""
    if shown is None or real is None or shown == "...":
        return
    assert type(shown) is type(real), where
    if isinstance(shown, dict):
        wanted = set(shown) - {"..."}
        assert wanted <= set(real) if "..." in shown else wanted == set(real), f"{where}: {set(shown) ^ set(real)}"
        for key in wanted:
            compare(shown[key], real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        items = [item for item in shown if item != "..."]
        assert len(real) >= len(items), where
        for number, item in enumerate(items):
            compare(item, real[number], f"{where}.{number}")
    elif where.rpartition(".")[2] in TRUE_TO_THE_LETTER:
        assert shown == real, where


# --- the host project of the quickstart


def run_host(tmp_path: Path, *arguments: str, stdin: str = "", **environ: str) -> str:
    """Run Python as the host of the quickstart, with its data in a temporary folder, and return what it printed."""
    names = {"DJANGO_SETTINGS_MODULE": "host.settings", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0", **environ}
    path = [str(DOCS / "examples"), str(ROOT / "src"), names.pop("PYTHONPATH", "")]
    environment = {**os.environ, **names, "PYTHONPATH": os.pathsep.join(path), "HOST_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env=environment,
        cwd=tmp_path,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


CLIENT = """
import django, json
django.setup()
from django.test import Client, override_settings
client = Client(raise_request_exception=False)

def post(path, body, **headers):
    return client.post(path, body, content_type="application/json", headers=headers)

login = {"email": "ada@example.com", "password": "correct horse battery"}
"""

USE_CUSTOM_FIELDS = """
someone = post("/api/v1/auth/register", login).json()
auth = {"Authorization": "Bearer " + someone["access"]}
contact = {"organization": someone["user"]["organizations"][0]["slug"], "first_name": "Grace"}
answers = [
    post("/api/v1/contacts/", {**contact, "custom": custom}, **auth)
    for custom in ({"stage": "customer", "loyalty_points": 3}, {"stage": "friend"}, {"shoe_size": 38})
]
schema = client.get("/api/v1/openapi.json").json()
print(json.dumps({
    "statuses": [answer.status_code for answer in answers],
    "custom": answers[0].json()["custom"],
    "where": [answer.json()["errors"][0]["loc"] for answer in answers[1:]],
    "documented": "loyalty_points" in json.dumps(schema),
    "elsewhere": client.get("/nowhere").json()["code"],
}))
"""

USE_OTHER_MOUNTS = """
someone = post("/api/v1/auth/register", login).json()
with override_settings(ROOT_URLCONF="host.own_api_urls"):
    auth = {"Authorization": "Bearer " + someone["access"]}
    asked = [client.get("/api/hello"), client.get("/api/users/me", headers=auth), client.get("/api/users/me")]
    own = [answer.json() for answer in asked]
with override_settings(ROOT_URLCONF="host.chosen_urls"):
    auth = {"Authorization": "Bearer " + post("/api/token/pair", login).json()["access"]}
    homes = client.get("/api/organizations/", headers=auth).json()["items"]
    tags = client.get(f"/api/organizations/{homes[0]['slug']}/tags/", headers=auth).json()
    missing = client.get("/api/contacts/", headers=auth).status_code
print(json.dumps({"own": own, "homes": homes, "tags": tags, "missing": missing, "slug": someone["user"]["slug"]}))
"""


@pytest.mark.slow
@pytest.mark.own_database
def test_the_host_of_the_quickstart_is_set_up_without_a_warning_and_has_its_custom_fields(tmp_path: Path) -> None:
    run_host(tmp_path, "-m", "django", "check", "--database", "default", "--fail-level", "WARNING")
    run_host(tmp_path, "-m", "django", "makemigrations", "--check", "--dry-run")
    run_host(tmp_path, "-m", "django", "migrate", "--verbosity", "0")
    answer = json.loads(run_host(tmp_path, "-", stdin=CLIENT + USE_CUSTOM_FIELDS))
    assert answer["statuses"] == [201, 422, 422]
    assert answer["custom"] == {"stage": "customer", "loyalty_points": 3}
    assert answer["where"] == [["body", "custom", "stage"], ["body", "custom", "shoe_size"]]
    assert answer["documented"] is True
    assert answer["elsewhere"] == "not_found"


@pytest.mark.slow
@pytest.mark.own_database
def test_the_routes_can_be_mounted_in_the_ways_that_the_quickstart_shows(tmp_path: Path) -> None:
    run_host(tmp_path, "-m", "django", "migrate", "--verbosity", "0")
    answer = json.loads(run_host(tmp_path, "-", stdin=CLIENT + USE_OTHER_MOUNTS))
    hello, me, refused = answer["own"]
    assert hello == {"hello": "world"}
    assert me["slug"] == answer["slug"]
    assert (refused["status"], refused["code"]) == (401, "unauthenticated")
    assert [home["role"] for home in answer["homes"]] == ["owner"]
    assert answer["tags"]["items"] == []
    assert answer["missing"] == 404


USE_LESS = """
someone = post("/api/token/pair", login).status_code
print(json.dumps({"signed_in": someone}))
"""
LESS = """
from host.settings import *
INSTALLED_APPS = [
    *("django.contrib.auth", "django.contrib.contenttypes"),
    *("ninja_orgkit", "ninja_orgkit.accounts", "ninja_orgkit.organizations", "ninja_orgkit.tags"),
]
ROOT_URLCONF = "host.chosen_urls"
NINJA_ORGKIT = {}
"""


@pytest.mark.slow
@pytest.mark.own_database
def test_a_host_may_install_some_of_the_apps_and_mount_their_routers(tmp_path: Path) -> None:
    (tmp_path / "less.py").write_text(LESS)
    fewer = {"DJANGO_SETTINGS_MODULE": "less", "PYTHONPATH": str(tmp_path)}
    run_host(tmp_path, "-m", "django", "check", "--database", "default", "--fail-level", "WARNING", **fewer)
    run_host(tmp_path, "-m", "django", "migrate", "--verbosity", "0", **fewer)
    answer = json.loads(run_host(tmp_path, "-", stdin=CLIENT + USE_LESS, **fewer))
    assert answer == {"signed_in": 401}
