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
from tests.images.conftest import Album

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
def product(album: Album) -> str:
    """Return the path of the images of something that the host sells."""
    shop = Shop.objects.create(organization=album.row, name="Corner")
    Product.objects.create(shop=shop, sku="tea-1", name="Tea", price=Decimal(3))
    return f"{album.path}shop/product/tea-1/"


def test_an_image_is_attached_and_shown(album: Album, contact: str) -> None:
    image = album.add(title="Beach")
    body = {"image_id": image["id"], **named(contact)}
    response = album.api.post(f"{album.root}/attach/", body)
    assert response.status_code == 200
    link = response.json()
    assert link == {
        "image": image, **named(contact), "is_cover": True, "position": 0, "title": None, "description": None,
        "alt_text": None,
    }  # fmt: skip
    assert album.api.post(f"{album.root}/attach/", body).json() == link
    assert album.api.get(contact).json()["items"] == [link]


def test_a_hosts_own_model_takes_images_by_its_public_name(album: Album, product: str) -> None:
    links = album.attach(product, *album.fill(2))
    assert {(link["app_label"], link["model"], link["obj_id"]) for link in links} == {("shop", "product", "tea-1")}
    assert len(album.order(product)) == 2


def test_images_are_listed_by_position_over_pages(album: Album, contact: str) -> None:
    ids = album.fill(5)
    links = album.attach(contact, *ids[::-1])
    assert [link["position"] for link in links] == [0, 1, 2, 3, 4]
    seen: list[int] = []
    url: str | None = f"{contact}?limit=2"
    while url:
        page = album.api.get(url).json()
        seen += [link["image"]["id"] for link in page["items"]]
        url = page["next"]
    assert seen == ids[::-1]


def test_attaching_is_all_or_nothing(album: Album, foreign: Album, contact: str) -> None:
    mine, other = album.fill(1)[0], foreign.fill(1)[0]
    for unknown in (other, 2**62):
        response = album.api.post(contact, {"image_ids": [mine, unknown]})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert album.order(contact) == []
    assert album.api.post(f"{album.root}/attach/", {"image_id": other, **named(contact)}).status_code == 404


def test_attaching_again_changes_nothing(album: Album, contact: str) -> None:
    ids = album.fill(3)
    first = album.attach(contact, *ids)
    assert album.attach(contact, *ids) == first
    assert album.attach(contact, ids[0], ids[0]) == first


def test_bulk_attach_tells_what_became_of_each_id(album: Album, foreign: Album, contact: str) -> None:
    ids, other = album.fill(3), foreign.fill(1)[0]
    album.attach(contact, ids[0])
    response = album.api.post(f"{contact}bulk_attach/", {"image_ids": [ids[2], ids[0], other, ids[1], ids[2]]})
    assert response.status_code == 200
    assert response.json() == {"attached": [ids[2], ids[1]], "already_attached": [ids[0]], "not_found": [other]}
    assert album.order(contact) == [ids[0], ids[2], ids[1]]


def test_bulk_detach_tells_what_became_of_each_id(album: Album, contact: str) -> None:
    ids = album.fill(3)
    album.attach(contact, *ids[:2])
    response = album.api.post(f"{contact}bulk_detach/", {"image_ids": [ids[2], ids[0], ids[0]]})
    assert response.status_code == 200
    assert response.json() == {"detached": [ids[0]], "not_attached": [ids[2]]}
    assert album.order(contact) == [ids[1]]


def test_an_image_is_detached_once(album: Album, contact: str) -> None:
    ids = album.fill(2)
    album.attach(contact, *ids)
    body = {"image_id": ids[0], **named(contact)}
    assert album.api.post(f"{album.root}/detach/", body).status_code == 204
    assert album.api.post(f"{album.root}/detach/", body).status_code == 404
    assert album.api.delete(f"{contact}{ids[1]}/").status_code == 204
    assert album.api.delete(f"{contact}{ids[1]}/").status_code == 404
    assert album.api.get(album.path).json()["count"] == 2


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_ids_come_as_repeated_fields_of_a_form_too(album: Album, contact: str, content_type: str) -> None:
    ids = album.fill(3)

    def send(path: str, **fields: Any) -> Any:
        if content_type == "multipart/form-data":
            return album.api.upload(path, **fields)
        pairs = [
            (key, item) for key, value in fields.items() for item in (value if isinstance(value, list) else [value])
        ]
        return album.api.send("POST", path, "&".join(f"{key}={item}" for key, item in pairs), content_type=content_type)

    assert send(f"{contact}bulk_attach/", image_ids=ids).json()["attached"] == ids
    assert send(f"{contact}bulk_detach/", image_ids=[ids[0]]).json()["detached"] == [ids[0]]
    assert len(send(contact, image_ids=ids[0]).json()) == 3
    assert send(f"{album.root}/detach/", image_id=ids[1], **named(contact)).status_code == 204
    assert send(f"{album.root}/attach/", image_id=ids[1], **named(contact)).status_code == 200
    assert send(f"{album.root}/bulk-delete/", ids=ids).json() == {"deleted": ids, "not_found": []}


