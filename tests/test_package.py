"""The package as a host installs it."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

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


def test_the_changelog_lists_the_public_names_and_this_version_or_unreleased() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert changelog.index("## What is public") < changelog.index("## [Unreleased]")
