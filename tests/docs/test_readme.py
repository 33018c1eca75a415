"""Typing the README turns an empty project into the whole API, with mails and a worker."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, GUIDES, PAGES, ROOT, blocks, name_of
from tests.servers.postgres import free_port

README = ROOT / "README.md"
SECTION = README.read_text().partition("## Install it in your project")[2].partition("<!-- tour: begin -->")[0]


def _commands() -> list[str]:
    """Return the commands to type, without those that install the package."""
    text = "\n".join(re.findall(r"^```console\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)).replace("\\\n", "")
    typed = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    return [line for line in typed if "pip install" not in line and "venv" not in line]


def _type_files(project: Path, broker: str) -> None:
    for text in blocks(README, "python"):
        if named := re.match(r"# (yourproject/\w+\.py)\n", text):
            path = project / named[1]
            kept = path.read_text() if path.name == "settings.py" else ""
            path.write_text(kept + text.replace("redis://127.0.0.1:6379/0", broker))


@contextmanager
def _running(command: str, log: Path, project: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            shlex.split(command), cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(text: str, log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while text not in log.read_text():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.once
def test_an_empty_project_becomes_the_whole_api(tmp_path: Path, valkey_url: str) -> None:
    project, port = tmp_path / "project", free_port()
    project.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTHONPATH"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }

    def run(command: str) -> str:
        command = command.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        done = subprocess.run(
            shlex.split(command), cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    start, migrate, check, worker, server, register, health = _commands()
    run(start)
    _type_files(project, valkey_url)
    run(migrate)
    assert run(check).startswith("System check identified no issues (0 silenced).")
    server = server.replace("runserver", f"runserver {port} --noreload")
    logs = [tmp_path / name for name in ("worker.log", "server.log")]
    with _running(worker, logs[0], project, environment), _running(server, logs[1], project, environment):
        _wait_for("Quit the server", logs[1])
        assert '"email":"ada@example.com"' in run(f"{register} --silent --retry 30 --retry-connrefused")
        _wait_for("Subject: Verify your e-mail address", logs[0])
        assert run(f"{health} --silent").startswith('{"status":"ok"')


def test_the_readme_links_every_guide_and_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
    guides = {str(path.relative_to(ROOT)) for path in (DOCS / "guides").glob("*.md")}
    assert guides - set(links) == set()


@pytest.mark.parametrize("page", [page for page in PAGES if page in GUIDES], ids=name_of)
def test_code_stands_in_the_page_itself(page: Path) -> None:
    assert "{literalinclude}" not in page.read_text()
