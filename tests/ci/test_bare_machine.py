"""The two commands of the README work as printed on a machine with nothing but the system's Python."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from noxfile import BROWSER, MARIADB, RUNS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PATH = "/usr/bin:/bin"
SECONDS = 600
# nox reads the first: which session it runs. pytest reads the others: which file it takes tests from, and how many
# workers share them.
NARROWED = {"NOXSESSION": "quick", "PYTEST_ADDOPTS": "tests/test_package.py", "PYTEST_XDIST_AUTO_NUM_WORKERS": "1"}

pytestmark = [pytest.mark.slow, pytest.mark.once]


class Machine:
    """A clean clone of the checkout, and an environment with two variables: PATH, and a HOME that starts empty."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self.checkout)], check=True)
        (folder / "home").mkdir()
        self.environment = {"PATH": PATH, "HOME": str(folder / "home")}

    @contextmanager
    def running(self, command: str, **narrowed: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command in a process group of its own, and kill the group afterwards."""
        with subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.checkout,
            env={**self.environment, **narrowed},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            timer = Timer(SECONDS, os.killpg, [process.pid, signal.SIGKILL])
            timer.start()
            try:
                yield process
            finally:
                timer.cancel()
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, command: str, **narrowed: str) -> tuple[int, str]:
        """Run a command to its end, and return its exit status and what it printed."""
        with self.running(command, **narrowed) as process:
            printed, _ = process.communicate()
        return process.returncode, printed


def printed_command(heading: str) -> str:
    """Return the first command below a heading of the README."""
    found = re.search(rf"^## {heading}$.*?^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].strip()


def missing_python() -> str:
    """Return a version in the table of runs that the bare machine does not have."""
    return next(python for python, *_ in reversed(RUNS) if not shutil.which(f"python{python}", path=PATH))


def test_both_commands_of_the_readme_work_and_say_what_the_machine_cannot_run(tmp_path: Path) -> None:
    """Follow the README from top to bottom.

    The test command would run for minutes, so it runs with the variables in ``NARROWED``. The commands stay as printed.
    """
    machine = Machine(tmp_path)
    with machine.running(printed_command("Run it")) as demo:
        assert demo.stdout is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if ready := re.match(r"ready: (http://\S+/docs)$", line):
                break
        else:
            pytest.fail("".join(lines))
        with urllib.request.urlopen(ready[1], timeout=20) as page:
            assert page.status == 200
        os.killpg(demo.pid, signal.SIGINT)  # as Ctrl-C does
        demo.communicate(timeout=60)

    status, printed = machine.run(printed_command("Test it"), **NARROWED)
    assert status == 0, printed
    assert re.search(r"^=* ?\d+ passed", printed, re.MULTILINE), printed

    python = missing_python()
    status, printed = machine.run(".venv/bin/nox --list")
    assert status == 0, printed
    not_selected = re.search(rf"^- (tests\(py{python}-dj[\d.]+\)) ", printed, re.MULTILINE)
    assert not_selected, printed
    for session, needed in (("mariadb_smoke", MARIADB[0]), ("browser", BROWSER[0])):
        assert shutil.which(f"python{needed}", path=PATH) or f"* {session} " not in printed
    status, printed = machine.run(".venv/bin/nox -s not_here")
    assert status == 0, printed
    assert re.search(rf"no interpreter on this machine for .*py{python}-dj", printed), printed
    status, printed = machine.run(f".venv/bin/nox -s '{not_selected[1]}'")
    assert status != 0
    assert f"Python interpreter {python} not found" in printed
