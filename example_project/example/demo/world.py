"""Who and what is in the seeded world."""

from __future__ import annotations

from typing import NamedTuple


class Login(NamedTuple):
    """Somebody who can sign in."""

    email: str
    first_name: str
    last_name: str
    who: str


class Person(NamedTuple):
    """Somebody whom the organization knows."""

    first_name: str
    last_name: str
    location: str
    tags: list[str]


class Article(NamedTuple):
    """Something that the shop sells."""

    sku: str
    name: str
    price: str
    tags: list[str]


ORGANIZATION = "Analytical Society"
SLUG = "analytical-society"

OWNER = Login("ada@example.org", "Ada", "Lovelace", f"owner of {SLUG}, and in the admin a superuser named ada")
MEMBER = Login("grace@example.org", "Grace", "Hopper", f"member of {SLUG}")

TAG_COLORS = {
    "VIP": "#c2410c",
    "mathematics": "#1d4ed8",
    "hardware": "#0b6e4f",
    "languages": "#7c3aed",
    "C++": "#be185d",
}

PEOPLE = [
    Person("Charles", "Babbage", "London", ["VIP", "hardware"]),
    Person("Alan", "Turing", "Manchester", ["VIP", "mathematics"]),
    Person("Katherine", "Johnson", "Hampton", ["mathematics"]),
    Person("Dorothy", "Vaughan", "Hampton", ["languages"]),
    Person("Mary", "Somerville", "Jedburgh", ["mathematics"]),
    Person("Emmy", "Noether", "Göttingen", ["VIP", "mathematics"]),
    Person("Konrad", "Zuse", "Berlin", ["hardware"]),
    Person("Édouard", "Lucas", "Amiens", ["mathematics"]),
    Person("Rózsa", "Péter", "Budapest", ["mathematics", "languages"]),
    Person("Sofja", "Kowalewskaja", "Stockholm", ["mathematics"]),
    Person("康彦", "後藤", "東京", ["hardware"]),
    Person("Bjarne", "Stroustrup", "Aarhus", ["languages", "C++"]),
    Person("Barbara", "Liskov", "Boston", ["VIP", "languages"]),
    Person("Jean", "Bartik", "Philadelphia", ["hardware"]),
    Person("Kathleen", "Booth", "London", ["hardware", "languages"]),
    Person("Edith", "Clarke", "Austin", ["hardware", "mathematics"]),
    Person("Adele", "Goldberg", "Palo Alto", ["languages"]),
    Person("Mary", "Keller", "Dubuque", ["languages"]),
    Person("محمد", "الخوارزمي", "بغداد", ["VIP", "mathematics"]),
    Person("Leonardo", "Torres Quevedo", "Santander", ["hardware"]),
]

PICTURES = ["Evening over the hills", "A clear morning", "The last light", "Before the rain"]

ARTICLES = [
    Article("difference-engine", "Difference engine, kit", "249.00", ["hardware", "VIP"]),
    Article("cards-500", "Punched cards, box of 500", "18.50", ["hardware"]),
    Article("nanosecond", "A nanosecond of wire, 29.98 cm", "2.95", ["hardware"]),
]
