"""Snippets of Python import what exists, and do what the text says."""

from __future__ import annotations

import ast
import json
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_django
from django.contrib.auth.models import User
from django.test import RequestFactory

from ninja_orgkit.conf import Settings
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.roles import may_handle, permissions_of
from ninja_orgkit.protocol.problems import problem
from tests.checks.messages import found_by_id
from tests.client import Api
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, generated, name_of


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name_of)
def test_python_snippets_use_existing_imports_and_settings(page: Path) -> None:
    for text in blocks(page, "python") if page not in generated() else ():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("ninja_orgkit", "shop")):
                module = import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NINJA_ORGKIT":
                assert isinstance(node.value, ast.Dict)
                keys = {ast.literal_eval(key) for key in node.value.keys if key}
                assert keys - set(Settings.names()) == set()


def test_everything_that_the_documentation_imports_is_public() -> None:
    opening = (ROOT / "CHANGELOG.md").read_text().partition("## [Unreleased]")[0]
    snippets = [text for page in PAGES if page not in generated() for text in blocks(page, "python")]
    snippets += [path.read_text() for path in sorted((DOCS / "examples").rglob("*.py"))]
    imports = [node for text in snippets for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if (node.module or "").startswith("ninja_orgkit")]
    assert ours
    for node in ours:
        assert f"`{node.module}" in opening, node.module
        for alias in node.names:
            family = node.module == "ninja_orgkit.errors"
            assert family or re.search(rf"[`.]{alias.name}`", opening), f"{node.module}.{alias.name}"


def test_roles_can_be_changed_as_the_guide_shows(settings: pytest_django.Settings) -> None:
    text = next(text for text in blocks(DOCS / "guides" / "customising.md", "python") if '"bookkeeper"' in text)
    names: dict[str, Any] = {}
    exec(text, names)
    settings.NINJA_ORGKIT = names["NINJA_ORGKIT"]
    assert "export.create" in permissions_of("bookkeeper")
    assert {"invoices.read", "contacts.write"} <= permissions_of("member")
    assert permissions_of("viewer") == frozenset()
    assert "owners.manage" in permissions_of("owner")
    assert may_handle("admin", "member")
    assert found_by_id() == {}


def test_a_limit_can_depend_on_a_plan_as_the_guide_shows() -> None:
    text = next(text for text in blocks(DOCS / "guides" / "organizations.md", "python") if "def seats" in text)
    names: dict[str, Any] = {}
    exec(text, names)
    plans: list[dict[str, Any]] = [{}, {"plan": "team"}, {"plan": "enterprise"}]
    assert [names["seats"](Organization(custom=custom)) for custom in plans] == [3, 50, None]


def test_an_error_class_of_a_host_works_as_the_guide_says() -> None:
    text = next(text for text in blocks(DOCS / "guides" / "host-models.md", "python") if "OutOfStock" in text)
    names: dict[str, Any] = {"__name__": "host.errors"}
    exec(text, names)
    response = problem(names["OutOfStock"]())
    body = json.loads(response.content)
    assert (response.status_code, body["code"]) == (409, "out_of_stock")
    assert body["detail"] == "This product is not in stock."


@pytest.mark.django_db
def test_a_host_says_who_is_calling_and_signs_people_in_as_the_guide_shows(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DOCS / "guides" / "signing-in.md"
    module = ModuleType("host.authentication")
    for text in blocks(page, "python"):
        exec(text, vars(module))
    monkeypatch.setitem(sys.modules, "host", ModuleType("host"))
    monkeypatch.setitem(sys.modules, "host.authentication", module)
    first = next(text for text in blocks(page, "python") if "known_to_the_proxy" in text and "NINJA" in text)
    names: dict[str, Any] = {}
    exec(first, names)
    settings.NINJA_ORGKIT = names["NINJA_ORGKIT"]
    assert found_by_id() == {}

    user = User.objects.create_user("ann", "ann@example.com")
    proxy = {"X-Authenticated-Email": "ann@example.com", "X-Device-Trusted": "yes"}
    api = Api()
    assert api.get("/users/me", headers=proxy).json()["username"] == "ann"
    assert api.get("/users/me", headers={**proxy, "X-Device-Trusted": "no"}).status_code == 403
    assert api.get("/users/me").status_code == 401
    pair = module.after_single_sign_on(RequestFactory().get("/"), user)
    assert api.as_user(pair["access"]).get("/users/me").status_code == 200


def test_the_script_of_the_browser_app_is_that_of_the_example() -> None:
    script = (ROOT / "example_project" / "example" / "static" / "example" / "app.js").read_text()
    (shown,) = blocks(DOCS / "guides" / "browser-app.md", "javascript")
    parts = shown.split("\n\n")
    assert len(parts) > 3
    assert [part for part in parts if part.rstrip() not in script] == []
