"""Attaching, detaching and deleting many images with one request, in any format of body."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext

from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.images.services import attachments
from tests.client import statements_in
from tests.conftest import CountQueries
from tests.images.actions import add_rows, attach, contact_images_path, named, order_of
from tests.org import Org

pytestmark = pytest.mark.usefixtures("shared_org")


def statements(queries: CaptureQueriesContext) -> list[str]:
    """Return what reads or writes rows, of all that was sent to the database.

    Of an insertion only the first part: Django 5.2 splits it after 999 values on SQLite.
    """
    sent = statements_in(queries)
    insertions = [sql for sql in sent if sql.startswith("INSERT")]
    return [sql for sql in sent if sql not in insertions[1:]]


def test_bulk_attach_reports_the_result_for_each_id(org: Org, other_org: Org, contact: str) -> None:
    ids, other = add_rows(org, 3), add_rows(other_org, 1)[0]
    attach(org, contact, ids[0])
    response = org.api.post(f"{contact}bulk_attach/", {"image_ids": [ids[2], ids[0], other, ids[1], ids[2]]})
    assert response.status_code == 200
    assert response.json() == {"attached": [ids[2], ids[1]], "already_attached": [ids[0]], "not_found": [other]}
    assert order_of(org, contact) == [ids[0], ids[2], ids[1]]


def test_bulk_detach_reports_the_result_for_each_id(org: Org, contact: str) -> None:
    ids = add_rows(org, 3)
    attach(org, contact, *ids[:2])
    response = org.api.post(f"{contact}bulk_detach/", {"image_ids": [ids[2], ids[0], ids[0]]})
    assert response.status_code == 200
    assert response.json() == {"detached": [ids[0]], "not_attached": [ids[2]]}
    assert order_of(org, contact) == [ids[1]]


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_ids_may_be_repeated_fields_of_a_form(org: Org, contact: str, content_type: str) -> None:
    ids = add_rows(org, 3)

    def send(path: str, **fields: Any) -> Any:
        if content_type == "multipart/form-data":
            return org.api.upload(path, **fields)
        pairs = [
            (key, item) for key, value in fields.items() for item in (value if isinstance(value, list) else [value])
        ]
        return org.api.send("POST", path, "&".join(f"{key}={item}" for key, item in pairs), content_type=content_type)

    assert send(f"{contact}bulk_attach/", image_ids=ids).json()["attached"] == ids
    assert send(f"{contact}bulk_detach/", image_ids=[ids[0]]).json()["detached"] == [ids[0]]
    assert len(send(contact, image_ids=ids[0]).json()) == 3
    assert send(f"{org.images_root}/detach/", image_id=ids[1], **named(contact)).status_code == 204
    assert send(f"{org.images_root}/attach/", image_id=ids[1], **named(contact)).status_code == 200
    assert send(f"{org.images_root}/bulk-delete/", ids=ids).json() == {"deleted": ids, "not_found": []}


@pytest.mark.parametrize("route", ["", "bulk_attach/", "bulk_detach/"])
@pytest.mark.parametrize(
    "body",
    [
        {}, {"image_ids": []}, {"image_ids": 1}, {"image_ids": ["x"]}, {"image_ids": ["1"]}, {"image_ids": [True]},
        {"image_ids": [0]}, {"image_ids": [2**63]}, {"image_ids": [1], "more": 1}, {"image_ids": list(range(1, 1002))},
        [1], "x", None,
    ],
)  # fmt: skip
def test_malformed_lists_of_ids_are_refused(org: Org, contact: str, route: str, body: Any) -> None:
    response = org.api.post(f"{contact}{route}", body)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_form_accepts_at_most_a_thousand_ids(org: Org, contact: str, content_type: str) -> None:
    def send(count: int) -> Any:
        ids = list(range(10**6, 10**6 + count))
        if content_type == "multipart/form-data":
            return org.api.upload(f"{contact}bulk_attach/", image_ids=ids)
        body = "&".join(f"image_ids={number}" for number in ids)
        return org.api.send("POST", f"{contact}bulk_attach/", body, content_type=content_type)

    assert len(send(1000).json()["not_found"]) == 1000
    for count in (1001, 3000):
        response = send(count)
        assert (response.status_code, response.json()["code"]) == (422, "validation_error")
        assert response.json()["errors"][0]["type"] == "too_long"


def test_a_form_of_ids_refuses_a_large_file(org: Org, contact: str) -> None:
    large = SimpleUploadedFile("large", b"0" * 2**20)
    response = org.api.upload(f"{contact}bulk_attach/", image_ids=add_rows(org, 1), file=large)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_routes_that_take_ids_run_as_many_statements_for_50_ids_as_for_1(org: Org, count_queries: CountQueries) -> None:
    def cost(count: int) -> list[int]:
        ids, target = add_rows(org, count), contact_images_path(org)
        attach(org, contact_images_path(org), *ids)
        org.api.post(f"{target}bulk_attach/", {"image_ids": add_rows(org, 1)})
        costs = []
        for path, body in (
            (f"{target}bulk_attach/", {"image_ids": ids}),
            (target, {"image_ids": ids}),
            (f"{target}bulk_detach/", {"image_ids": ids}),
            (target, {"image_ids": ids}),
            (f"{org.images_root}/bulk-delete/", {"ids": ids}),
        ):
            with count_queries() as queries:
                assert org.api.post(path, body).status_code == 200
            costs.append(len(statements(queries)))
        return costs

    cost(1)
    assert cost(1) == cost(50)


def test_attaching_a_thousand_images_runs_at_most_five_statements_and_repeating_it_three(
    org: Org, contact: str, count_queries: CountQueries
) -> None:
    ids = add_rows(org, 1000)
    obj = org.row.contacts.get()
    with count_queries() as first:
        assert attachments.attach_images(obj, ids).attached == ids
    with count_queries() as again:
        assert attachments.attach_images(obj, ids).already_attached == ids
    # Here ``org.row`` is one of them.
    assert len(statements(first)) - 1 <= 5
    assert len(statements(again)) - 1 <= 3
    assert ImageAttachment.objects.count() == 1000
