"""Bytes that failed before, or whose file is gone, are stored and rendered anew when they are uploaded again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from ninja_orgkit.images import rendering
from ninja_orgkit.images.models import Image
from ninja_orgkit.media import storage
from tests.conftest import RunOutbox
from tests.images.actions import attach
from tests.media.files import files_in
from tests.media.pictures import picture
from tests.org import Org

CONTENT = picture().read()


def _file(name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, CONTENT)


def _image(org: Org) -> Image:
    return Image.objects.get(organization=org.row)


@pytest.mark.parametrize("status", ["failed", "processing", "ready"])
@pytest.mark.parametrize("bulk", [False, True])
def test_uploading_a_lost_file_again_makes_the_image_whole(
    org: Org, media_root: Path, run_outbox: RunOutbox, status: str, bulk: bool
) -> None:
    first = org.add_image(_file(), title="Beach")
    if status == "ready":
        run_outbox()
    storage.delete(_image(org).file)
    if status == "failed":
        run_outbox()
    assert org.api.get(org.image_path(first["id"])).json()["status"] == status
    assert org.api.get(first["url"]).status_code == 404

    if bulk:
        (result,) = org.api.upload(f"{org.images_root}/bulk-upload/", files=[_file("b.png")]).json()["results"]
        assert result["status"] == "created"
        again = result["image"]
    else:
        response = org.api.upload(org.images_path, file=_file("b.png"))
        assert response.status_code == 201
        assert "Image-Duplicate" not in response
        again = response.json()
    assert (again["id"], again["status"], again["renditions"]) == (first["id"], "processing", {})
    assert (again["title"], again["filename"]) == ("Beach", "b.png")
    run_outbox()
    shown = org.api.get(org.image_path(first["id"])).json()
    assert shown["status"] == "ready"
    urls = [shown["url"], *(rendition["url"] for rendition in shown["renditions"].values())]
    assert [org.api.send("HEAD", url).status_code for url in urls] == [200] * 5
    assert files_in(media_root) == sorted(_image(org).stored_names())


def test_uploading_a_failed_picture_again_renders_it_again(
    org: Org, media_root: Path, run_outbox: RunOutbox, contact: str
) -> None:
    image = org.add_image(_file())
    attach(org, contact, image["id"])
    Image.objects.update(status=Image.Status.FAILED, attempts=3)
    run_outbox()
    assert org.api.upload(org.images_path, file=_file()).status_code == 201
    run_outbox()
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "ready"
    assert [link["image"]["id"] for link in org.api.get(contact).json()["items"]] == [image["id"]]
    assert files_in(media_root) == sorted(_image(org).stored_names())
    assert org.api.upload(org.images_path, file=_file()).status_code == 200


def test_a_lost_image_that_two_mend_at_once_keeps_one_file(org: Org, media_root: Path, run_outbox: RunOutbox) -> None:
    org.add_image(_file())
    storage.delete(_image(org).file)
    answers: list[int] = []

    def be_faster(execute: Any, sql: str, *rest: Any) -> Any:
        if not answers and "FROM" in sql and "orgkit_images_image" in sql and sql.startswith("SELECT"):
            answers.append(0)
            found = execute(sql, *rest)
            answers[0] = org.api.upload(org.images_path, file=_file("first.png")).status_code
            return found
        return execute(sql, *rest)

    with connection.execute_wrapper(be_faster):
        second = org.api.upload(org.images_path, file=_file("second.png"))
    assert answers == [201]
    assert second.status_code in (200, 201)
    run_outbox()
    assert _image(org).status == Image.Status.READY
    assert files_in(media_root) == sorted(_image(org).stored_names())


def test_a_worker_that_missed_the_file_does_not_fail_the_mended_image(org: Org, run_outbox: RunOutbox) -> None:
    org.add_image(_file())
    before = _image(org)
    storage.delete(before.file)
    assert org.api.upload(org.images_path, file=_file()).status_code == 201
    rendering._render(before)
    assert _image(org).status == Image.Status.PROCESSING
    run_outbox()
    assert _image(org).status == Image.Status.READY


def test_mending_many_images_runs_as_many_statements_as_mending_one(org: Org, count_queries: Any) -> None:
    files = [picture(f"{side}.png", side, side).read() for side in range(10, 30)]

    def mend(contents: list[bytes]) -> int:
        uploads = [SimpleUploadedFile("x.png", content) for content in contents]
        Image.objects.update(status=Image.Status.FAILED)
        with count_queries() as queries:
            response = org.api.upload(f"{org.images_root}/bulk-upload/", files=uploads)
        assert {result["status"] for result in response.json()["results"]} == {"created"}
        return len(queries)

    mend(files)
    assert mend(files) == mend(files[:1])
