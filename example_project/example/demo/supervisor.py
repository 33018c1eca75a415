"""Child processes that live and die together, each with its output in a log file."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

PROJECT = Path(__file__).resolve().parent.parent.parent
STEP = "step: "

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_TICK = 0.1
_PATIENCE = 8.0


class Stopped(Exception):
    """A signal asked to stop."""


class ChildEnded(Exception):
    """A child ended that should not have, or with an error."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(name, code, log)
        self.name, self.code, self.log = name, code, log

    def __str__(self) -> str:
        """Say what ended, how, and what it said last."""
        last_lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"{self.name} ended with exit code {self.code}. The end of {self.log}:", *last_lines])


@dataclass(frozen=True)
class Child:
    """A running process, how it is asked to stop, and whether others need it until they have stopped."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    is_needed: bool

    def ask_to_stop(self) -> None:
        """Send the signal that makes it end in an orderly way."""
        with suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)

    def end(self, deadline: float) -> None:
        """Wait until it has ended, kill it after the deadline, and what it left of its process group in any case."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Starts children and ends all of them when one of them ends, or when this process is asked to.

    ``environment`` is that of the children; ``keep_open`` are descriptors that they inherit.
    """

    def __init__(self, logs: Path, environment: dict[str, str], keep_open: Sequence[int] = ()) -> None:
        self.environment = environment
        self._logs = logs
        self._keep_open = tuple(keep_open)
        self._children: list[Child] = []
        self._asked = False

    @contextmanager
    def supervising(self) -> Iterator[Supervisor]:
        """End all children when the block ends; signals end the block by ``Stopped``."""
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield self
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(
        self, name: str, *command: str, stop_signal: signal.Signals = signal.SIGTERM, is_needed: bool = False
    ) -> Child:
        """Start a child that is meant to run until the end; one that the others need ends after them."""
        child = Child(name, self._spawn(name, command), stop_signal, is_needed)
        self._children.append(child)
        return child

    def run(self, name: str, *command: str, say: Callable[[str], None]) -> None:
        """Run a child to its end, and say which step it has reached: its log marks such a line with ``STEP``.

        Raises ChildEnded when it fails, or when another child ends meanwhile.
        """
        with self._log(name).open("a+") as log:
            child = self.start(name, *command)
            while child.process.poll() is None:
                self.pause(besides=child)
                for line in log:
                    if line.startswith(STEP):
                        say(line.removeprefix(STEP).rstrip())
        self._children.remove(child)
        if child.process.returncode:
            raise ChildEnded(name, child.process.returncode, self._log(name))

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until a condition holds, as long as all children live."""
        while not ready():
            self.pause()

    def pause(self, *, besides: Child | None = None) -> None:
        """Wait a moment. Raises Stopped after a signal, and ChildEnded when a child has ended."""
        time.sleep(_TICK)
        if self._asked:
            raise Stopped
        for child in self._children:
            code = child.process.poll()
            if child is not besides and code is not None:
                raise ChildEnded(child.name, code, self._log(child.name))

    def _spawn(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # commands of our own
                command,
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self._keep_open,
                process_group=0,  # Ctrl-C is for the supervisor alone
                preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509  # this process has one thread
            )

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def _end_all(self) -> None:
        """End the children, and after them those that they need."""
        for is_needed in (False, True):
            group = [child for child in self._children if child.is_needed is is_needed]
            for child in group:
                child.ask_to_stop()
            deadline = time.monotonic() + _PATIENCE
            for child in group:
                child.end(deadline)
        self._children.clear()


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _die_with(parent: int) -> None:
    """Have the kernel kill this new process when its parent dies, even by ``kill -9`` (Linux alone can)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
