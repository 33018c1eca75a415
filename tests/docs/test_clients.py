"""The guide to generated clients shows the files and versions that ``nox -s clients`` uses."""

from __future__ import annotations

import ast
import json

import pytest

from tests.client import BASE
from tests.docs.pages import DOCS, blocks
from tests.protocol.document import PATHS

pytestmark = pytest.mark.once

PAGE = DOCS / "guides" / "clients.md"
EXAMPLES = DOCS / "examples" / "clients"


@pytest.mark.parametrize("name", ["openapi-python-client.yaml", "redocly.yaml"])
def test_the_guide_prints_the_configuration_that_is_tried(name: str) -> None:
    assert (EXAMPLES / name).read_text() in blocks(PAGE, "yaml")


def test_the_guide_names_the_versions_that_are_tried() -> None:
    found = json.loads((EXAMPLES / "package.json").read_text())["devDependencies"]
    for package in ("openapi-typescript", "typescript"):
        minor = found[package].rpartition(".")[0]
        assert f" {package}@{minor}" in PAGE.read_text()


def test_the_program_in_python_uses_ten_operations_that_exist() -> None:
    tree = ast.parse((EXAMPLES / "program.py").read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    used = {
        alias.name for node in imports if (node.module or "").startswith("orgkit_client.api.") for alias in node.names
    }
    known = {operation["operationId"] for methods in PATHS.values() for operation in methods.values()}
    assert used <= known
    assert len(used) == 10


def test_the_program_in_typescript_uses_ten_operations_that_exist() -> None:
    text = (EXAMPLES / "program.ts").read_text()
    calls = [line.partition("api.")[2] for line in text.splitlines() if "api." in line and '"/api/v1/' in line]
    used = {(call.partition("(")[0].lower(), call.split('"')[1]) for call in calls}
    assert [(method, path) for method, path in used if method not in PATHS.get(path.removeprefix(BASE), ())] == []
    assert len(used) == 10
