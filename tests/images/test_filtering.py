"""Searching the images of an organization, and filtering them by tags and by what has them."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.database import searched
from ninja_orgkit.database.tagging import TagTerms
from ninja_orgkit.images.models import Image
from ninja_orgkit.images.selectors import images_in
from ninja_orgkit.images.services.attachments import attach_images
from tests.conftest import CountQueries
from tests.images.actions import add_rows
from tests.media.pictures import picture
from tests.org import Org

pytestmark = pytest.mark.usefixtures("shared_org")

search_text: Any = import_module("ninja_orgkit.images.migrations.0004_search_text")


def titles(org: Org, **query: Any) -> list[str]:
    """Return the titles on the first page, in order."""
    response = org.api.get(org.images_path, **{"ordering": "title", **query})
    assert response.status_code == 200, response.content
    page = response.json()
    assert page["count"] in (None, len(page["items"])) or "limit" in query
    return [image["title"] for image in page["items"]]


def tag(org: Org, image: dict[str, Any], *names: str) -> None:
    """Assign tags to an image."""
    assert org.api.post(f"{org.tags_path}images/image/{image['id']}/", list(names)).status_code == 200


def test_a_search_finds_images_by_each_of_their_texts(org: Org) -> None:
    org.add_image(picture(name="IMG_2041.png"), title="Zoë at the beach", alt_text="A dog runs")
    org.add_image(picture(name="team.png"), title="Office", description="Café, 100% full")
    assert titles(org, search="ZOE") == ["Zoë at the beach"]
    assert titles(org, search="dog beach") == ["Zoë at the beach"]
    assert titles(org, search="cafe 100%") == ["Office"]
    assert titles(org, search="img_2041.PNG") == ["Zoë at the beach"]
    assert titles(org, search="2041") == ["Zoë at the beach"]
    assert titles(org, search="png") == ["Office", "Zoë at the beach"]
    assert titles(org, search="dog office") == []
    assert titles(org, search=" ") == ["Office", "Zoë at the beach"]


def test_a_search_follows_changes_of_the_texts(org: Org) -> None:
    content = picture().read()
    image = org.add_image(SimpleUploadedFile("a.png", content), title="Before")
    org.api.patch(org.image_path(image["id"]), {"title": "After"})
    org.api.patch(org.image_path(image["id"]), {"description": "Later"})
    assert [titles(org, search=term) for term in ("before", "after later")] == [[], ["After"]]
    Image.objects.update(status="failed")
    mended = org.api.upload(org.images_path, file=SimpleUploadedFile("b.png", content), alt_text="Mended")
    assert mended.status_code == 201
    assert titles(org, search="after later mended") == ["After"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"tag": "vip"}, "AB"), ({"tag": ["vip", "new"]}, "A"), ({"tag_any": ["vip", "new"]}, "ABC"),
        ({"tag_none": "vip"}, "CD"), ({"tag": "unknown"}, ""), ({"tag_none": "unknown"}, "ABCD"),
        ({"unattached": "true"}, "BCD"), ({"unattached": "false"}, "ABCD"), ({"unattached": "1", "tag": "vip"}, "B"),
        ({"search": "of them", "tag_any": "new", "unattached": "true"}, "C"),
    ],
)  # fmt: skip
def test_images_are_filtered_by_tags_and_attachments(
    org: Org, other_org: Org, query: dict[str, Any], found: str
) -> None:
    tags = {"A": ["vip", "new"], "B": ["vip"], "C": ["new"], "D": []}
    for name, names in tags.items():
        image = org.add_image(title=name, description="One of them")
        tag(org, image, *names) if names else None
    tag(other_org, other_org.add_image(title="Elsewhere"), "vip", "unknown")
    contact = org.add_contact("Ada")
    attach_images(Contact.objects.get(slug=contact["slug"]), [Image.objects.get(title="A").pk])
    assert titles(org, **query) == list(found)
    assert "".join(image["title"] for image in org.api.walk(org.images_path, ordering="title", limit=1, **query)) == (
        found
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"search": "x" * 201}, {"search": " ".join("abcdefghijk")}, {"search": "\x00"}, {"tag": "x" * 51},
        {"tag_any": "a\x00"}, {"tag_none": [f"t{number}" for number in range(21)]}, {"unattached": "yes"},
        {"unattached": ""}, {"tags": "vip"}, {"attached": "true"},
    ],
)  # fmt: skip
def test_invalid_filters_are_refused(org: Org, bad: dict[str, Any]) -> None:
    assert org.api.get(org.images_path, **bad).status_code == 422


def test_a_cursor_is_bound_to_the_filters(org: Org) -> None:
    add_rows(org, 3)
    following = org.api.get(org.images_path, limit=1, unattached="true").json()["next"]
    assert org.api.get(following).status_code == 200
    cursor = following.split("cursor=")[1].split("&")[0]
    for query in ("", "unattached=false", "unattached=true&search=0", "unattached=true&tag_none=x"):
        response = org.api.get(f"{org.images_path}?{query}&cursor={cursor}")
        assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


def test_filtering_images_runs_as_many_statements_for_1_image_as_for_50(org: Org, count_queries: CountQueries) -> None:
    def cost(**query: Any) -> int:
        with count_queries() as queries:
            assert org.api.get(org.images_path, **query).status_code == 200
        return len(queries)

    # One more statement looks up the tags, however many there are.
    queries = ({"search": "0"}, {"unattached": "true"}, {"tag": ["a", "b"], "tag_any": "c", "tag_none": "d"})
    add_rows(org, 1)
    tag(org, org.api.get(org.images_path).json()["items"][0], "a", "b", "c")
    one = [cost(**query) for query in queries]
    add_rows(org, 49)
    assert [cost(**query) for query in queries] == one == [3, 3, 4]


@pytest.mark.parametrize(("walk", "ordering"), [(1, "-created_at"), (10, "title"), (2000, "-size")])
def test_a_search_finds_the_same_however_far_it_walks(
    org: Org, monkeypatch: pytest.MonkeyPatch, walk: int, ordering: str
) -> None:
    monkeypatch.setattr(searched, "_WALK", walk)
    ids = add_rows(org, 30)
    for number, image in enumerate(Image.objects.order_by("pk")):
        image.description, image.size = "needle" * (number % 4 == 0), number % 3 + 1
        image.save()
    everything = [image["id"] for image in org.api.walk(org.images_path, ordering=ordering)]
    expected = [key for key in everything if ids.index(key) % 4 == 0]
    query: dict[str, Any] = {"search": "needle", "ordering": ordering}
    assert [image["id"] for image in org.api.walk(org.images_path, limit=3, **query)] == expected
    part = org.api.get(org.images_path, limit=2, offset=3, **query).json()["items"]
    assert [image["id"] for image in part] == expected[3:5]


def test_images_of_an_earlier_version_are_found(org: Org) -> None:
    org.add_image(picture(name="IMG_2041.png"), title="Zoë")
    Image.objects.update(search_text="")
    assert titles(org, search="zoe") == []
    search_text.fill(apps, SimpleNamespace(connection=connection))
    assert titles(org, search="zoe img") == ["Zoë"]


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_search_has_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [["orgkit_images_search"]])
        ((definition,),) = cursor.fetchall()
    assert "USING gin (organization_id, search_text gin_trgm_ops)" in definition


@pytest.mark.postgres
def test_a_rare_tag_leads_to_its_images_by_an_index(org: Org) -> None:
    image = org.add_image(title="Rare")
    tag(org, image, "rare")
    rows = [
        Image(organization=org.row, format="png", width=1, height=1, size=1, sha256=f"{number:064}", file="x")
        for number in range(3000)
    ]
    Image.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orgkit_images_image")
        cursor.execute("ANALYZE orgkit_tags_tagassignment")
    found = images_in(org.row, tags=TagTerms(["rare"])).queryset.order_by("-created_at", "-id")[:51]
    assert "orgkit_images_by_key_text" in found.explain()
