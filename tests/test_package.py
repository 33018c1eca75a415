"""The package as a host installs it."""

from __future__ import annotations

import ast
import tomllib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

import ninja_orgkit

ROOT = Path(__file__).resolve().parent.parent


def test_the_installed_version_is_the_one_in_the_source() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version("ninja-orgkit") == project["version"]


def test_the_package_says_that_it_is_typed() -> None:
    assert files(ninja_orgkit).joinpath("py.typed").is_file()


def test_every_init_file_is_empty() -> None:
    package = Path(str(files(ninja_orgkit)))
    assert [path for path in package.rglob("__init__.py") if path.read_text().strip()] == []


def test_every_folder_of_python_files_has_an_init_file() -> None:
    package = Path(str(files(ninja_orgkit)))
    folders = {path.parent for path in package.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_module_but_the_list_of_settings_has_more_than_250_lines() -> None:
    assert [path.name for path in _modules() if len(path.read_text().splitlines()) > 250] == ["conf.py"]


@pytest.mark.once
def test_no_function_has_more_than_40_lines() -> None:
    nodes = [(path, node) for path in _modules() for node in ast.walk(ast.parse(path.read_text()))]
    functions = [(path, node) for path, node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [(path, node.name) for path, node in functions if (node.end_lineno or 0) - node.lineno + 1 > 40]
    assert functions
    assert long == []


def test_the_changelog_lists_the_public_names_and_this_version_or_unreleased() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert changelog.index("## What is public") < changelog.index("## [Unreleased]")


def _modules() -> list[Path]:
    """Return all modules but the migrations, which Django writes."""
    return [path for path in Path(str(files(ninja_orgkit))).rglob("*.py") if path.parent.name != "migrations"]
