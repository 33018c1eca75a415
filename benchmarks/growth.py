"""Growth: pages and searches of a large organization. Run it as ``python benchmarks/growth.py [contacts]``.

One organization has 1,000,000 contacts (or as many as the argument says), another one 1,000. What counts is the CPU
that the server takes for the statements of a whole request, sent through its URL in this process, so that a busy
machine gives the same ratios; the time of the request itself is printed in brackets. The naive shapes are what most
projects write: an offset, and a search by ``icontains`` over five columns. The runs are interleaved, and only ratios
within one run count. Where a target is missed the plan of the statement follows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

import host

ROUNDS = 11
SLOW_ROUNDS = 3
OTHERS = 19
UNUSED_TAGS = 40
BATCH = 50_000
"""How many contacts a statement inserts."""

_NAMES = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Dennis", "Frances", "Ken", "Radia", "Tim"]

# What ``Contact.derive`` would make of names, addresses and notes that have neither capitals beyond ASCII nor accents.
_VARIED = {
    "slug": "slug",
    "display_name": "display",
    "derived_name": "display",
    "first_name": "first",
    "last_name": "last",
    "email": "email",
    "phone": "phone",
    "notes": "notes",
    "display_sort": "lower(display)",
    "first_sort": "lower(first)",
    "last_sort": "lower(last)",
    "email_sort": "email",
    "search_text": "lower(concat_ws(' ', display, first, last, email, phone, notes))",
    "created_at": "made",
    "updated_at": "made",
}
_SOURCE = """(
    SELECT
        'contact-' || %(organization)s || '-' || number AS slug, first, last, first || ' ' || last AS display,
        'person' || number || '@example.com' AS email, '+41 44 ' || lpad((number %% 10000000)::text, 7, '0') AS phone,
        CASE WHEN number %% 1000 = 7 THEN 'Asked for a zeppelin.' ELSE 'Met at the fair; wants an offer.' END AS notes,
        now() - number * interval '1 second' AS made
    FROM (
        SELECT number, (%(names)s::text[])[number %% array_length(%(names)s::text[], 1) + 1] AS first,
            'Hopper ' || md5(number::text) AS last
        FROM generate_series(%(first)s, %(last)s) AS number
    ) AS names
) AS rows
"""
_TAGGED = """
INSERT INTO orgkit_tags_tagassignment (content_type_id, object_id, tag_id)
SELECT %(content_type)s, c.id::text, t.id FROM orgkit_contacts_contact c JOIN orgkit_tags_tag t
    ON t.organization_id = c.organization_id AND t.slug IN ('rare', 'usual')
    AND c.id %% CASE t.slug WHEN 'rare' THEN 1000 ELSE 4 END = 0
"""


def seed(contacts: int) -> dict[str, str]:
    """Fill the tables; return the token of a member of the large, of the small, and of 20 organizations."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    from ninja_orgkit.accounts.services.sessions import begin_session  # noqa: PLC0415
    from ninja_orgkit.contacts.models import Contact  # noqa: PLC0415
    from ninja_orgkit.organizations.models import Membership, Organization  # noqa: PLC0415
    from ninja_orgkit.tags.models import Tag  # noqa: PLC0415

    def organization(slug: str) -> Organization:
        made = Organization.objects.create(slug=slug, name=slug)
        for name in ("rare", "usual", *(f"unused {number}" for number in range(UNUSED_TAGS))):
            Tag.objects.create(organization=made, name=name)
        return made

    large, small = organization("large"), organization("small")
    others = [organization(f"other-{number}") for number in range(2 * OTHERS)]
    sizes = {large: contacts, small: 1000, **dict.fromkeys(others, 1000)}
    homes = {
        "large": [large],
        "small": [small],
        "20, one large": [large, *others[:OTHERS]],
        "20 small": [small, *others[OTHERS:]],
    }
    tokens, users = {}, []
    for name, members in homes.items():
        user = get_user_model().objects.create_user(f"member-of-{name}", f"{name}@example.com".replace(" ", "-"))
        Membership.objects.bulk_create(
            Membership(organization=home, account=user.orgkit_account, role="owner") for home in members
        )
        users.append(user)
        tokens[name] = begin_session(user.orgkit_account).access
    with host.without_indexes("orgkit_contacts_contact", "orgkit_tags_tagassignment"):
        for home, size in sizes.items():
            contact = Contact(organization=home, creator=users[-1].orgkit_account, location="Zurich")
            for first in range(1, size + 1, BATCH):
                numbers = {"first": first, "last": min(first + BATCH - 1, size)}
                given = {"organization": home.pk, "names": _NAMES, **numbers}
                host.insert_copies(contact, _SOURCE, given, **_VARIED)
        host.execute(_TAGGED, {"content_type": ContentType.objects.get_for_model(Contact).pk})
    return tokens


class Lists:
    """Asks for lists of contacts, and keeps what they cost."""

    def __init__(self, tokens: dict[str, str]) -> None:
        from django.test import Client  # noqa: PLC0415

        self.client = Client()
        self.tokens = tokens
        self.last = host.Record()
        self.whole: dict[str, list[float]] = {}

    def get(self, caller: str, url: str = "", **query: Any) -> dict[str, Any]:
        """Return a page."""
        address = url or f"/api/v1/contacts/?{urlencode({'count': 'false', **query})}"
        with host.recorded() as self.last:
            response = self.client.get(address, headers={"Authorization": f"Bearer {self.tokens[caller]}"})
        assert response.status_code == 200, response.content
        page: dict[str, Any] = response.json()
        return page

    def timed(self, name: str, caller: str, url: str = "", **query: Any) -> Callable[[], float]:
        """Return what asks for a page and tells how long its statements took."""
        assert self.get(caller, url, **query)["items"], name

        def run() -> float:
            started = time.perf_counter()
            self.get(caller, url, **query)
            self.whole.setdefault(name, []).append(time.perf_counter() - started)
            return self.last.seconds

        return run

    def at(self, caller: str, contacts: int, part: float) -> str:
        """Return the URL of a page that begins behind a part of the list, as if one had turned pages until there."""
        from ninja_orgkit.contacts.models import Contact  # noqa: PLC0415

        names = Contact.objects.filter(organization__slug="large").order_by("display_sort", "slug")
        skipped = max(0, int(contacts * part) - 60)
        next_page: str = self.get(caller, limit=1, offset=skipped)["next"]
        assert names.count() == contacts
        return next_page


