"""Listing, reading, changing and deleting images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.tags.models import TagAssignment
from tests.client import told
from tests.conftest import CountQueries, RunOutbox
from tests.images.actions import add_rows, attach
from tests.media.files import files_in
from tests.media.pictures import picture
from tests.org import Org

pytestmark = pytest.mark.usefixtures("shared_org")


def test_the_newest_images_come_first(org: Org) -> None:
    ids = [org.add_image()["id"] for _ in range(3)]
    page = org.api.get(org.images_path).json()
    assert [image["id"] for image in page["items"]] == ids[::-1]
    assert page["count"] == 3


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "title", "-title", "size", "-size"])
def test_paging_neither_skips_nor_repeats_an_image(org: Org, ordering: str) -> None:
    ids = set(add_rows(org, 7))
    Image.objects.filter(pk__in=sorted(ids)[:4]).update(title="the same", title_sort="the same")
    seen = [image["id"] for image in org.api.walk(org.images_path, limit=2, ordering=ordering)]
    assert len(seen) == 7
    assert set(seen) == ids


@pytest.mark.parametrize("ordering", ["title", "-title"])
def test_titles_are_sorted_whatever_their_case_and_accents(org: Org, ordering: str) -> None:
    for title in ("Zoo", "\u00c4pfel", "apes", "Beach"):
        org.add_image(title=title)
    renamed = org.add_image(title="Zzz")
    org.api.patch(org.image_path(renamed["id"]), {"title": "b\u00e9ach"})
    seen = [image["title"] for image in org.api.walk(org.images_path, limit=2, ordering=ordering)]
    expected = ["apes", "\u00c4pfel", "Beach", "b\u00e9ach", "Zoo"]
    assert seen == (expected if ordering == "title" else expected[::-1])


def test_an_unknown_ordering_is_refused(org: Org) -> None:
    assert org.api.get(org.images_path, ordering="sha256").status_code == 422


def test_listing_images_runs_three_statements_for_1_image_and_for_50(org: Org, count_queries: CountQueries) -> None:
    add_rows(org, 1)
    with count_queries() as one:
        org.api.get(org.images_path)
    add_rows(org, 49)
    with count_queries() as fifty:
        assert len(org.api.get(org.images_path).json()["items"]) == 50
    assert len(one) == len(fifty) == 3


@pytest.mark.parametrize("image_id", ["0", str(2**63), "9" * 30, "x", "-1", "1.5", "%20"])
def test_a_malformed_image_id_is_not_found(org: Org, contact: str, image_id: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body, kind = (b"{}", "application/json") if method == "PATCH" else (b"", "")
        response = org.api.send(method, f"{org.images_path}{image_id}/", body, content_type=kind)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert org.api.patch(f"{contact}{image_id}/", {}).status_code == 404
    assert org.api.delete(f"{contact}{image_id}/").status_code == 404


def test_images_of_another_organization_answer_like_unknown_ones(
    org: Org, other_org: Org, count_queries: CountQueries
) -> None:
    image_id = org.add_image()["id"]
    answers = []
    for path in (other_org.image_path(image_id), other_org.image_path(image_id + 1000)):
        with count_queries() as queries:
            response = other_org.api.get(path)
        answers.append((response.status_code, told(response), len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert other_org.api.patch(other_org.image_path(image_id), {"title": "mine"}).status_code == 404
    assert other_org.api.delete(other_org.image_path(image_id)).status_code == 404
    assert other_org.api.get(org.image_path(image_id)).status_code == 404


def test_a_patch_changes_only_the_given_texts(org: Org) -> None:
    image = org.add_image(title="Old", alt_text="A thing")
    response = org.api.patch(org.image_path(image["id"]), {"title": " New ", "description": ""})
    assert response.status_code == 200
    changed = response.json()
    assert (changed["title"], changed["alt_text"]) == ("New", "A thing")
    assert changed["updated_at"] > image["updated_at"]
    assert org.api.patch(org.image_path(image["id"]), {}).json() == changed


@pytest.mark.parametrize(
    "body",
    [
        {"status": "ready"},
        {"file": "x"},
        {"organization": "x"},
        {"renditions": {}},
        {"title": None},
        {"title": 1},
        [],
        "x",
    ],
)
def test_a_patch_of_anything_but_texts_is_refused(org: Org, body: Any) -> None:
    image = org.add_image()
    assert org.api.patch(org.image_path(image["id"]), body).status_code == 422
    assert org.api.get(org.image_path(image["id"])).json() == image


def test_a_viewer_can_read_images_but_not_change_them(org: Org) -> None:
    image = org.add_image()
    viewer = org.as_("viewer")
    assert viewer.get(org.images_path).json()["items"] == [image]
    assert viewer.patch(org.image_path(image["id"]), {"title": "x"}).status_code == 403
    assert viewer.delete(org.image_path(image["id"])).status_code == 403
    assert viewer.post(f"{org.images_root}/bulk-delete/", {"ids": [image["id"]]}).status_code == 403


def test_a_change_with_an_outdated_etag_is_refused(org: Org) -> None:
    image = org.add_image()
    path = org.image_path(image["id"])
    known = org.api.get(path)["ETag"]
    unchanged = org.api.get(path, headers={"If-None-Match": known})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert not {"content-length", "content-type"} & {header.lower() for header in unchanged.headers}
    assert org.api.patch(path, {"title": "New"}, headers={"If-Match": known}).status_code == 200
    assert org.api.get(path, headers={"If-None-Match": known}).status_code == 200
    assert org.api.patch(path, {"title": "Newer"}, headers={"If-Match": known}).status_code == 412
    assert org.api.delete(path, headers={"If-Match": known}).status_code == 412
    assert org.api.delete(path, headers={"If-Match": org.api.get(path)["ETag"]}).status_code == 204


def test_a_private_image_does_not_leak_through_an_etag(org: Org, other_org: Org) -> None:
    path = org.image_path(org.add_image()["id"])
    etag = org.api.get(path)["ETag"]
    for value in (etag, "*"):
        assert other_org.api.get(path, headers={"If-None-Match": value}).status_code == 404
        assert other_org.api.delete(path, headers={"If-Match": value}).status_code == 404


def test_deleting_an_image_leaves_no_row_and_no_file(
    org: Org, contact: str, media_root: Path, run_outbox: RunOutbox
) -> None:
    image = org.add_image(picture(width=900, height=700))
    run_outbox()
    assert len(files_in(media_root)) > 2
    attach(org, contact, image["id"])
    org.api.post(f"/orgs/{org.slug}/tags/images/image/{image['id']}/", {"tags": ["beach"]})
    assert TagAssignment.objects.count() == 1
    assert org.api.delete(org.image_path(image["id"])).status_code == 204
    assert org.api.get(org.image_path(image["id"])).status_code == 404
    assert not ImageAttachment.objects.exists()
    assert not TagAssignment.objects.exists()
    run_outbox()
    assert not files_in(media_root)
    assert org.api.get(image["url"]).status_code == 404
    assert org.api.delete(org.image_path(image["id"])).status_code == 404


def test_the_bytes_of_a_deleted_image_can_be_uploaded_again(org: Org, media_root: Path, run_outbox: RunOutbox) -> None:
    file = picture()
    image = org.add_image(file)
    org.api.delete(org.image_path(image["id"]))
    file.seek(0)
    org.add_image(file)
    run_outbox()
    row = Image.objects.get()
    assert files_in(media_root) == sorted(row.stored_names())


def test_a_wrong_method_answers_with_the_allowed_ones(org: Org, contact: str) -> None:
    for path in (
        org.images_path,
        org.image_path(1),
        contact,
        f"{contact}1/",
        f"{contact}bulk_attach/",
        f"{org.images_root}/attach/",
    ):
        response = org.api.put(path, {})
        assert response.status_code == 405
        assert response["Allow"]
