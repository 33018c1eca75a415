"""What CI runs, quickest first; ``nox`` alone runs all of it.

With ``CI`` in the environment an interpreter that is missing is a failure. Without it nox runs the pairs that it can
and names the others.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import nox

ROOT = Path(__file__).parent
REPORTS = ROOT / ".nox" / "reports"
OLDEST = ("3.11", "5.2")
NEWEST = ("3.13", "6.1")
MEASURED = ("3.13", "6.0")
PAIRS = [
    OLDEST,
    *((python, django) for python in ("3.12", "3.13") for django in ("5.2", "6.0", "6.1")),
]
WHOLE, QUICK, OWN_DATABASE = "", "not slow", "own_database"
DATABASES = ("sqlite", "postgres")
# Which tests (by their marks) each pair runs on which database. The pairs between the oldest and the newest take turns,
# so that each version of Python and of Django meets both. On PostgreSQL those that bring a database are left out.
RUNS = dict(zip(PAIRS[1:-1], itertools.cycle(({"postgres": QUICK}, {"sqlite": QUICK})), strict=False))
RUNS[OLDEST] = {"postgres": WHOLE, "sqlite": OWN_DATABASE}
RUNS[NEWEST] = dict.fromkeys(DATABASES, WHOLE)
# What a forge and Read the Docs read, by the schema that it has to satisfy.
FORGE_FILES = {
    "github-workflows": [".github/workflows/ci.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/feature.yml"],
    "readthedocs": [".readthedocs.yml"],
}
EXTRAS = "-e.[argon2,postgresql,redis,s3]"

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = bool(os.environ.get("CI"))
nox.options.sessions = ["lint", "imports", "types", "migrations", "docs", "build", "tests"]

# An interpreter comes from this machine, or it is missing: none is downloaded behind the back of whoever tests.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
# The tests start many processes; each of them would compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Certificates are those that the machine trusts, as for pip.
os.environ.setdefault("UV_SYSTEM_CERTS", "1")
# The shims of pyenv hide all versions but the chosen one.
_pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *(str(path) for path in sorted(_pyenv.glob("3.*/bin")))])


@nox.session(python=NEWEST[0])
def lint(session: nox.Session) -> None:
    """Check format, rules and spelling, and the files that a forge and Read the Docs read."""
    session.install("--group", "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("codespell")
    for schema, files in FORGE_FILES.items():
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


@nox.session(python=NEWEST[0])
def imports(session: nox.Session) -> None:
    """Check that imports point down only."""
    session.install("--group", "imports")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "src"})


@nox.session(python=NEWEST[0])
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install(EXTRAS, "--group", "types")
    session.run("mypy", env=_host_environment())


@nox.session(python=NEWEST[0])
def migrations(session: nox.Session) -> None:
    """Check that every change of a model has its migration."""
    session.install(EXTRAS, "--group", "test")
    session.run("python", "-m", "django", "makemigrations", "--check", "--dry-run", env=_host_environment())


@nox.session(python=NEWEST[0])
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning is an error."""
    session.install(EXTRAS, "--group", "docs", "--group", "test")
    target = ROOT / ".nox" / "docs"
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-b", "html", "docs", str(target), env=_host_environment())


@nox.session(python=NEWEST[0])
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


@nox.session
@nox.parametrize("python,django", [nox.param(python, django, id=f"py{python}-dj{django}") for python, django in PAIRS])
def tests(session: nox.Session, django: str) -> None:
    """Run the tests on SQLite and on PostgreSQL.

    The newest pair runs all of them on both; the oldest one runs each of them once, on PostgreSQL where it can. The
    others leave out what is marked slow, and run on one database each. Arguments behind ``--`` go to pytest. Coverage
    is measured on one of these, where it costs least.
    """
    session.install(EXTRAS, "--group", "test", f"django~={django}.0")
    pair = (str(session.python), django)
    measured = pair == MEASURED and not session.posargs
    runner = ["python", "-m", *(["coverage", "run", "-m"] if measured else []), "pytest"]
    runs = dict.fromkeys(DATABASES, WHOLE) if session.posargs else RUNS[pair]
    if measured:
        (ROOT / ".nox" / "coverage").mkdir(parents=True, exist_ok=True)
        session.run("coverage", "erase")
    for database, marks in runs.items():
        choice = session.posargs or ["-n", "2", "-m", marks]
        report = REPORTS / f"py{pair[0]}-dj{django}-{database}.xml"
        session.run(*runner, f"--junitxml={report}", *choice, env={"ORGKIT_TEST_DB": database})
    if measured:
        session.run("coverage", "combine")
        session.run("coverage", "report")


@nox.session(python=NEWEST[0], default=False)
def demo(session: nox.Session) -> None:
    """Run the example project; arguments behind ``--`` go to ``manage.py demo``."""
    session.install(EXTRAS, "--group", "example")
    session.run("python", "example_project/manage.py", "demo", *session.posargs)


def _host_environment() -> dict[str, str]:
    """Return the environment in which the tests' host and the example's shop can be imported."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "example_project")])
    return {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "tests.settings"}