def icontains(word: str) -> Callable[[], float]:
    """Return the search that most projects write."""
    from django.db.models import Q  # noqa: PLC0415

    from ninja_orgkit.contacts.models import Contact  # noqa: PLC0415

    columns = ("first_name", "last_name", "email", "phone", "notes")
    found = Contact.objects.filter(reduce(or_, (Q(**{f"{column}__icontains": word}) for column in columns)))

    def run() -> float:
        with host.recorded() as record:
            list(found.filter(organization__slug="large").order_by("display_sort", "slug")[:50])
        return record.seconds

    return run


# What is compared: shape, with what, the largest ratio that is wanted, if there is a target.
COMPARED: tuple[tuple[str, str, float | None], ...] = (
    ("page in the middle", "page 1", 1.5),
    ("page at the end", "page 1", 1.5),
    ("page 1, newest first", "page 1", 1.5),
    ("page 1", "page 1 of 1,000", 2),
    ("page 1 of 20, one large", "page 1 of 20 small", 2),
    ("page 1 of 20, one large", "page 1 of 1,000", 2),
    ("page in the middle of 20", "page 1 of 20, one large", 1.5),
    ("search with ≤ 1,000 hits", "page 1", 10),
    ("search for one address", "page 1", 10),
    ("search for a frequent term", "page 1", 10),
    ("search for a spread name", "page 1", 10),
    ("the same, next page", "page 1", 10),
    ("a spread name in 20", "page 1 of 20, one large", None),
    ("search for a clustered name", "page 1", 100),
    ("the clustered, next page", "page 1", 100),
    ("a rare tag", "page 1", None),
    ("a usual tag", "page 1", None),
    ("counted", "page 1", None),
    ("naive: offset in the middle", "page 1", None),
    ("naive: offset at the end", "page 1", None),
    ("naive: icontains", "page 1", None),
)


def measure(contacts: int) -> None:
    """Print one line for each comparison."""
    started = time.perf_counter()
    lists = Lists(seed(contacts))
    print(f"{contacts:,} contacts, made in {time.perf_counter() - started:.0f} s")
    shapes = {
        "page 1 of 1,000": lists.timed("page 1 of 1,000", "small"),
        "page 1": lists.timed("page 1", "large"),
        "page in the middle": lists.timed("page in the middle", "large", lists.at("large", contacts, 0.5)),
        "page at the end": lists.timed("page at the end", "large", lists.at("large", contacts, 1)),
        "page 1, newest first": lists.timed("page 1, newest first", "large", ordering="-created_at"),
        "page 1 of 20 small": lists.timed("page 1 of 20 small", "20 small"),
        "page 1 of 20, one large": lists.timed("page 1 of 20, one large", "20, one large"),
        "page in the middle of 20": lists.timed(
            "page in the middle of 20", "20, one large", lists.at("20, one large", contacts, 0.5)
        ),
        "search with ≤ 1,000 hits": lists.timed("search with ≤ 1,000 hits", "large", search="zeppelin"),
        "search for one address": lists.timed("search for one address", "large", search="person77@"),
        "search for a frequent term": lists.timed("search for a frequent term", "large", search="hopper"),
        "search for a spread name": lists.timed(
            "search for a spread name", "large", search="grace", ordering="last_name"
        ),
        "the same, next page": lists.timed(
            "the same, next page",
            "large",
            lists.get("large", search="grace", ordering="last_name")["next"],
        ),
        "a spread name in 20": lists.timed(
            "a spread name in 20", "20, one large", search="grace", ordering="last_name"
        ),
    }
    slow = {
        "search for a clustered name": lists.timed("search for a clustered name", "large", search="grace"),
        "the clustered, next page": lists.timed(
            "the clustered, next page", "large", lists.get("large", search="grace")["next"]
        ),
        "a rare tag": lists.timed("a rare tag", "large", tag="rare"),
        "a usual tag": lists.timed("a usual tag", "large", tag="usual"),
        "counted": lists.timed("counted", "large", count="true"),
        "naive: offset in the middle": lists.timed("naive: offset in the middle", "large", offset=contacts // 2),
        "naive: offset at the end": lists.timed("naive: offset at the end", "large", offset=contacts - 60),
        "naive: icontains": icontains("zeppelin"),
    }
    times = {**host.medians(shapes, ROUNDS), **host.medians(slow, SLOW_ROUNDS)}
    for name, base, target in COMPARED:
        ratio = times[name] / times[base]
        whole = sorted(lists.whole.get(name, [0]))[len(lists.whole.get(name, [0])) // 2]
        goal = host.verdict(ratio, target) if target else ""
        print(f"{name:27} {times[name] * 1e3:8.2f} ms ({whole * 1e3:6.1f})  {ratio:7.2f} × {base} {goal}")
        if target and ratio > target:
            (shapes | slow)[name]()
            print(host.plan_of(lists.last))


if __name__ == "__main__":
    with host.running():
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
