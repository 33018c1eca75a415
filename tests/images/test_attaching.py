"""Attaching images to objects: one, several, and many in any format of body."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile

from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.images.services import attachments
from shop.models import Product, Shop
from tests.client import Api
from tests.images.actions import add_rows, attach, contact_images_path, order_of
from tests.org import Org

CountQueries = Callable[[], Any]


def statements(queries: Any) -> list[str]:
    """Return what reads or writes rows, of all that was sent to the database.

    Of an insertion only the first part: Django 5.2 splits it after 999 values on SQLite.
    """
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    sent = [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(control)]
    insertions = [sql for sql in sent if sql.startswith("INSERT")]
    return [sql for sql in sent if sql not in insertions[1:]]


def named(target: str) -> dict[str, str]:
    """Return the three names that the path of an object's images holds."""
    app_label, model, obj_id = target.strip("/").split("/")[-3:]
    return {"app_label": app_label, "model": model, "obj_id": obj_id}


@pytest.fixture
def product(org: Org) -> str:
    """Return the path of the images of something that the host sells."""
    shop = Shop.objects.create(organization=org.row, name="Corner")
    Product.objects.create(shop=shop, sku="tea-1", name="Tea", price=Decimal(3))
    return f"{org.images_path}shop/product/tea-1/"


def test_attaching_an_image_shows_it_on_the_object(org: Org, contact: str) -> None:
    image = org.add_image(title="Beach")
    body = {"image_id": image["id"], **named(contact)}
    response = org.api.post(f"{org.images_root}/attach/", body)
    assert response.status_code == 200
    link = response.json()
    assert link == {
        "image": image, **named(contact), "is_cover": True, "position": 0, "title": None, "description": None,
        "alt_text": None,
    }  # fmt: skip
    assert org.api.post(f"{org.images_root}/attach/", body).json() == link
    assert org.api.get(contact).json()["items"] == [link]


def test_images_attach_to_a_host_model_by_its_public_name(org: Org, product: str) -> None:
    links = attach(org, product, *add_rows(org, 2))
    assert {(link["app_label"], link["model"], link["obj_id"]) for link in links} == {("shop", "product", "tea-1")}
    assert len(order_of(org, product)) == 2


def test_images_are_listed_by_position_over_pages(org: Org, contact: str) -> None:
    ids = add_rows(org, 5)
    links = attach(org, contact, *ids[::-1])
    assert [link["position"] for link in links] == [0, 1, 2, 3, 4]
    seen: list[int] = []
    url: str | None = f"{contact}?limit=2"
    while url:
        page = org.api.get(url).json()
        seen += [link["image"]["id"] for link in page["items"]]
        url = page["next"]
    assert seen == ids[::-1]


def test_attaching_unknown_images_attaches_nothing(org: Org, other_org: Org, contact: str) -> None:
    mine, other = add_rows(org, 1)[0], add_rows(other_org, 1)[0]
    for unknown in (other, 2**62):
        response = org.api.post(contact, {"image_ids": [mine, unknown]})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert order_of(org, contact) == []
    assert org.api.post(f"{org.images_root}/attach/", {"image_id": other, **named(contact)}).status_code == 404


def test_attaching_again_changes_nothing(org: Org, contact: str) -> None:
    ids = add_rows(org, 3)
    first = attach(org, contact, *ids)
    assert attach(org, contact, *ids) == first
    assert attach(org, contact, ids[0], ids[0]) == first


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


def test_an_image_is_detached_once(org: Org, contact: str) -> None:
    ids = add_rows(org, 2)
    attach(org, contact, *ids)
    body = {"image_id": ids[0], **named(contact)}
    assert org.api.post(f"{org.images_root}/detach/", body).status_code == 204
    assert org.api.post(f"{org.images_root}/detach/", body).status_code == 404
    assert org.api.delete(f"{contact}{ids[1]}/").status_code == 204
    assert org.api.delete(f"{contact}{ids[1]}/").status_code == 404
    assert org.api.get(org.images_path).json()["count"] == 2


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


def test_every_unknown_target_gets_the_same_not_found(org: Org, other_org: Org) -> None:
    image = add_rows(org, 1)[0]
    user = get_user_model().objects.get(email=org.owner.email)
    theirs = contact_images_path(other_org).removeprefix(other_org.images_path)
    objects = [
        theirs, f"auth/user/{user.pk}/", f"images/image/{image}/",
        "contacts/contact/no/", "contacts/nothing/x/", f"contacts/contact/{'x' * 300}/",
        "contacts/contact/%00/", "orgkit_images/image/1/",
    ]  # fmt: skip
    answers = set()
    for target in objects:
        path = f"{org.images_path}{target}"
        answers.add(org.api.get(path).content)
        answers.add(org.api.post(path, {"image_ids": [image]}).content)
        answers.add(org.api.post(f"{path}bulk_attach/", {"image_ids": [image]}).content)
        answers.add(org.api.post(f"{path}bulk_detach/", {"image_ids": [image]}).content)
        answers.add(org.api.patch(f"{path}{image}/", {}).content)
        answers.add(org.api.delete(f"{path}{image}/").content)
    assert len(answers) == 1
    assert b'"not_found"' in answers.pop()


def test_attaching_without_the_right_to_answers_401_403_or_404(
    org: Org, other_org: Org, contact: str, api: Api
) -> None:
    image = add_rows(org, 1)[0]
    attach(org, contact, image)
    body = {"image_ids": [image]}
    assert len(org.as_("viewer").get(contact).json()["items"]) == 1
    for caller, status in ((org.as_("viewer"), 403), (other_org.api, 404), (api, 401)):
        assert caller.post(contact, body).status_code == status
        assert caller.post(f"{contact}bulk_attach/", body).status_code == status
        assert caller.post(f"{contact}bulk_detach/", body).status_code == status
        assert caller.post(f"{org.images_root}/detach/", {"image_id": image, **named(contact)}).status_code == status
        assert caller.patch(f"{contact}{image}/", {"position": 0}).status_code == status
        assert caller.delete(f"{contact}{image}/").status_code == status
    assert other_org.api.get(contact).status_code == 404
    assert len(order_of(org, contact)) == 1


def test_listing_the_images_of_an_object_runs_five_statements_for_1_image_and_for_50(
    org: Org, contact: str, count_queries: CountQueries
) -> None:
    attach(org, contact, *add_rows(org, 1))
    with count_queries() as one:
        org.api.get(contact)
    attach(org, contact, *add_rows(org, 49))
    with count_queries() as fifty:
        assert len(org.api.get(contact).json()["items"]) == 50
    assert len(one) == len(fifty) == 5


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
        assert attachments.attach_images(org.row, obj, image_ids=ids).attached == ids
    with count_queries() as again:
        assert attachments.attach_images(org.row, obj, image_ids=ids).already_attached == ids
    # Here ``org.row`` is one of them.
    assert len(statements(first)) - 1 <= 5
    assert len(statements(again)) - 1 <= 3
    assert ImageAttachment.objects.count() == 1000
