"""Searching contacts, and filtering them by tag and time."""

from __future__ import annotations

from typing import Any

import pytest

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database import searched
from tests.contacts.actions import names
from tests.org import MakeOrg, Org

pytestmark = pytest.mark.usefixtures("shared_org")


def test_a_search_finds_contacts_that_contain_every_term(org: Org) -> None:
    org.add_contact("Zoë Ångström", email="z@uni.se", phone="+46 123", notes="Loves PHYSICS")
    org.add_contact("Zoe Miller", notes="100% _sure_")

    def found(search: str) -> list[str]:
        return names(org.api.get("/contacts/", search=search))

    assert found("zoe") == ["Zoë Ångström", "Zoe Miller"]
    assert found("ZOË angstrom") == ["Zoë Ångström"]
    assert found("uni.SE physics +46 zoe") == ["Zoë Ångström"]
    assert found("zoe nobody") == []
    assert found("%") == ["Zoe Miller"]
    assert found("_sure") == ["Zoe Miller"]
    assert found("  ") == ["Zoë Ångström", "Zoe Miller"]
    assert found("straße") == []


@pytest.mark.parametrize(
    "bad",
    [
        {"search": "x" * 201}, {"search": " ".join("abcdefghijk")}, {"search": "a " * 11}, {"search": "\x00"},
        {"tag": "a\x00"}, {"tag": "x" * 51}, {"tag": [f"t{number}" for number in range(21)]},
        {"tag_any": "a\x00"}, {"tag_none": "x" * 51}, {"tag_none": [f"t{number}" for number in range(21)]},
        {"ordering": "id"}, {"ordering": "slug"}, {"limit": 0}, {"limit": 10**9},
        {"limit": 5, "offset": 0, "cursor": "x"},
        {"created_after": "yesterday"}, {"updated_after": "0001-01-01T00:00:00+14:00"},
        {"created_after": "9999-12-31T23:59:59-14:00"}, {"created_after": ""}, {"created_after": "9" * 30},
    ],
)  # fmt: skip
def test_invalid_queries_are_refused(org: Org, bad: dict[str, Any]) -> None:
    assert org.api.get("/contacts/", **bad).status_code == 422


def test_a_search_may_have_ten_terms(org: Org) -> None:
    assert org.api.get("/contacts/", search=" ".join("abcdefghij")).status_code == 200


@pytest.mark.parametrize("field", ["created_after", "updated_after"])
@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("0001-01-01T00:00:00Z", ["Ada"]), ("2020-01-01T00:00:00-14:00", ["Ada"]), ("9999-12-31T23:59:59Z", []),
        ("9999-12-31T23:59:59+14:00", []),
    ],
)  # fmt: skip
def test_filters_accept_the_first_and_last_moments_of_the_calendar(
    org: Org, field: str, since: str, found: list[str]
) -> None:
    org.add_contact("Ada")
    query: dict[str, Any] = {field: since}
    assert names(org.api.get("/contacts/", **query)) == found


def test_wildcards_and_quotes_are_searched_literally(org: Org) -> None:
    for name in ("50% off", "a_b", "back\\slash", 'O\'Brien "Q"', "plain"):
        org.add_contact(name)
    for search, found in (
        ("50%", ["50% off"]), ("5%f", []), ("_", ["a_b"]), ("\\", ["back\\slash"]), ("k\\s", ["back\\slash"]),
        ("'b", ["O'Brien \"Q\""]), ('"', ["O'Brien \"Q\""]), ("\\%", []), ("(", []), ("*", []),
    ):  # fmt: skip
        assert names(org.api.get("/contacts/", search=search)) == found


def test_a_search_treats_letters_with_a_stroke_as_plain_ones(org: Org) -> None:
    org.add_contact("Łukasz Øst", notes="Straße, Đặng")
    for search in ("lukasz ost strasse dang", "ŁUKASZ øST"):
        assert names(org.api.get("/contacts/", search=search)) == ["Łukasz Øst"]


