"""Reading: ours against a plain view of one SQL statement. Run it as ``python benchmarks/reading.py [seconds]``.

A list of 50 contacts with organization, creator and tags, and a single contact. The floor is a plain Django view
without authentication: one statement, rows, bytes. ``raw`` adds the token, the live session, the active user, the
membership and the tags, still in one statement written by hand. ``bare`` is a ninja list with a response schema, but
neither authentication nor tags; ``usual`` is what most projects write: ``JWTAuth``, the membership, ``COUNT``,
prefetched relations, a schema.

All are URLs (``reading_shapes.py``) of one gunicorn process with one worker and two threads, asked by two clients over
connections that are kept. The runs are interleaved, and only ratios within one run count.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import host
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection

from tests.servers.postgres import free_port

ROUNDS = 7
CLIENTS = 2


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
    ours, theirs = begin_session(account).access, str(AccessToken.for_user(user))
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
        "ours, one": (f"/api/v1/contacts/{one}/", ours),
    }


class Server:
    """The process that serves all shapes."""

    def __init__(self) -> None:
        self.port = free_port()
        program = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", "2"]
        options = ["--keep-alive", "75", "--log-level", "warning", "--bind", f"127.0.0.1:{self.port}"]
        folder = str(Path(__file__).parent)
        self.process = subprocess.Popen([*program, *options, "--chdir", folder, "reading:application()"])

    def requests(self, address: str, token: str, seconds: float) -> float:
        """Return how many requests a second are answered."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answered: list[int] = []
        start = threading.Barrier(CLIENTS)

        def ask() -> None:
            client = http.client.HTTPConnection("127.0.0.1", self.port)
            start.wait()
            until, count = time.perf_counter() + seconds, 0
            while time.perf_counter() < until:
                client.request("GET", address, headers=headers)
                response = client.getresponse()
                response.read()
                assert response.status == 200, response.status
                count += 1
            client.close()
            answered.append(count)

        askers = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert len(answered) == CLIENTS
        return sum(answered) / seconds

    def wait(self, address: str) -> bytes:
        """Return an answer, as soon as there is one."""
        until = time.monotonic() + 30
        while True:
            client = http.client.HTTPConnection("127.0.0.1", self.port)
            try:
                client.request("GET", address)
                return client.getresponse().read()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            finally:
                client.close()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


TARGETS = {"ours": ("floor", 0.28), "ours, of all organizations": ("floor", 0.28), "ours, one": ("floor of one", 0.34)}


def main(seconds: float) -> None:
    """Print one line for each shape."""
    with host.running():
        shapes = seed()
        server = Server()
        try:
            server.wait("/floor?organization=acme")
            rates: dict[str, list[float]] = {name: [] for name in shapes}
            for turn in range(ROUNDS + 1):
                for name, (address, token) in shapes.items():
                    rate = server.requests(address, token, seconds)
                    if turn:  # the first round opens connections and fills caches
                        rates[name].append(rate)
        finally:
            server.stop()
    for name, found in rates.items():
        base = "floor of one" if name.endswith("one") else "floor"
        ratio = statistics.median(rate / floor for rate, floor in zip(found, rates[base], strict=True))
        goal = host.verdict(ratio, TARGETS[name][1], at_least=True) if name in TARGETS else ""
        print(f"{name:28} {statistics.median(found):7.0f} requests/s  {ratio:5.2f} × {base} {goal}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
