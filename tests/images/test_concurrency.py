"""Several requests at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ninja_orgkit.images.models import Image, ImageAttachment
from tests.client import Api
from tests.images.actions import add_rows, attach, contact_images_path, covers_of
from tests.media.files import files_in
from tests.media.pictures import picture
from tests.org import Org
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(org: Org) -> Api:
    """Return a client of the org's member for one thread."""
    return Api(org.api.token)


def test_uploading_the_same_bytes_at_once_makes_one_image(org: Org, media_root: Path) -> None:
    content = picture().read()

    def upload(_number: int) -> Any:
        return fresh(org).upload(org.images_path, file=SimpleUploadedFile("x.png", content))

    answers = in_parallel(6, upload)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert files_in(media_root) == [Image.objects.get().file]


def test_an_upload_during_the_deletion_of_the_same_picture_succeeds(org: Org, media_root: Path) -> None:
    content = picture().read()
    for _ in range(10):
        image = org.api.upload(org.images_path, file=SimpleUploadedFile("x.png", content)).json()["id"]

        def act(number: int, image: int = image) -> Any:
            api, file = fresh(org), SimpleUploadedFile("x.png", content)
            if number == 0:
                return api.delete(org.image_path(image))
            if number == 1:
                return api.upload(org.images_path, file=file)
            return api.upload(f"{org.images_root}/bulk-upload/", files=[file])

        deleted, one, bulk = in_parallel(3, act)
        assert deleted.status_code == 204
        assert one.status_code in (200, 201), one.content
        assert [item["status"] for item in bulk.json()["results"]] in (["created"], ["duplicate"])


def test_concurrent_bulk_uploads_of_the_same_files_in_different_orders_succeed(org: Org, media_root: Path) -> None:
    contents = [picture().read() for _ in range(8)]

    def upload(number: int) -> Any:
        ordered = contents if number % 2 else contents[::-1]
        files = [SimpleUploadedFile("x.png", content) for content in ordered]
        return fresh(org).upload(f"{org.images_root}/bulk-upload/", files=files)

    answers = in_parallel(4, upload)
    assert {answer.status_code for answer in answers} == {200}
    statuses = [item["status"] for answer in answers for item in answer.json()["results"]]
    assert (statuses.count("created"), statuses.count("duplicate")) == (8, 24)
    assert files_in(media_root) == sorted(Image.objects.values_list("file", flat=True))


def test_setting_covers_at_once_leaves_exactly_one(org: Org, contact: str) -> None:
    ids = add_rows(org, 6)
    attach(org, contact, *ids)
    answers = in_parallel(6, lambda number: fresh(org).patch(f"{contact}{ids[number]}/", {"is_cover": True}))
    assert {answer.status_code for answer in answers} == {200}
    assert len(covers_of(org, contact)) == 1


def test_attaching_at_once_leaves_no_gap_and_one_cover(org: Org, contact: str) -> None:
    ids = add_rows(org, 12)

    def attach(number: int) -> Any:
        mine = ids[number::3] + ids[:2]
        return fresh(org).post(f"{contact}bulk_attach/", {"image_ids": mine if number % 2 else mine[::-1]})

    answers = in_parallel(6, lambda number: attach(number % 3))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(ImageAttachment.objects.values_list("position", flat=True)) == list(range(12))
    assert len(covers_of(org, contact)) == 1


def test_all_operations_at_once_leave_one_cover_and_cause_no_error(org: Org, contact: str) -> None:
    ids = add_rows(org, 12)
    attach(org, contact, *ids[:9])
    elsewhere = contact_images_path(org)
    attach(org, elsewhere, *ids[:9][::-1])

    def act(number: int) -> Any:
        api = fresh(org)
        match number % 6:
            case 0:
                return api.post(f"{org.images_root}/bulk-delete/", {"ids": ids[:3]})
            case 1:
                return api.post(f"{contact}bulk_detach/", {"image_ids": ids[2:5]})
            case 2:
                return api.patch(f"{contact}{ids[5]}/", {"is_cover": True, "position": 0})
            case 3:
                return api.post(f"{contact}bulk_attach/", {"image_ids": ids[::-1]})
            case 4:
                return api.post(f"{elsewhere}bulk_attach/", {"image_ids": ids})
            case _:
                return api.delete(org.image_path(ids[8]))

    answers = in_parallel(12, act)
    assert {answer.status_code for answer in answers} <= {200, 204, 404}
    for target in (contact, elsewhere):
        assert len(covers_of(org, target)) == 1