@pytest.mark.parametrize(
    ("written", "searches"),
    [
        ("O\u2019Brien", ["o'brien", "O\u2018BRIEN", "o\u02bcbrien", "o\u00b4brien", "o`brien", "o\uff07brien"]),
        ("O'Brien", ["o\u2019brien", "o\u02bbbrien", "o\u2032brien"]),
        ("the \u201cQueen\u201d", ['"queen"', "\u00abqueen\u00bb", "\u201equeen\u201c", "\uff02queen\uff02"]),
        ('the "Queen"', ["\u201cqueen\u201d", "\u00bbqueen\u00ab"]),
        (
            "Jean\u2013Luc",
            ["jean-luc", "jean\u2010luc", "jean\u2011luc", "jean\u2014luc", "jean\u2212luc", "JEAN\uff0dLUC"],
        ),
        ("Jean-Luc", ["jean\u2013luc", "jean\u2015luc"]),
        (
            "\u05d1\u05df\u05be\u05d2\u05d5\u05e8\u05d9\u05d5\u05df",
            ["\u05d1\u05df-\u05d2\u05d5\u05e8\u05d9\u05d5\u05df"],
        ),
        ("Jo\u00adhn", ["john"]),
    ],
)
def test_typographic_and_ascii_signs_are_alike(org: Org, written: str, searches: list[str]) -> None:
    org.add_contact(written)
    org.add_contact("Someone else")
    for search in searches:
        assert names(org.api.get("/contacts/", search=search)) == [written]


@pytest.mark.parametrize(
    ("written", "search"),
    [
        ("Z\u00f6e", "zoe"),
        ("Vi\u1ec7t", "viet"),
        ("\u0395\u03bb\u03ad\u03bd\u03b7", "\u03b5\u03bb\u03b5\u03bd\u03b7"),
        ("\u0401\u043b\u043a\u0430", "\u0435\u043b\u043a\u0430"),
        ("\u0419\u043e\u0433", "\u0438\u0306\u043e\u0433"),
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f", "\u0645\u062d\u0645\u062f"),
        ("\u0623\u062d\u0645\u062f", "\u0627\u062d\u0645\u062f"),
        ("\uff76\uff9e", "\u30ac"),
    ],
)
def test_marks_of_latin_greek_cyrillic_hebrew_and_arabic_letters_make_no_difference(
    org: Org, written: str, search: str
) -> None:
    org.add_contact("One", notes=written)
    org.add_contact("Two", notes=search)
    for text in (written, search):
        assert names(org.api.get("/contacts/", search=text)) == ["One", "Two"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0439\u043e\u0433", "\u0438\u043e\u0433"),
        ("\u30ac", "\u30ab"),
        ("\u3071", "\u306f"),
        ("\u0915\u093f", "\u0915\u0940"),
        ("\u0915\u093c", "\u0915\u094d"),
        ("\u0e19\u0e49\u0e33", "\u0e19\u0e48\u0e33"),
        ("\u0e01\u0e34", "\u0e01\u0e38"),
        ("\u1000\u103a", "\u1000\u1039"),
    ],
)
def test_other_marks_make_another_letter(org: Org, one: str, other: str) -> None:
    org.add_contact("One", notes=one)
    org.add_contact("Other", notes=other)
    assert names(org.api.get("/contacts/", search=one)) == ["One"]
    assert names(org.api.get("/contacts/", search=other)) == ["Other"]


@pytest.mark.parametrize(
    ("phone", "searches"),
    [
        (
            "+1 (555) 010-0199",
            [
                "(555)",
                "5550100199",
                "+15550100199",
                "555-010-0199",
                "+1 (555) 010-0199",
                "+1 555.010.0199",
                "0199",
                "010-01",
                "0015550100199",
                "+1",
                "555/0100199",
            ],
        ),
        ("+49 (0)30 123456", ["+4930123456", "030123456", "+49 (0)30 123456", "(0)30", "004930123456", "030/123456"]),
        ("030 123456", ["030123456", "030-12-34-56", "(030)123456", "123456"]),
        ("0046 8 123", ["+468123", "00468123", "8123", "0046"]),
        ("\u0660\u0665\u0660 123", ["050123", "\u0660\u0665\u0660123"]),
        ("555\u20110199", ["5550199", "555-0199", "555\u20130199"]),
    ],
)
def test_a_phone_number_is_found_as_dialled_and_as_written(org: Org, phone: str, searches: list[str]) -> None:
    org.add_contact("Someone", phone=phone, notes="since 2026")
    org.add_contact("Someone else", phone="+7 777 777")
    for search in searches:
        assert names(org.api.get("/contacts/", search=search)) == ["Someone"], search
    assert names(org.api.get("/contacts/", search="5559999")) == []


def test_numbers_in_other_texts_are_found_as_written_and_by_their_digits(org: Org) -> None:
    org.add_contact("A", notes="Met 2026-11-28, call 555 010 0199 or 1.5+2")
    org.add_contact("B", email="b@17-4.example")
    for search, found in (
        ("2026-11-28", ["A"]),
        ("2026-11", ["A"]),
        ("26-11", ["A"]),
        ("5550100199", ["A"]),
        ("1.5", ["A"]),
        (".5+", ["A"]),
        ("17-4", ["B"]),
        ("@17-4.", ["B"]),
        ("2026-11 met", ["A"]),
        ("2026-12", []),
        ("+", ["A"]),
    ):
        assert names(org.api.get("/contacts/", search=search)) == found, search