@pytest.mark.parametrize("route", ["", "bulk_attach/", "bulk_detach/"])
@pytest.mark.parametrize(
    "body",
    [
        {}, {"image_ids": []}, {"image_ids": 1}, {"image_ids": ["x"]}, {"image_ids": ["1"]}, {"image_ids": [True]},
        {"image_ids": [0]}, {"image_ids": [2**63]}, {"image_ids": [1], "more": 1}, {"image_ids": list(range(1, 1002))},
        [1], "x", None,
    ],
)  # fmt: skip
def test_ids_that_are_none_are_refused(album: Album, contact: str, route: str, body: Any) -> None:
    response = album.api.post(f"{contact}{route}", body)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_form_takes_a_thousand_ids_and_not_one_more(album: Album, contact: str, content_type: str) -> None:
    def send(count: int) -> Any:
        ids = list(range(10**6, 10**6 + count))
        if content_type == "multipart/form-data":
            return album.api.upload(f"{contact}bulk_attach/", image_ids=ids)
        body = "&".join(f"image_ids={number}" for number in ids)
        return album.api.send("POST", f"{contact}bulk_attach/", body, content_type=content_type)

    assert len(send(1000).json()["not_found"]) == 1000
    for count in (1001, 3000):
        response = send(count)
        assert (response.status_code, response.json()["code"]) == (422, "validation_error")
        assert response.json()["errors"][0]["type"] == "too_long"


def test_a_form_of_ids_is_no_way_to_fill_a_disk(album: Album, contact: str) -> None:
    large = SimpleUploadedFile("large", b"0" * 2**20)
    response = album.api.upload(f"{contact}bulk_attach/", image_ids=album.fill(1), file=large)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_every_wrong_object_is_the_same_not_found(album: Album, foreign: Album) -> None:
    image = album.fill(1)[0]
    user = get_user_model().objects.get(email="ann@example.com")
    objects = [
        foreign.contact().removeprefix(foreign.path), f"auth/user/{user.pk}/", f"images/image/{image}/",
        "contacts/contact/no/", "contacts/nothing/x/", f"contacts/contact/{'x' * 300}/",
        "contacts/contact/%00/", "orgkit_images/image/1/",
    ]  # fmt: skip
    answers = set()
    for target in objects:
        path = f"{album.path}{target}"
        answers.add(album.api.get(path).content)
        answers.add(album.api.post(path, {"image_ids": [image]}).content)
        answers.add(album.api.post(f"{path}bulk_attach/", {"image_ids": [image]}).content)
        answers.add(album.api.post(f"{path}bulk_detach/", {"image_ids": [image]}).content)
        answers.add(album.api.patch(f"{path}{image}/", {}).content)
        answers.add(album.api.delete(f"{path}{image}/").content)
    assert len(answers) == 1
    assert b'"not_found"' in answers.pop()


def test_who_may_not_attach_is_told_as_everywhere(
    album: Album, foreign: Album, viewer: Album, contact: str, api: Api
) -> None:
    image = album.fill(1)[0]
    album.attach(contact, image)
    body = {"image_ids": [image]}
    assert len(viewer.order(contact)) == 1
    for caller, status in ((viewer.api, 403), (foreign.api, 404), (api, 401)):
        assert caller.post(contact, body).status_code == status
        assert caller.post(f"{contact}bulk_attach/", body).status_code == status
        assert caller.post(f"{contact}bulk_detach/", body).status_code == status
        assert caller.post(f"{album.root}/detach/", {"image_id": image, **named(contact)}).status_code == status
        assert caller.patch(f"{contact}{image}/", {"position": 0}).status_code == status
        assert caller.delete(f"{contact}{image}/").status_code == status
    assert foreign.api.get(contact).status_code == 404
    assert len(album.order(contact)) == 1


def test_the_images_of_an_object_cost_the_same_with_one_and_with_fifty(
    album: Album, contact: str, count_queries: CountQueries
) -> None:
    album.attach(contact, *album.fill(1))
    with count_queries() as one:
        album.api.get(contact)
    album.attach(contact, *album.fill(49))
    with count_queries() as fifty:
        assert len(album.api.get(contact).json()["items"]) == 50
    assert len(one) == len(fifty) == 5


def test_routes_that_take_ids_cost_the_same_with_one_and_with_fifty(album: Album, count_queries: CountQueries) -> None:
    def cost(count: int) -> list[int]:
        ids, target = album.fill(count), album.contact()
        album.attach(album.contact(), *ids)
        album.api.post(f"{target}bulk_attach/", {"image_ids": album.fill(1)})
        costs = []
        for path, body in (
            (f"{target}bulk_attach/", {"image_ids": ids}),
            (target, {"image_ids": ids}),
            (f"{target}bulk_detach/", {"image_ids": ids}),
            (target, {"image_ids": ids}),
            (f"{album.root}/bulk-delete/", {"ids": ids}),
        ):
            with count_queries() as queries:
                assert album.api.post(path, body).status_code == 200
            costs.append(len(statements(queries)))
        return costs

    cost(1)
    assert cost(1) == cost(50)


def test_attaching_a_thousand_takes_five_statements_and_repeating_it_three(
    album: Album, contact: str, count_queries: CountQueries
) -> None:
    ids = album.fill(1000)
    obj = album.row.contacts.get()
    with count_queries() as first:
        assert attachments.attach_images(album.row, obj, image_ids=ids).attached == ids
    with count_queries() as again:
        assert attachments.attach_images(album.row, obj, image_ids=ids).already_attached == ids
    # Here ``album.row`` is one of them.
    assert len(statements(first)) - 1 <= 5
    assert len(statements(again)) - 1 <= 3
    assert ImageAttachment.objects.count() == 1000
