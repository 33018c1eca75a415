"""Listing, reading, changing and deleting images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.tags.models import TagAssignment
from tests.conftest import RunOutbox
from tests.images.conftest import Album, files_in
from tests.images.conftest import picture as new_picture

CountQueries = Callable[[], Any]


def test_the_newest_images_come_first(album: Album) -> None:
    ids = [album.add()["id"] for _ in range(3)]
    page = album.api.get(album.path).json()
    assert [image["id"] for image in page["items"]] == ids[::-1]
    assert page["count"] == 3


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "title", "-title", "size", "-size"])
def test_no_image_is_skipped_or_repeated_over_pages(album: Album, ordering: str) -> None:
    ids = set(album.fill(7))
    Image.objects.filter(pk__in=sorted(ids)[:4]).update(title="the same")
    seen: list[int] = []
    url: str | None = f"{album.path}?limit=2&ordering={ordering}"
    while url:
        page = album.api.get(url).json()
        seen += [image["id"] for image in page["items"]]
        url = page["next"]
    assert len(seen) == 7
    assert set(seen) == ids


def test_an_unknown_ordering_is_refused(album: Album) -> None:
    assert album.api.get(album.path, ordering="sha256").status_code == 422


def test_a_list_costs_the_same_with_one_image_and_with_fifty(album: Album, count_queries: CountQueries) -> None:
    album.fill(1)
    with count_queries() as one:
        album.api.get(album.path)
    album.fill(49)
    with count_queries() as fifty:
        assert len(album.api.get(album.path).json()["items"]) == 50
    assert len(one) == len(fifty) == 4


@pytest.mark.parametrize("image_id", ["0", str(2**63), "9" * 30, "x", "-1", "1.5", "%20"])
def test_what_is_no_id_is_not_found(album: Album, contact: str, image_id: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body, kind = (b"{}", "application/json") if method == "PATCH" else (b"", "")
        response = album.api.send(method, f"{album.path}{image_id}/", body, content_type=kind)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert album.api.patch(f"{contact}{image_id}/", {}).status_code == 404
    assert album.api.delete(f"{contact}{image_id}/").status_code == 404


def test_unknown_and_foreign_images_are_told_alike(album: Album, foreign: Album, count_queries: CountQueries) -> None:
    image_id = album.add()["id"]
    answers = []
    for path in (foreign.one(image_id), foreign.one(image_id + 1000)):
        with count_queries() as queries:
            response = foreign.api.get(path)
        answers.append((response.status_code, response.content, len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert foreign.api.patch(foreign.one(image_id), {"title": "mine"}).status_code == 404
    assert foreign.api.delete(foreign.one(image_id)).status_code == 404
    assert foreign.api.get(album.one(image_id)).status_code == 404


def test_a_patch_changes_the_texts_that_it_names(album: Album) -> None:
    image = album.add(title="Old", alt_text="A thing")
    response = album.api.patch(album.one(image["id"]), {"title": " New ", "description": ""})
    assert response.status_code == 200
    changed = response.json()
    assert (changed["title"], changed["alt_text"]) == ("New", "A thing")
    assert changed["updated_at"] > image["updated_at"]
    assert album.api.patch(album.one(image["id"]), {}).json() == changed


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
def test_a_patch_sets_nothing_else(album: Album, body: Any) -> None:
    image = album.add()
    assert album.api.patch(album.one(image["id"]), body).status_code == 422
    assert album.api.get(album.one(image["id"])).json() == image


def test_who_may_only_look_changes_nothing(viewer: Album, album: Album) -> None:
    image = album.add()
    assert viewer.api.get(viewer.path).json()["items"] == [image]
    assert viewer.api.patch(viewer.one(image["id"]), {"title": "x"}).status_code == 403
    assert viewer.api.delete(viewer.one(image["id"])).status_code == 403
    assert viewer.api.post(f"{viewer.root}/bulk-delete/", {"ids": [image["id"]]}).status_code == 403


def test_a_stale_change_is_refused(album: Album) -> None:
    image = album.add()
    path = album.one(image["id"])
    known = album.api.get(path)["ETag"]
    unchanged = album.api.get(path, headers={"If-None-Match": known})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert not {"content-length", "content-type"} & {header.lower() for header in unchanged.headers}
    assert album.api.patch(path, {"title": "New"}, headers={"If-Match": known}).status_code == 200
    assert album.api.get(path, headers={"If-None-Match": known}).status_code == 200
    assert album.api.patch(path, {"title": "Newer"}, headers={"If-Match": known}).status_code == 412
    assert album.api.delete(path, headers={"If-Match": known}).status_code == 412
    assert album.api.delete(path, headers={"If-Match": album.api.get(path)["ETag"]}).status_code == 204


def test_a_private_image_does_not_leak_through_an_etag(album: Album, foreign: Album) -> None:
    path = album.one(album.add()["id"])
    etag = album.api.get(path)["ETag"]
    for value in (etag, "*"):
        assert foreign.api.get(path, headers={"If-None-Match": value}).status_code == 404
        assert foreign.api.delete(path, headers={"If-Match": value}).status_code == 404


def test_deleting_an_image_leaves_no_row_and_no_file(
    album: Album, contact: str, media_root: Path, run_outbox: RunOutbox
) -> None:
    image = album.add(new_picture(width=900, height=700))
    run_outbox()
    assert len(files_in(media_root)) > 2
    album.attach(contact, image["id"])
    album.api.post(f"/orgs/{album.org}/tags/images/image/{image['id']}/", {"tags": ["beach"]})
    assert TagAssignment.objects.count() == 1
    assert album.api.delete(album.one(image["id"])).status_code == 204
    assert album.api.get(album.one(image["id"])).status_code == 404
    assert not ImageAttachment.objects.exists()
    assert not TagAssignment.objects.exists()
    run_outbox()
    assert not files_in(media_root)
    assert album.api.get(image["url"]).status_code == 404
    assert album.api.delete(album.one(image["id"])).status_code == 404


def test_the_bytes_of_a_deleted_image_can_be_uploaded_again(
    album: Album, media_root: Path, run_outbox: RunOutbox
) -> None:
    file = new_picture()
    image = album.add(file)
    album.api.delete(album.one(image["id"]))
    file.seek(0)
    album.add(file)
    run_outbox()
    row = Image.objects.get()
    assert files_in(media_root) == sorted(row.stored_names())


def test_wrong_methods_are_told(album: Album, contact: str) -> None:
    for path in (album.path, album.one(1), contact, f"{contact}1/", f"{contact}bulk_attach/", f"{album.root}/attach/"):
        response = album.api.put(path, {})
        assert response.status_code == 405
        assert response["Allow"]