def test_a_search_may_have_two_hundred_characters_before_normalisation(org: Org) -> None:
    org.add_contact("\ufdfa" * 200)
    assert org.api.get("/contacts/", search="\ufdfa" * 200).status_code == 200
    assert names(org.api.get("/contacts/", search="x" * 200)) == []
    assert len(names(org.api.get("/contacts/", search=" " * 300))) == 1


def test_all_tags_of_a_filter_must_match_and_no_contact_is_repeated(org: Org) -> None:
    for name, tags in (("A", ["vip", "日本"]), ("B", ["vip"]), ("C", ["日本", "C++"]), ("D", [])):
        slug = org.add_contact(name)["slug"]
        if tags:
            org.api.post(f"/orgs/{org.slug}/tags/contacts/contact/{slug}/", {"tags": tags})
    assert names(org.api.get("/contacts/", tag="vip")) == ["A", "B"]
    assert names(org.api.get("/contacts/", tag=["vip", "日本"])) == ["A"]
    assert org.api.get("/contacts/", tag=["vip", "日本"]).json()["count"] == 1
    assert names(org.api.get("/contacts/", tag="unknown")) == []
    assert names(org.api.get("/contacts/", tag_any=["vip", "日本"])) == ["A", "B", "C"]
    assert names(org.api.get("/contacts/", tag_any="unknown")) == []
    assert names(org.api.get("/contacts/", tag_none=["vip", "unknown"])) == ["C", "D"]
    assert names(org.api.get("/contacts/", tag="日本", tag_any=["vip", "c"], tag_none="c")) == ["A"]


def test_a_tag_filter_searches_every_organization_of_the_caller(org: Org, other_org: Org, make_org: MakeOrg) -> None:
    third = make_org("third")
    other_org.join(org.owner, "member")
    for each, name in ((org, "A"), (other_org, "B"), (third, "C")):
        each.api.post(each.tags_path_of(each.add_contact(name)), {"tags": ["vip"]})
    assert names(org.api.get("/contacts/", tag="vip")) == ["A", "B"]
    assert names(org.api.get("/contacts/", tag="unknown")) == []
    assert names(org.api.get("/contacts/", tag_any=["vip", "unknown"])) == ["A", "B"]
    assert names(org.api.get("/contacts/", tag_none="vip")) == []


def test_the_time_filters_exclude_the_given_moment(org: Org) -> None:
    first, second = org.add_contact("A"), org.add_contact("B")
    assert names(org.api.get("/contacts/", created_after=first["created_at"])) == ["B"]
    assert names(org.api.get("/contacts/", created_after=second["created_at"])) == []
    changed = org.api.patch(f"/contacts/{first['slug']}/", {"notes": "x"}).json()
    assert names(org.api.get("/contacts/", updated_after=second["updated_at"])) == ["A"]
    assert names(org.api.get("/contacts/", updated_after=changed["updated_at"])) == []


@pytest.mark.parametrize(("walk", "ordering"), [(1, "display_name"), (20, "-last_name"), (2000, "last_name")])
def test_a_search_finds_the_same_however_far_it_walks(
    org: Org, other_org: Org, monkeypatch: pytest.MonkeyPatch, walk: int, ordering: str
) -> None:
    monkeypatch.setattr(searched, "_WALK", walk)
    other_org.join(org.owner, "member")
    contacts = [
        Contact(
            organization=home.row,
            display_name=f"{number % 7} {number}",
            last_name=f"{number % 5}",
            notes="100%" * (number % 4 == 0) + " late" * (number > 35),
        )
        for home in (org, other_org)
        for number in range(40)
    ]
    for contact in contacts:
        contact.derive()
    Contact.objects.bulk_create(contacts)
    everything = names(org.api.get("/contacts/", ordering=ordering, limit=200))
    for search, found in (
        ("100%", lambda number: number % 4 == 0),
        ("late", lambda number: number > 35),
        ("100% late", lambda number: number == 36),
        ("nobody", lambda _number: False),
    ):
        expected = [name for name in everything if found(int(name.split()[1]))]
        query: dict[str, Any] = {"search": search, "ordering": ordering}
        assert [item["display_name"] for item in org.api.walk("/contacts/", limit=7, **query)] == expected
        assert names(org.api.get("/contacts/", limit=3, offset=4, **query)) == expected[4:7]
        mine = names(org.api.get("/contacts/", organization=org.slug, **query))
        assert len(mine) * 2 == len(expected)
        if len(expected) > 6:
            following = org.api.get(org.api.get("/contacts/", limit=3, **query).json()["next"]).json()
            assert names(org.api.get(following["previous"])) == expected[:3]
