"""Pages: bounded, in a total order, whole while others come and go; the same for every list of the API."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import include, path

from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.protocol import pagination
from ninja_orgkit.urls import api as ready_made
from tests.client import Person
from tests.protocol.lists import EQUAL, LISTS, Listing, World

ROWS = 2 * EQUAL

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


@pytest.fixture
def world(register: Callable[..., Person]) -> World:
    """Return somebody with a group and a contact."""
    person = register("ann@example.com", username="ann")
    org = person.api.post("/orgs/", {"name": "Acme", "slug": "acme"}).json()["slug"]
    contact = person.api.post("/contacts/", {"organization": org, "display_name": "Ada"}).json()["slug"]
    return World(person, org, contact)


@pytest.fixture
def bob(register: Callable[..., Person], world: World) -> Person:
    """Return somebody else who owns the group too."""
    person = register("bob@example.com", username="bob")
    account = type(world.account).objects.get(slug=person.slug)
    Membership.objects.create(organization=world.row, account=account, role="owner")
    return person


def page_of(world: World, url: str, **query: Any) -> dict[str, Any]:
    """Return a page."""
    response = world.person.api.get(url, **query)
    assert response.status_code == 200, response.content
    page: dict[str, Any] = response.json()
    return page


def walk(world: World, page: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    """Return a page and all that follow it in a direction."""
    pages = [page]
    while page[direction]:
        page = page_of(world, page[direction])
        pages.append(page)
        assert len(pages) <= ROWS, "There is no end to it."
    return pages


def cursor_in(url: str) -> str:
    """Return the cursor of a link to a page."""
    return parse_qs(urlsplit(url).query)["cursor"][0]


def some(place: int) -> range:
    """Return the numbers of five rows that no other list has."""
    return range(5 * place, 5 * place + 5)


def refused(response: Any) -> tuple[int, str]:
    """Return how a request was refused."""
    return response.status_code, response.json()["code"]


def test_every_list_of_the_api_is_tested_here_in_every_ordering() -> None:
    paths = ready_made.get_openapi_schema(path_prefix="")["paths"]
    lists = {}
    for route, operations in paths.items():
        names = {parameter["name"] for parameter in operations.get("get", {}).get("parameters", ())}
        if "cursor" in names:
            lists[f"/{route.lstrip('/')}"] = operations["get"]["description"]
    assert set(lists) == {listing.path for listing in LISTS}


@each_list
def test_an_ordering_that_is_none_names_those_that_are(world: World, listing: Listing) -> None:
    for bad in ("id", "pk", "-", "--created_at", "created_at,id", "x" * 65, "CREATED_AT", "created_at "):
        response = world.person.api.get(listing.url(world), ordering=bad)
        assert refused(response) == (422, "validation_error")
        assert response.json()["errors"][0]["loc"] == ["query", "ordering"]
        assert bad not in response.json()["errors"][0]["msg"].replace(", ", " ").split()
    response = world.person.api.get(listing.url(world), ordering="id")
    named = response.json()["errors"][0]["msg"].partition(": ")[2].split(", ")
    assert sorted(named) == sorted(listing.orderings)


OUT_OF_BOUNDS = {
    "limit": [0, -1, 201, 2**31, 2**63, 2**64, "9" * 5000, "", "x", "1.5", "1e2", "\x00"],
    "offset": [-1, 2**63, 2**64, "9" * 5000, "", "x", "1.5"],
    "count": ["maybe", "2", ""],
}


@each_list
@pytest.mark.parametrize("parameter", OUT_OF_BOUNDS)
def test_a_page_out_of_bounds_is_refused(world: World, listing: Listing, parameter: str) -> None:
    for value in OUT_OF_BOUNDS[parameter]:
        response = world.person.api.get(listing.url(world), **{parameter: value})
        assert refused(response) == (422, "validation_error"), value
        assert response.json()["errors"][0]["loc"] == ["query", parameter]


@each_list
def test_limits_offsets_and_counts(world: World, listing: Listing) -> None:
    url = listing.url(world)
    before = page_of(world, url)["count"]
    listing.add(world, range(60))
    total = before + 60
    everything = page_of(world, url, limit=200)
    assert (everything["count"], everything["next"], everything["previous"]) == (total, None, None)
    whole = [listing.identify(item) for item in everything["items"]]
    assert len(set(whole)) == total
    by_default = page_of(world, url)
    assert [listing.identify(item) for item in by_default["items"]] == whole[:50]
    one = page_of(world, url, limit=1, offset=total - 1)
    assert ([listing.identify(item) for item in one["items"]], one["count"]) == (whole[-1:], total)
    assert one["next"] is None
    beyond = page_of(world, url, offset=total)
    assert (beyond["items"], beyond["count"], beyond["next"]) == ([], total, None)
    assert page_of(world, url, count="false")["count"] is None
    following = page_of(world, by_default["next"])
    assert ([listing.identify(item) for item in following["items"]], following["count"]) == (whole[50:], None)
    middle = page_of(world, url, limit=10, offset=20)
    behind, ahead = page_of(world, middle["previous"]), page_of(world, middle["next"])
    assert [listing.identify(item) for item in behind["items"]] == whole[10:20]
    assert [listing.identify(item) for item in ahead["items"]] == whole[30:40]


@each_list
def test_a_cursor_is_for_one_list_ordering_and_caller_and_no_other(world: World, bob: Person, listing: Listing) -> None:
    url, api = listing.url(world), world.person.api
    listing.add(world, range(3))
    ordering, *others = [f"{sign}{name}" for name in listing.orderings for sign in ("", "-")]
    cursor = cursor_in(page_of(world, url, limit=1, ordering=ordering)["next"])
    assert api.get(url, cursor=cursor, ordering=ordering, limit=2, count="true").status_code == 200
    foreign = [
        *(api.get(url, cursor=cursor, ordering=other) for other in others),
        *(api.get(other.url(world), cursor=cursor) for other in LISTS if other is not listing),
        bob.api.get(url, cursor=cursor, ordering=ordering),
    ]
    assert {refused(response) for response in foreign} == {(422, "invalid_cursor")}
    both = api.get(url, cursor=cursor, ordering=ordering, offset=0)
    assert refused(both) == (422, "validation_error")


@each_list
def test_a_cursor_that_was_tampered_with_is_refused(world: World, listing: Listing) -> None:
    url, api = listing.url(world), world.person.api
    listing.add(world, range(3))
    cursor = cursor_in(page_of(world, url, limit=1)["next"])
    body, _, signature = cursor.rpartition(".")
    for bad in (
        "", "x", ".", "..", "\x00", "é", "1", "null", "W10", f"{cursor}x", cursor[1:], cursor[:-1], cursor.swapcase(),
        body, f".{signature}", f"{body}.", f"{body[:-2]}.{signature}", cursor * 40, "9" * 5000,
    ):  # fmt: skip
        response = api.get(url, cursor=bad)
        assert refused(response) == (422, "invalid_cursor"), bad


def test_a_default_ordering_may_be_said_or_not(world: World) -> None:
    for place, listing in enumerate(LISTS):
        listing.add(world, some(place))
        url = listing.url(world)
        first = page_of(world, url, limit=1)
        said = [
            name
            for name in (f"{sign}{name}" for name in listing.orderings for sign in ("", "-"))
            if world.person.api.get(url, limit=1, cursor=cursor_in(first["next"]), ordering=name).status_code == 200
        ]
        assert len(said) == 1


@pytest.mark.parametrize("filter_", ["search=a", "tag=vip", "created_after=2020-01-01", "organization=acme"])
def test_a_cursor_is_for_one_filter(world: World, filter_: str) -> None:
    (listing,) = (listing for listing in LISTS if listing.path == "/contacts/")
    listing.add(world, range(3))
    cursor = cursor_in(page_of(world, "/contacts/?limit=1")["next"])
    response = world.person.api.get(f"/contacts/?{filter_}&cursor={cursor}")
    assert refused(response) == (422, "invalid_cursor")


@pytest.mark.slow
@each_ordering
def test_going_through_all_pages_and_back_shows_each_row_once(world: World, listing: Listing, ordering: str) -> None:
    url = listing.url(world)
    before = page_of(world, url)["count"]
    listing.add(world, range(ROWS))
    whole = [listing.identify(item) for item in page_of(world, url, ordering=ordering, limit=200)["items"]]
    assert len(whole) == len(set(whole)) == before + ROWS
    other = ordering.removeprefix("-") if ordering.startswith("-") else f"-{ordering}"
    opposite = page_of(world, url, ordering=other, limit=200)["items"]
    assert [listing.identify(item) for item in opposite] == whole[::-1]

    pages = walk(world, page_of(world, url, ordering=ordering, limit=25), "next")
    assert [listing.identify(item) for page in pages for item in page["items"]] == whole
    back = walk(world, pages[-1], "previous")
    assert [page["items"] for page in back] == [page["items"] for page in pages[::-1]]
    assert [page["next"] for page in back] == [page["next"] for page in pages[::-1]]


@pytest.mark.slow
@each_ordering
@pytest.mark.parametrize("direction", ["next", "previous"])
def test_rows_that_come_and_go_between_pages_make_none_be_missed_or_shown_twice(
    world: World, listing: Listing, ordering: str, direction: str
) -> None:
    url = listing.url(world)
    listing.add(world, range(0, ROWS, 2))
    fresh = zip(range(1, EQUAL, 2), range(EQUAL + 1, ROWS, 2), strict=True)
    # Without these the caller could not go on: the session of this request, the group, the own membership.
    sessions = page_of(world, "/auth/sessions", limit=200)["items"]
    needed = {world.org, world.person.slug, *(item["id"] for item in sessions if item["current"])}

    whole = page_of(world, url, limit=200)
    stay = {listing.identify(item) for item in whole["items"]}
    page = page_of(world, url, ordering=ordering, limit=11, offset=0 if direction == "next" else whole["count"] - 11)
    seen = [listing.identify(item) for item in page["items"]]
    while page[direction]:
        assert len(seen) <= 2 * ROWS
        shown = [listing.identify(item) for item in page["items"]]
        for key in {shown[0], shown[len(shown) // 2], shown[-1]} - needed:
            listing.remove(key)
        listing.add(world, next(fresh))
        page = page_of(world, page[direction])
        seen += [listing.identify(item) for item in page["items"]]
    assert len(seen) == len(set(seen))
    # What was removed had been shown before.
    assert stay <= set(seen)


@each_list
def test_a_list_costs_the_same_with_one_row_more_and_with_fifty(
    world: World, listing: Listing, count_queries: Any
) -> None:
    url = listing.url(world)

    def costs() -> list[int]:
        found = []
        for query in ({}, {"count": "false"}, {"ordering": listing.orderings[-1], "offset": 1}):
            with count_queries() as queries:
                page_of(world, url, limit=200, **query)
            found.append(len(queries))
        return found

    listing.add(world, [0])
    costs()  # content types and the like are looked up once
    first = costs()
    listing.add(world, range(1, 51))
    assert costs() == first
    link = page_of(world, url, limit=20)["next"]
    with count_queries() as queries:
        page_of(world, link)
    assert len(queries) == first[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8443"])
def test_links_to_pages_are_absolute_wherever_the_api_is_mounted(world: World, settings: Any, host: str) -> None:
    for place, listing in enumerate(LISTS):
        listing.add(world, some(place))
    settings.ROOT_URLCONF = __name__
    client = Client(headers={"Authorization": f"Bearer {world.person.access}", "Host": host})
    base = f"https://{host}/some/where/else"
    for listing in LISTS:
        first = client.get(f"/some/where/else{listing.url(world)}?limit=2", secure=True).json()
        assert first["next"].startswith(f"{base}{listing.url(world)}?")
        second = client.get(first["next"].removeprefix(f"https://{host}"), secure=True).json()
        assert second["previous"].startswith(f"{base}{listing.url(world)}?")
        back = client.get(second["previous"].removeprefix(f"https://{host}"), secure=True).json()
        assert back["items"] == first["items"]
        assert back["previous"] is None


def test_who_walks_by_offsets_drives_out_no_statement_that_others_use(world: World) -> None:
    page_of(world, "/contacts/")
    made = pagination._first_page_of.cache_info().misses
    for offset in range(1, 10):
        page_of(world, "/contacts/", offset=offset)
    assert pagination._first_page_of.cache_info().misses == made
    page_of(world, "/contacts/", limit=199)
    assert pagination._first_page_of.cache_info().misses == made + 1


def test_a_link_keeps_what_was_asked_for_whatever_its_letters(world: World) -> None:
    api = world.person.api
    for number in range(3):
        api.post("/contacts/", {"organization": world.org, "display_name": f"Größe & Söhne+{number}"})
    url = "/contacts/"
    query = {"search": "größe & söhne+", "tag": "日本", "organization": world.org, "limit": 1, "ordering": "-email"}
    for slug in [item["slug"] for item in page_of(world, url, search=query["search"])["items"]]:
        api.post(f"/orgs/{world.org}/tags/contacts/contact/{slug}/", ["日本"])
    page = page_of(world, url, **query)
    asked = parse_qs(urlsplit(page["next"]).query)
    assert {name: values[0] for name, values in asked.items() if name != "cursor"} == {
        name: str(value) for name, value in query.items()
    }
    assert page["next"].isascii()
    assert [len(page["items"]) for page in walk(world, page, "next")] == [1, 1, 1]


@pytest.mark.parametrize("letter", ["\U0001f389", "\U00010330", "\ufdfa", '"', "\\"])
def test_the_longest_names_in_any_script_make_links_that_servers_accept(world: World, letter: str) -> None:
    api = world.person.api
    for number in range(3):
        name = f"{letter * 254}{number}"
        assert api.post("/contacts/", {"organization": world.org, "display_name": name}).status_code == 201
        assert api.post("/orgs/", {"name": name}).status_code == 201
    for url, total in (("/contacts/", 4), ("/orgs/", 5)):
        pages = walk(world, page_of(world, url, limit=1), "next")
        found = [item["slug"] for page in pages for item in page["items"]]
        assert len(set(found)) == len(found) == total
        assert all(len(page["next"]) < 4000 for page in pages[:-1])  # many servers take no request line over 4 KiB


def test_a_cursor_holds_no_integer_key_of_what_has_a_slug(world: World) -> None:
    for place, listing in enumerate(LISTS):
        if listing.identify({"slug": "by slug", "id": "by id", "image": {"id": "by id"}}) == "by id":
            continue
        listing.add(world, some(place))
        cursor = cursor_in(page_of(world, listing.url(world), limit=1)["next"])
        assert re.fullmatch(r"[\w.-]+", cursor)
        body = cursor.partition(".")[0]
        direction, value, slug = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        assert direction == 1
        assert isinstance(slug, str)
        assert not str(value).isdigit()
