"""What CI runs, quickest first; ``nox`` alone runs all of it.

A session runs on the interpreter that runs nox; only ``tests`` and ``smoke`` ask for one by its version. ``nox`` alone
tests the pairs whose interpreter this machine has, and ends with a list of the others. A session that is named runs, or
fails.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent
REPORTS = ROOT / ".nox" / "reports"
EXTRAS = "-e.[argon2,postgresql,redis,s3]"

# What pytest runs. Tests marked ``once`` depend neither on the pair nor on the database. The smoke set meets what
# differs between versions: checks, migrations, requests, OpenAPI, and a host with other users (``host``).
# Many tests wait for other processes. One process of pytest more than there are cores keeps the cores busy meanwhile.
ALL = ["-m", "not browser", "-n", str((os.cpu_count() or 1) + 1)]
WHOLE = ["-m", "not once"]
PROTOCOL = [
    f"tests/protocol/test_{part}.py" for part in ("asgi", "conditional", "document", "head", "problems", "queries")
]
VERSIONED = ["tests/checks", "tests/hosts", "tests/test_migrations.py", "tests/test_surface.py", *PROTOCOL]
SMOKE = ["-m", "not once and (host or not slow)", *VERSIONED]

# fmt: off
RUNS = [
    # Python  Django  database    what
    ("3.11",  "5.2",  "sqlite",   WHOLE),
    ("3.12",  "5.2",  "postgres", SMOKE),
    ("3.12",  "6.0",  "sqlite",   SMOKE),
    ("3.12",  "6.1",  "sqlite",   SMOKE),
    ("3.13",  "5.2",  "postgres", SMOKE),
    ("3.13",  "6.0",  "postgres", SMOKE),
    ("3.13",  "6.1",  "sqlite",   WHOLE),
    ("3.13",  "6.1",  "postgres", ALL),
    ("3.14",  "5.2",  "sqlite",   SMOKE),
    ("3.14",  "6.0",  "postgres", SMOKE),
    ("3.14",  "6.1",  "sqlite",   SMOKE),
    ("3.15",  "6.1",  "sqlite",   WHOLE),
]
# fmt: on
# MariaDB comes from the system's packages (.ci/mariadb). CI runs a set on it that meets each statement that is written
# otherwise there; ``nox -s mariadb`` runs everything.
MARIADB = ("3.13", "6.1", "mariadb")
MARIADB_VARIED = ["tests/test_databases.py", "tests/contacts", "tests/tags", "tests/protocol/test_throttling.py"]
MARIADB_SMOKE = ["-m", "not once and not slow", *MARIADB_VARIED]
# So does a browser (.ci/chromium), which drives the browser app of the example.
BROWSER = ("3.13", "6.1", "browser")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# CI insists on these interpreters. The pairs of others are tested where the interpreter is found.
CI_PYTHONS = ("3.11", "3.12", "3.13")
# Coverage is measured in this run, where it costs least: it takes half as long again, and more with 3.12 or 3.13.
MEASURED = ("3.11", "5.2", "sqlite")
# A process of pytest for each core, which takes the next test when it has finished one. Name the ten slowest tests.
AT_ONCE = ["-n", "logical", "--dist", "load", "--maxschedchunk", "1", "--durations=10"]

# What a forge and Read the Docs read, by the schema that it has to satisfy.
FORGE_FILES = {
    "github-workflows": [".github/workflows/ci.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/feature.yml"],
    "readthedocs": [".readthedocs.yml"],
}

# The tests start many processes; each of them would compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# An interpreter comes from this machine, or it is missing: none is downloaded behind the back of whoever tests.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
# Certificates are those that the machine trusts, as for pip.
os.environ.setdefault("UV_SYSTEM_CERTS", "1")
# The shims of pyenv hide all versions but the chosen one.
_pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *(str(path) for path in sorted(_pyenv.glob("3.*/bin")))])


def is_here(python: str) -> bool:
    """Tell whether this machine has a version of Python."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return python == running or shutil.which(f"python{python}") is not None


def is_expected(python: str) -> bool:
    """Tell whether ``nox`` alone tests on a version of Python: the machine has it, or CI insists on it."""
    return is_here(python) or ("CI" in os.environ and python in CI_PYTHONS)


def has_mariadb() -> bool:
    """Tell whether ``nox`` alone tests on MariaDB: the machine has it and the interpreter, or CI insists on it."""
    found = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    return "CI" in os.environ or (is_here(MARIADB[0]) and found is not None)


def has_browser() -> bool:
    """Tell whether ``nox`` alone drives a browser: the machine has one and the interpreter, or CI insists on it."""
    return "CI" in os.environ or (is_here(BROWSER[0]) and any(shutil.which(name) for name in BROWSERS))


