"""Reading: ours against a plain view of one SQL statement. Run it as ``python benchmarks/reading.py [seconds]``.

What counts is the CPU that the server spends on a request: user and system time of its process, divided by the requests
that it answered. How many requests a second are answered says less, since the client needs CPU of the same machine. The
client is ``wrk`` where it is on ``PATH`` and has a second or more, otherwise one of the standard library.

A list of 50 contacts with organization, creator and tags, a single contact, the caller's profile, and a list of tags.
The floor is a plain Django view without authentication: one statement, rows, bytes. ``raw`` adds the token, the live
session, the active user, the membership and the tags, still in one statement written by hand. ``bare`` is a ninja list
with a response schema, but neither authentication nor tags; ``usual`` is what most projects write: ``JWTAuth``, the
membership, ``COUNT``, prefetched relations, a schema.

All are URLs (``reading_shapes.py``) of one gunicorn process with one worker and two threads, asked over two connections
that are kept. The runs are interleaved, and only ratios within one run count.
"""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import host
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection

from tests.servers.postgres import free_port

ROUNDS = 7
CONNECTIONS = 2


def application() -> WSGIHandler:
    """Return what gunicorn serves."""
    host.configure(ROOT_URLCONF="reading_shapes")
    return get_wsgi_application()


def seed() -> dict[str, tuple[str, str]]:
    """Make a member of an organization with 1,000 contacts; return path and token of each shape."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from ninja_jwt.tokens import AccessToken  # noqa: PLC0415

    from ninja_orgkit.accounts.services.sessions import begin_session  # noqa: PLC0415
    from ninja_orgkit.contacts.models import Contact  # noqa: PLC0415
    from ninja_orgkit.database.attachments import target_of  # noqa: PLC0415
    from ninja_orgkit.organizations.models import Membership, Organization  # noqa: PLC0415
    from ninja_orgkit.tags.models import Tag, TagAssignment  # noqa: PLC0415

    user = get_user_model().objects.create_user("ada", "ada@example.com", "correct horse battery")
    account = user.orgkit_account
    acme = Organization.objects.create(slug="acme", name="Acme")
    Membership.objects.create(organization=acme, account=account, role="owner")
    contacts = [
        Contact(
            organization=acme,
            creator=account,
            first_name=f"Grace {number}",
            last_name="Hopper",
            email=f"grace{number}@example.com",
            phone="+41 44 123 45 67",
            location="Arlington",
            notes="Met at the fair; wants an offer for the new line. " * 3,
        )
        for number in range(1000)
    ]
    for contact in contacts:
        contact.derive()
    Contact.objects.bulk_create(contacts)
    tags = [Tag.objects.create(organization=acme, name=f"Tag {number}") for number in range(12)]
    TagAssignment.objects.bulk_create(
        TagAssignment(tag=tags[(number + step) % 12], **target_of(contact))
        for number, contact in enumerate(contacts)
        for step in range(3)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ours, theirs = begin_session(account).access, str(AccessToken.for_user(user))  # type: ignore[misc]  # its annotation of self is wrong
    one = contacts[500].slug
    return {
        "floor": ("/floor?organization=acme", ""),
        "raw": ("/raw?organization=acme", ours),
        "bare": ("/ninja/bare?organization=acme", ""),
        "usual": ("/ninja/usual?organization=acme&limit=50", theirs),
        "ours": ("/api/v1/contacts/?organization=acme&count=false", ours),
        "ours, of all organizations": ("/api/v1/contacts/?count=false", ours),
        "ours, counted": ("/api/v1/contacts/?organization=acme", ours),
        "floor of one": (f"/floor/{one}", ""),
        "raw, one": (f"/raw/{one}", ours),
        "ours, one": (f"/api/v1/contacts/{one}/", ours),
        "ours, me": ("/api/v1/users/me", ours),
        "ours, tags": ("/api/v1/orgs/acme/tags/?limit=10&count=false", ours),
    }


class Server:
    """The process that serves all shapes."""

    def __init__(self) -> None:
        self.port = free_port()
        program = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", "2"]
        options = ["--keep-alive", "75", "--log-level", "warning", "--bind", f"127.0.0.1:{self.port}"]
        folder = str(Path(__file__).parent)
        self.process = subprocess.Popen([*program, *options, "--chdir", folder, "reading:application()"])

    def load(self, address: str, token: str, seconds: float) -> Load:
        """Return what it costs to answer requests for a while."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        before = self.cpu()
        answered = (by_wrk if shutil.which("wrk") and seconds >= 1 else by_threads)(
            self.port, address, headers, seconds
        )
        return Load((self.cpu() - before) / answered, answered / seconds)

    def cpu(self) -> float:
        """Return the seconds of CPU that the process has spent since it began."""
        return float(self.get("/cpu"))

    def get(self, address: str) -> bytes:
        """Return an answer."""
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            client.request("GET", address)
            return client.getresponse().read()
        finally:
            client.close()

    def wait(self, address: str) -> None:
        """Wait until there is an answer."""
        until = time.monotonic() + 30
        while True:
            try:
                self.get(address)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


