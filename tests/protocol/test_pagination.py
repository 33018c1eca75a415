"""Paging works the same for every list of the API: limited, in a total order, and stable while rows come and go."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from ninja_orgkit.accounts.models import Session
from ninja_orgkit.database.prepared import Prepared
from tests.conftest import CountQueries
from tests.org import Org
from tests.protocol.document import PATHS
from tests.protocol.lists import EQUAL, LISTS, Listing, Place

ROWS = 2 * EQUAL
"""Pages begin among the equal rows of these, and among the others."""
ROLES = "/orgs/{org_slug}/roles/"
"""A list whose items are a setting and no rows: tests/organizations/test_roles.py pages through it."""

urlpatterns = [path("some/where/else/", include("ninja_orgkit.urls"))]

each_list = pytest.mark.parametrize("listing", LISTS, ids=lambda listing: listing.path)
each_ordering = pytest.mark.parametrize(
    ("listing", "ordering"),
    [
        pytest.param(listing, f"{sign}{name}", id=f"{listing.path}-{sign}{name}")
        for listing in LISTS
        for name in listing.orderings
        for sign in ("", "-")
    ],
)


@pytest.fixture(scope="module")
def contact(shared_org: Org) -> str:
    """Return the slug of a contact in the organization of all tests."""
    return str(shared_org.add_contact()["slug"])


@pytest.fixture
def place(org: Org, contact: str) -> Place:
    """Return an organization and a contact in it, to which lists belong."""
    return Place(org, contact)


def page_of(place: Place, url: str, **query: Any) -> dict[str, Any]:
    """Return a page."""
    response = place.org.api.get(url, **query)
    assert response.status_code == 200, response.content
    page: dict[str, Any] = response.json()
    return page


def walk(place: Place, page: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    """Return a page and all that follow it in a direction."""
    pages = [page]
    while page[direction]:
        page = page_of(place, page[direction])
        pages.append(page)
        assert len(pages) <= ROWS, "There is no end to it."
    return pages


def cursor_in(url: str) -> str:
    """Return the cursor of a link to a page."""
    return parse_qs(urlsplit(url).query)["cursor"][0]


def some(number: int) -> range:
    """Return the numbers of five rows that no other list has."""
    return range(5 * number, 5 * number + 5)


def refused(response: Any) -> tuple[int, str]:
    """Return how a request was refused."""
    return response.status_code, response.json()["code"]


def test_every_list_of_the_api_is_covered_by_these_tests() -> None:
    lists = {}
    for route, operations in PATHS.items():
        names = {parameter["name"] for parameter in operations.get("get", {}).get("parameters", ())}
        if "cursor" in names:
            lists[route] = operations["get"]["description"]
    assert set(lists) == {listing.path for listing in LISTS} | {ROLES}


@each_list
def test_an_unknown_ordering_is_refused_with_the_valid_ones(place: Place, listing: Listing) -> None:
    for bad in ("id", "pk", "-", "--created_at", "created_at,id", "x" * 65, "CREATED_AT", "created_at "):
        response = place.org.api.get(listing.url(place), ordering=bad)
        assert refused(response) == (422, "validation_error")
        assert response.json()["errors"][0]["loc"] == ["query", "ordering"]
        assert bad not in response.json()["errors"][0]["msg"].replace(", ", " ").split()
    response = place.org.api.get(listing.url(place), ordering="id")
    named = response.json()["errors"][0]["msg"].partition(": ")[2].split(", ")
    assert sorted(named) == sorted(listing.orderings)


OUT_OF_BOUNDS: dict[str, list[Any]] = {
    "limit": [0, -1, 201, 2**31, 2**63, 2**64, "9" * 5000, "", "x", "1.5", "1e2", "\x00"],
    "offset": [-1, 2**63, 2**64, "9" * 5000, "", "x", "1.5"],
    "count": ["maybe", "2", ""],
}


@each_list
@pytest.mark.parametrize("parameter", OUT_OF_BOUNDS)
def test_a_limit_offset_or_count_out_of_bounds_is_refused(place: Place, listing: Listing, parameter: str) -> None:
    for value in OUT_OF_BOUNDS[parameter]:
        response = place.org.api.get(listing.url(place), **{parameter: value})
        assert refused(response) == (422, "validation_error"), value
        assert response.json()["errors"][0]["loc"] == ["query", parameter]


@each_list
def test_a_page_has_the_requested_limit_offset_and_count(place: Place, listing: Listing) -> None:
    url = listing.url(place)
    before = page_of(place, url)["count"]
    listing.add(place, range(60))
    total = before + 60
    everything = page_of(place, url, limit=200)
    assert (everything["count"], everything["next"], everything["previous"]) == (total, None, None)
    whole = [listing.identify(item) for item in everything["items"]]
    assert len(set(whole)) == total
    by_default = page_of(place, url)
    assert [listing.identify(item) for item in by_default["items"]] == whole[:50]
    one = page_of(place, url, limit=1, offset=total - 1)
    assert ([listing.identify(item) for item in one["items"]], one["count"]) == (whole[-1:], total)
    assert one["next"] is None
    beyond = page_of(place, url, offset=total)
    assert (beyond["items"], beyond["count"], beyond["next"]) == ([], total, None)
    assert page_of(place, url, count="false")["count"] is None
    following = page_of(place, by_default["next"])
    assert ([listing.identify(item) for item in following["items"]], following["count"]) == (whole[50:], None)
    middle = page_of(place, url, limit=10, offset=20)
    behind, ahead = page_of(place, middle["previous"]), page_of(place, middle["next"])
    assert [listing.identify(item) for item in behind["items"]] == whole[10:20]
    assert [listing.identify(item) for item in ahead["items"]] == whole[30:40]


@each_list
def test_a_cursor_works_for_one_list_ordering_and_caller_only(place: Place, listing: Listing) -> None:
    url, api = listing.url(place), place.org.api
    listing.add(place, range(3))
    ordering, *others = [f"{sign}{name}" for name in listing.orderings for sign in ("", "-")]
    cursor = cursor_in(page_of(place, url, limit=1, ordering=ordering)["next"])
    assert api.get(url, cursor=cursor, ordering=ordering, limit=2, count="true").status_code == 200
    foreign = [
        *(api.get(url, cursor=cursor, ordering=other) for other in others),
        *(api.get(other.url(place), cursor=cursor) for other in LISTS if other is not listing),
        place.org.add_member("owner").api.get(url, cursor=cursor, ordering=ordering),
    ]
    assert {refused(response) for response in foreign} == {(422, "invalid_cursor")}
    both = api.get(url, cursor=cursor, ordering=ordering, offset=0)
    assert refused(both) == (422, "validation_error")


@each_list
def test_a_cursor_that_was_tampered_with_is_refused(place: Place, listing: Listing) -> None:
    url, api = listing.url(place), place.org.api
    listing.add(place, range(3))
    cursor = cursor_in(page_of(place, url, limit=1)["next"])
    body, _, signature = cursor.rpartition(".")
    for bad in (
        "", "x", ".", "..", "\x00", "é", "1", "null", "W10", f"{cursor}x", cursor[1:], cursor[:-1], cursor.swapcase(),
        body, f".{signature}", f"{body}.", f"{body[:-2]}.{signature}", cursor * 40, "9" * 5000,
    ):  # fmt: skip
        response = api.get(url, cursor=bad)
        assert refused(response) == (422, "invalid_cursor"), bad


def test_a_cursor_of_the_default_ordering_works_with_its_explicit_name(place: Place) -> None:
    for number, listing in enumerate(LISTS):
        listing.add(place, some(number))
        url = listing.url(place)
        first = page_of(place, url, limit=1)
        said = [
            name
            for name in (f"{sign}{name}" for name in listing.orderings for sign in ("", "-"))
            if place.org.api.get(url, limit=1, cursor=cursor_in(first["next"]), ordering=name).status_code == 200
        ]
        assert len(said) == 1


@pytest.mark.parametrize("filter_", ["search=a", "tag=vip", "created_after=2020-01-01T00:00:00Z", "organization=acme"])
def test_a_cursor_works_for_one_filter_only(place: Place, filter_: str) -> None:
    (listing,) = (listing for listing in LISTS if listing.path == "/contacts/")
    listing.add(place, range(3))
    cursor = cursor_in(page_of(place, "/contacts/?limit=1")["next"])
    response = place.org.api.get(f"/contacts/?{filter_}&cursor={cursor}")
    assert refused(response) == (422, "invalid_cursor")


@pytest.mark.slow
@each_ordering
def test_paging_forward_and_back_shows_each_row_once(place: Place, listing: Listing, ordering: str) -> None:
    url = listing.url(place)
    before = page_of(place, url)["count"]
    listing.add(place, range(ROWS))
    whole = [listing.identify(item) for item in page_of(place, url, ordering=ordering, limit=200)["items"]]
    assert len(whole) == len(set(whole)) == before + ROWS
    other = ordering.removeprefix("-") if ordering.startswith("-") else f"-{ordering}"
    opposite = page_of(place, url, ordering=other, limit=200)["items"]
    assert [listing.identify(item) for item in opposite] == whole[::-1]

    pages = walk(place, page_of(place, url, ordering=ordering, limit=17), "next")
    assert [listing.identify(item) for page in pages for item in page["items"]] == whole
    back = walk(place, pages[-1], "previous")
    assert [page["items"] for page in back] == [page["items"] for page in pages[::-1]]
    assert [page["next"] for page in back] == [page["next"] for page in pages[::-1]]


@pytest.mark.slow
@each_ordering
@pytest.mark.parametrize("direction", ["next", "previous"])
def test_rows_added_and_removed_between_pages_cause_no_gaps_or_repeats(
    place: Place, listing: Listing, ordering: str, direction: str
) -> None:
    url = listing.url(place)
    # Without these the caller could not go on: the group, the own membership, the session of this request.
    sessions = Session.objects.filter(account=place.account).values_list("pk", flat=True)
    needed = {place.org.slug, place.org.owner.slug, *map(str, sessions)}
    listing.add(place, range(0, ROWS, 2))
    fresh = zip(range(1, EQUAL, 2), range(EQUAL + 1, ROWS, 2), strict=True)

    whole = page_of(place, url, limit=200)
    stay = {listing.identify(item) for item in whole["items"]}
    page = page_of(place, url, ordering=ordering, limit=8, offset=0 if direction == "next" else whole["count"] - 8)
    seen = [listing.identify(item) for item in page["items"]]
    while page[direction]:
        assert len(seen) <= 2 * ROWS
        shown = [listing.identify(item) for item in page["items"]]
        listing.remove({shown[0], shown[len(shown) // 2], shown[-1]} - needed)
        listing.add(place, next(fresh))
        page = page_of(place, page[direction])
        seen += [listing.identify(item) for item in page["items"]]
    assert len(seen) == len(set(seen))
    # What was removed had been shown before.
    assert stay <= set(seen)


@each_list
def test_a_list_runs_the_same_statements_for_1_row_and_for_50(
    place: Place, listing: Listing, count_queries: CountQueries
) -> None:
    url = listing.url(place)

    def costs() -> list[int]:
        found = []
        queries_of_pages: list[dict[str, Any]] = [
            {},
            {"count": "false"},
            {"ordering": listing.orderings[-1], "offset": 1},
        ]
        for query in queries_of_pages:
            with count_queries() as queries:
                page_of(place, url, limit=200, **query)
            found.append(len(queries))
        return found

    listing.add(place, [0])
    costs()  # content types and the like are looked up once
    first = costs()
    listing.add(place, range(1, 51))
    assert costs() == first
    link = page_of(place, url, limit=20)["next"]
    with count_queries() as queries:
        page_of(place, link)
    assert len(queries) == first[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8443"])
def test_links_to_pages_are_absolute_wherever_the_api_is_mounted(place: Place, settings: Settings, host: str) -> None:
    for number, listing in enumerate(LISTS):
        listing.add(place, some(number))
    settings.ROOT_URLCONF = __name__
    client = Client(headers={"Authorization": f"Bearer {place.org.owner.access}", "Host": host})
    base = f"https://{host}/some/where/else"
    for listing in LISTS:
        first = client.get(f"/some/where/else{listing.url(place)}?limit=2", secure=True).json()
        assert first["next"].startswith(f"{base}{listing.url(place)}?")
        second = client.get(first["next"].removeprefix(f"https://{host}"), secure=True).json()
        assert second["previous"].startswith(f"{base}{listing.url(place)}?")
        back = client.get(second["previous"].removeprefix(f"https://{host}"), secure=True).json()
        assert back["items"] == first["items"]
        assert back["previous"] is None


def test_paging_by_offset_does_not_evict_cached_statements(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    page_of(place, "/contacts/")
    built: list[Any] = []
    build = Prepared.__init__

    def counted(self: Prepared[Any], queryset: Callable[[], QuerySet[Any, Any]]) -> None:
        built.append(self)
        build(self, queryset)

    monkeypatch.setattr(Prepared, "__init__", counted)
    for offset in range(1, 131):
        page_of(place, "/contacts/", offset=offset, count="false")
    assert len(built) == 130
    page_of(place, "/contacts/")
    assert len(built) == 130


def test_page_links_keep_the_query_in_any_script(place: Place) -> None:
    api = place.org.api
    for number in range(3):
        api.post("/contacts/", {"organization": place.org.slug, "display_name": f"Größe & Söhne+{number}"})
    url = "/contacts/"
    query: dict[str, Any] = {
        "search": "größe & söhne+",
        "tag": "日本",
        "organization": place.org.slug,
        "limit": 1,
        "ordering": "-email",
    }
    for slug in [item["slug"] for item in page_of(place, url, search=query["search"])["items"]]:
        api.post(f"/orgs/{place.org.slug}/tags/contacts/contact/{slug}/", ["日本"])
    page = page_of(place, url, **query)
    asked = parse_qs(urlsplit(page["next"]).query)
    assert {name: values[0] for name, values in asked.items() if name != "cursor"} == {
        name: str(value) for name, value in query.items()
    }
    assert page["next"].isascii()
    assert [len(page["items"]) for page in walk(place, page, "next")] == [1, 1, 1]


@pytest.mark.parametrize("letter", ["\U0001f389", "\U00010330", "\ufdfa", '"', "\\"])
def test_page_links_stay_short_enough_for_servers_with_the_longest_names(place: Place, letter: str) -> None:
    api = place.org.api
    for number in range(3):
        name = f"{letter * 254}{number}"
        assert api.post("/contacts/", {"organization": place.org.slug, "display_name": name}).status_code == 201
        assert api.post("/orgs/", {"name": name}).status_code == 201
    for url, total in (("/contacts/", 4), ("/orgs/", 5)):
        pages = walk(place, page_of(place, url, limit=1), "next")
        found = [item["slug"] for page in pages for item in page["items"]]
        assert len(set(found)) == len(found) == total
        assert all(len(page["next"]) < 4000 for page in pages[:-1])  # many servers take no request line over 4 KiB


def test_a_cursor_contains_no_integer_key_of_an_object_with_a_slug(place: Place) -> None:
    for number, listing in enumerate(LISTS):
        if listing.identify({"slug": "by slug", "id": "by id", "image": {"id": "by id"}}) == "by id":
            continue
        listing.add(place, some(number))
        cursor = cursor_in(page_of(place, listing.url(place), limit=1)["next"])
        assert re.fullmatch(r"[\w.-]+", cursor)
        body = cursor.partition(".")[0]
        direction, value, slug = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        assert direction == 1
        assert isinstance(slug, str)
        assert not str(value).isdigit()