def report_of(python: str, django: str, database: str) -> Path:
    """Return the file that a run writes its JUnit report to."""
    return REPORTS / f"py{python}-dj{django}-{database}.xml"


def expected_reports() -> list[Path]:
    """Return the reports that ``nox`` alone writes on this machine."""
    runs = [tuple(run) for *run, _ in RUNS if is_expected(run[0])]
    runs += [MARIADB] if has_mariadb() else []
    runs += [BROWSER] if has_browser() else []
    return [report_of(*run) for run in runs]


PAIRS = list(dict.fromkeys((python, django) for python, django, _, _ in RUNS))
BETWEEN = [(python, django) for python, django, _, what in RUNS if what is SMOKE]
TESTS = {pair: "{}(py{}-dj{})".format("smoke" if pair in BETWEEN else "tests", *pair) for pair in PAIRS}

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = [
    *("lint", "imports", "types"),
    # It waits more than it works, so others run beside it.
    *(["browser"] if has_browser() else []),
    *("migrations", "docs", "build"),
    *(["mariadb_smoke"] if has_mariadb() else []),
    *(TESTS[pair] for pair in sorted(PAIRS, key=BETWEEN.__contains__, reverse=True) if is_expected(pair[0])),
    "not_here",
]


@nox.session(allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check format, rules and spelling, and the files that a forge and Read the Docs read."""
    session.install("--group", "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("codespell")
    for schema, files in FORGE_FILES.items():
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


@nox.session(allow_parallel=True)
def imports(session: nox.Session) -> None:
    """Check that imports point down only."""
    session.install("--group", "imports")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "src"})


@nox.session(allow_parallel=True)
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install(EXTRAS, "--group", "types")
    session.run("mypy", env=_host_environment())


@nox.session(allow_parallel=True)
def migrations(session: nox.Session) -> None:
    """Check that every change of a model has its migration."""
    session.install(EXTRAS, "--group", "test")
    session.run("python", "-m", "django", "makemigrations", "--check", "--dry-run", env=_host_environment())


@nox.session(allow_parallel=True)
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning is an error."""
    session.install(EXTRAS, "--group", "docs", "--group", "test")
    target = ROOT / ".nox" / "docs"
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-b", "html", "docs", str(target), env=_host_environment())


@nox.session(allow_parallel=True)
def build(session: nox.Session) -> None:
    """Build wheel and sdist, install each in a clean environment, and use it there."""
    session.install("--group", "build")
    folder = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--installer", "uv", "--outdir", str(folder / "dist"))
    for archive in sorted((folder / "dist").iterdir()):
        clean = folder / f"clean-{archive.suffix[1:]}"
        session.run("uv", "venv", "--clear", "--python", session.virtualenv.bin + "/python", str(clean))
        python = str(clean / "bin" / "python")
        session.run("uv", "pip", "install", "--python", python, str(archive))
        # Isolated, and away from the checkout, so that nothing of it can be imported.
        session.chdir(folder)
        session.run(python, "-I", "-W", "error", str(ROOT / "tests" / "installed.py"), external=True)
        session.chdir(ROOT)


def _for(pairs: list[tuple[str, str]]) -> Any:
    """Return the decorator of a session that runs for each of these pairs."""
    return nox.parametrize("python,django", [nox.param(*pair, id="py{}-dj{}".format(*pair)) for pair in pairs])


@nox.session
@_for([pair for pair in PAIRS if pair not in BETWEEN])
def tests(session: nox.Session, django: str) -> None:
    """Run all tests on the oldest and the newest pair; arguments behind ``--`` go to pytest instead."""
    _test_pair(session, django)


@nox.session(allow_parallel=True)
@_for(BETWEEN)
def smoke(session: nox.Session, django: str) -> None:
    """Run the smoke set on a pair between them; arguments behind ``--`` go to pytest instead."""
    _test_pair(session, django)


def _test_pair(session: nox.Session, django: str) -> None:
    session.install(EXTRAS, "--group", "test", f"django~={django}.0")
    for python, version, database, what in RUNS:
        if (python, version) == (session.python, django):
            _run_tests(session, (python, version, database), what)


@nox.session(python=MARIADB[0], default=False)
def mariadb(session: nox.Session) -> None:
    """Run all tests on MariaDB; arguments behind ``--`` go to pytest instead."""
    _test_on_mariadb(session, ALL)


@nox.session(python=MARIADB[0], default=False, allow_parallel=True)
def mariadb_smoke(session: nox.Session) -> None:
    """Run on MariaDB what meets each statement that is written otherwise there."""
    _test_on_mariadb(session, MARIADB_SMOKE)


@nox.session(python=BROWSER[0], default=False, allow_parallel=True)
def browser(session: nox.Session) -> None:
    """Drive the browser app of the example with Chromium; arguments behind ``--`` go to pytest too."""
    session.install(EXTRAS, "--group", "test", "--group", "browser", f"django~={BROWSER[1]}.0")
    report = f"--junitxml={report_of(*BROWSER)}"
    session.run("python", "-m", "pytest", report, "-m", "browser", "tests/example", *session.posargs)


def _test_on_mariadb(session: nox.Session, what: list[str]) -> None:
    # Built against the library of the system, so no other session installs it.
    session.install(EXTRAS, "-e.[mysql]", "--group", "test", f"django~={MARIADB[1]}.0")
    _run_tests(session, MARIADB, what)


def _run_tests(session: nox.Session, run: tuple[str, str, str], what: list[str]) -> None:
    measured = run == MEASURED and not session.posargs
    # Smoke sets run beside other sessions, so each has one core.
    one_core = session.parallel and what in (SMOKE, MARIADB_SMOKE)
    arguments = session.posargs or [*AT_ONCE, *what, *(["-n", "0"] if one_core else [])]
    if measured:
        (ROOT / ".nox" / "coverage").mkdir(parents=True, exist_ok=True)
        session.run("coverage", "erase")
    runner = ["coverage", "run", "-m"] if measured else ["python", "-m"]
    session.run(*runner, "pytest", f"--junitxml={report_of(*run)}", *arguments, env={"ORGKIT_TEST_DB": run[-1]})
    if measured:
        session.run("coverage", "combine")
        session.run("coverage", "report")


@nox.session(default=False, reuse_venv=True)
def quick(session: nox.Session) -> None:
    """Run what is not slow, on SQLite, up to the first failure; arguments behind ``--`` go to pytest too."""
    session.install(EXTRAS, "--group", "test")
    session.run("pytest", *AT_ONCE, "-x", "-m", "not slow", *session.posargs)


@nox.session(default=False)
def clients(session: nox.Session) -> None:
    """Generate clients in TypeScript and Python from the OpenAPI document, and compile a program with each.

    A warning is an error. The packages of the TypeScript client come from the registry of npm.
    """
    session.install(EXTRAS, "--group", "clients")
    folder = ROOT / ".nox" / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "examples" / "clients", folder)
    document = str(folder / "openapi.json")
    host = {"PYTHONPATH": str(ROOT / "docs" / "examples"), "DJANGO_SETTINGS_MODULE": "host.settings"}
    export = ["export_openapi_schema", "--api", "ninja_orgkit.urls.api", "--output", document]
    session.run("python", "-W", "error", "-m", "django", *export, env=host)

    session.chdir(folder)
    session.run("npm", "ci", "--no-audit", "--no-fund")
    session.run("npm", "exec", "--", "redocly", "lint", document, "--max-problems", "1000")
    session.run("npm", "exec", "--", "openapi-typescript", document, "--output", "orgkit.d.ts")
    session.run("npm", "exec", "--", "tsc", "--project", ".")

    settings = ["--config", "openapi-python-client.yaml", "--output-path", "python", "--fail-on-warning"]
    session.run("openapi-python-client", "generate", "--path", document, *settings)
    session.run("mypy", "--config-file=", "--strict", "program.py", "python/orgkit_client", env={"MYPYPATH": "python"})


@nox.session(default=False, reuse_venv=True)
def demo(session: nox.Session) -> None:
    """Run the example project; arguments behind ``--`` go to ``manage.py demo``."""
    session.install(EXTRAS, "--group", "example")
    session.run("python", "example_project/manage.py", "demo", *session.posargs)


@nox.session(venv_backend="none")
def not_here(session: nox.Session) -> None:
    """Name the pairs, and the programs, that this machine cannot test with; ``nox`` prints them last."""
    missing = [f"py{python}-dj{django}" for python, django in PAIRS if not is_here(python)]
    reasons = [f"no interpreter on this machine for {', '.join(missing)}"] if missing else []
    if not has_mariadb():
        reasons.append(f"no MariaDB with Python {MARIADB[0]} on this machine")
    if not has_browser():
        reasons.append(f"no Chromium with Python {BROWSER[0]} on this machine")
    if reasons:
        session.skip("; ".join(reasons))


def _host_environment() -> dict[str, str]:
    """Return the environment in which the tests' host and the example's shop can be imported."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "example_project")])
    return {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "tests.settings"}