class Load(NamedTuple):
    """What a run cost: seconds of CPU for each request, and how many requests a second were answered."""

    cpu: float
    rate: float


def by_wrk(port: int, address: str, headers: dict[str, str], seconds: float) -> int:
    """Return how many requests are answered to ``wrk``, a client in C."""
    given = [f"--header={name}: {value}" for name, value in headers.items()]
    options = ["--threads=1", f"--connections={CONNECTIONS}", f"--duration={max(1, round(seconds))}s", *given]
    run = subprocess.run(["wrk", *options, f"http://127.0.0.1:{port}{address}"], capture_output=True, check=True)
    report = run.stdout.decode()
    found = re.search(r"(\d+) requests in", report)
    assert found, report
    assert "Non-2xx" not in report, report
    assert "Socket errors" not in report, report
    return int(found[1])


def by_threads(port: int, address: str, headers: dict[str, str], seconds: float) -> int:
    """Return how many requests are answered to threads of this process."""
    answered: list[int] = []
    start = threading.Barrier(CONNECTIONS)

    def ask() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port)
        start.wait()
        until, count = time.perf_counter() + seconds, 0
        while not count or time.perf_counter() < until:
            client.request("GET", address, headers=headers)
            response = client.getresponse()
            response.read()
            assert response.status == 200, response.status
            count += 1
        client.close()
        answered.append(count)

    askers = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(answered) == CONNECTIONS
    return sum(answered)


TARGETS = {
    "ours": 3.0,
    "ours, of all organizations": 3.0,
    "ours, one": 1.6,
    "ours, me": 1.6,
    "ours, tags": 2.2,
}


def measure(seconds: float) -> None:
    """Print one line for each shape."""
    shapes = seed()
    server = Server()
    try:
        server.wait("/cpu")
        loads: dict[str, list[Load]] = {name: [] for name in shapes}
        for turn in range(ROUNDS + 1):
            for name, (address, token) in shapes.items():
                load = server.load(address, token, seconds)
                if turn:  # the first round opens connections and fills caches
                    loads[name].append(load)
    finally:
        server.stop()
    for name, found in loads.items():
        pairs = list(zip(found, loads["floor"], strict=True))
        cpu = statistics.median(load.cpu / floor.cpu for load, floor in pairs)
        rate = statistics.median(load.rate / floor.rate for load, floor in pairs)
        spent = statistics.median(load.cpu for load in found) * 1e3
        goal = host.verdict(cpu, TARGETS[name]) if name in TARGETS else ""
        print(f"{name:28} {spent:6.2f} ms of CPU  {cpu:6.2f} × floor  ({rate:4.2f} of its requests/s) {goal}")


if __name__ == "__main__":
    with host.running():
        measure(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
