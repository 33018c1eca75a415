"""The audit trail: pages and filters of a large one. Run it as ``python benchmarks/audit.py [events] [--plans]``.

One organization has 1,000,000 events (or as many as the argument says), another one 1,000. What counts is the CPU that
the server takes for the statements of a whole request, and only ratios within one run count. With ``--plans``, or
where a target is missed, the plan of the statement follows.
"""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import urlencode

import host

ROUNDS = 11
TARGET = 3.0
"""The largest ratio of a page, however it is filtered, to the first page of the short trail."""

# A usual and a rare value of each filter: one event in 10,000 is of the rare action, actor and kind.
_VARIED = {
    "id": "gen_random_uuid()",
    "action": """CASE WHEN number %% 10000 = 7 THEN 'invitation.declined'
        ELSE (ARRAY['member.added', 'contact.updated', 'organization.updated'])[number %% 3 + 1] END""",
    "actor": "CASE WHEN number %% 10000 = 8 THEN 'rare' ELSE 'usual-' || number %% 5 END",
    "target_kind": "CASE WHEN number %% 10000 = 9 THEN 'export' ELSE 'contact' END",
    "target": "'contact-' || number %% 20000",
    "request_id": "md5(number::text)",
    "created_at": "now() - number * interval '1 second'",
}


def seed(events: int) -> str:
    """Fill the table; return the token of an admin of both organizations."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    from ninja_orgkit.accounts.services.sessions import begin_session  # noqa: PLC0415
    from ninja_orgkit.audit.actions import ORGANIZATION  # noqa: PLC0415
    from ninja_orgkit.audit.models import Event, trail_of  # noqa: PLC0415
    from ninja_orgkit.services import create_organization  # noqa: PLC0415

    user = get_user_model().objects.create_user("admin", "admin@example.com")
    with host.without_indexes("orgkit_audit_event"):
        for slug, size in {"large": events, "small": 1000}.items():
            organization = create_organization(owner=user, name=slug, slug=slug)
            event = Event(
                trail=trail_of(ORGANIZATION, organization),
                owner=slug,
                actor_name="Somebody",
                actor_kind="user",
                target_name="Somebody",
                address="192.0.2.7",
                device="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            )
            host.insert_copies(event, "generate_series(1, %(size)s) AS number", {"size": size}, **_VARIED)
    return begin_session(user.orgkit_account).access


class Trails:
    """Asks for pages of the trails, and keeps what they cost."""

    def __init__(self, token: str) -> None:
        from django.test import Client  # noqa: PLC0415

        self.client = Client(headers={"Authorization": f"Bearer {token}"})
        self.last = host.Record()

    def get(self, url: str) -> dict[str, Any]:
        """Return a page."""
        with host.recorded() as self.last:
            response = self.client.get(url)
        assert response.status_code == 200, response.content
        page: dict[str, Any] = response.json()
        return page

    def url(self, slug: str = "large", **query: Any) -> str:
        """Return the address of a first page."""
        return f"/api/v1/orgs/{slug}/audit/?{urlencode({'count': 'false', **query})}"

    def at(self, skipped: int) -> str:
        """Return the URL of the page after this many events."""
        found: str = self.get(self.url(limit=1, offset=skipped))["next"]
        return found.replace("limit=1", "limit=50")


def measure(events: int, *, plans: bool) -> None:
    """Print one line for each page."""
    started = time.perf_counter()
    trails = Trails(seed(events))
    print(f"{events:,} events, made in {time.perf_counter() - started:.0f} s")
    middle = trails.get(trails.at(events // 2))["items"][0]["created_at"]
    urls = {
        "page 1 of 1,000": trails.url("small"),
        "page 1": trails.url(),
        "page in the middle": trails.at(events // 2),
        "page at the end": trails.at(events - 60),
        "since the middle": trails.url(since=middle),
        "until the middle": trails.url(until=middle),
        "usual action": trails.url(action="member.added"),
        "rare action": trails.url(action="invitation.declined"),
        "rare action, until": trails.url(action="invitation.declined", until=middle),
        "usual actor": trails.url(actor="usual-1"),
        "rare actor": trails.url(actor="rare"),
        "no actor": trails.url(actor="nobody"),
        "target": trails.url(target="contact-77"),
        "usual kind": trails.url(target_kind="contact"),
        "rare kind": trails.url(target_kind="export"),
        "action and actor": trails.url(action="member.added", actor="usual-1"),
        "target and kind": trails.url(target="contact-77", target_kind="contact"),
    }

    def timed(url: str) -> Any:
        def run() -> float:
            trails.get(url)
            return trails.last.seconds

        return run

    times = host.medians({name: timed(url) for name, url in urls.items()}, ROUNDS)
    base = times["page 1 of 1,000"]
    for name, seconds in times.items():
        ratio = seconds / base
        print(f"{name:20} {seconds * 1e3:8.2f} ms {ratio:7.2f} × page 1 of 1,000 {host.verdict(ratio, TARGET)}")
        if plans or ratio > TARGET:
            trails.get(urls[name])
            print(host.plan_of(trails.last))


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    with host.running():
        measure(numbers[0] if numbers else 1_000_000, plans="--plans" in sys.argv)
