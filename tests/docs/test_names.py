"""Names in the text exist, and generated pages are up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import global_settings
from django.utils.module_loading import import_string

from docs import generate
from ninja_orgkit.conf import Settings
from tests.docs.pages import DOCS, GUIDES, ROOT, blocks, name_of
from tests.protocol.document import PATHS

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
OF_ALLAUTH = {"ACCOUNT", "HEADLESS", "MFA", "USERSESSIONS"}


@pytest.fixture(scope="session")
def generated() -> dict[Path, str]:
    """Return the generated pages as they have to be."""
    return generate.pages()


@pytest.fixture(scope="session")
def errors() -> set[tuple[str, str]]:
    """Return status and code of every error."""
    return {(str(error.status), error.code) for error in generate.errors()}


@pytest.mark.parametrize("page", ["routes.md", "settings.md", "errors.md", "checks.md", "audit.md", "surface.txt"])
def test_a_generated_page_is_up_to_date(generated: dict[Path, str], page: str) -> None:
    path = DOCS / "reference" / page
    assert path.read_text() == generated[path], "Run python docs/generate.py"


def test_the_files_that_pages_show_are_up_to_date() -> None:
    expected = generate.pages_with_files()
    assert len(expected) > 3
    assert {path: path.read_text() for path in expected} == expected, "Run python docs/generate.py"


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_error_in_a_guide_exists_with_its_status(errors: set[tuple[str, str]], page: Path) -> None:
    named = set(re.findall(r"`(4\d\d|5\d\d) ([a-z_]+)`", page.read_text()))
    assert named - errors == set()


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_route_in_a_guide_exists(page: Path) -> None:
    known = {(method.upper(), path) for path, operations in PATHS.items() for method in operations}
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`\s?]*)[^`]*`", page.read_text())
    assert set(named) - known == set()


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_setting_in_a_guide_exists(page: Path) -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)[`\[]", page.read_text()))
    unknown = {name for name in named - FOREIGN if not hasattr(global_settings, name)} - set(Settings.names())
    unknown -= {name for name in unknown if _is_of_allauth(name)}
    assert unknown - {name for name in unknown if name.startswith(("EMAIL_", "SECRET_KEY"))} == set()


def _is_of_allauth(name: str) -> bool:
    prefix, _, rest = name.partition("_")
    return prefix in OF_ALLAUTH and hasattr(import_string(f"allauth.{prefix.lower()}.app_settings.AppSettings"), rest)


def test_the_table_of_roles_shows_the_default_permissions() -> None:
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


def test_the_guide_lists_exactly_the_existing_mails() -> None:
    folder = ROOT / "src" / "ninja_orgkit" / "templates" / "orgkit" / "mail"
    text = (DOCS / "guides" / "customising.md").read_text()
    table = text.partition("| name | sent |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)`", table))
    assert named == {path.name.removesuffix(".subject.txt") for path in folder.glob("*.subject.txt")}


def test_every_command_has_a_section() -> None:
    package = ROOT / "src" / "ninja_orgkit"
    sections = set(re.findall(r"^## `(\w+)`", (DOCS / "reference" / "commands.md").read_text(), re.MULTILINE))
    assert sections == {path.stem for path in package.glob("**/management/commands/[a-z]*.py")} | {"demo"}


def test_the_guide_lists_exactly_the_hosts_of_the_tests() -> None:
    hosts = ROOT / "tests" / "hosts"
    table = (DOCS / "guides" / "customising.md").read_text().partition("## Hosts that the tests run")[2]
    named = set(re.findall(r"`(\w+(?:\.py)?)`", " ".join(line.split("|")[2] for line in table.splitlines()[6:])))
    folders = {path.name for path in hosts.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {name for name in named if not name.endswith(".py")} - {"tests"} == folders
    assert [name for name in named if name.endswith(".py") and not (hosts / name).is_file()] == []


def test_every_file_in_the_readme_exists() -> None:
    named = re.findall(r"[ `@]((?:docs/|example_project/)[\w/.-]+|[A-Z]+\.md)", (ROOT / "README.md").read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_shows_one_command_for_the_demo_and_one_for_the_tests() -> None:
    lines = blocks(ROOT / "README.md", "bash")
    assert "python3 -m venv .venv && .venv/bin/pip install 'nox[uv]' && .venv/bin/nox -s demo\n" in lines
    assert "python3 -m venv .venv && .venv/bin/pip install 'nox[uv]' && .venv/bin/nox\n" in lines
