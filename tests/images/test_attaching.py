"""Attaching images to objects, and listing them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model

from shop.models import Product, Shop
from tests.client import Api, told
from tests.conftest import CountQueries
from tests.images.actions import add_rows, attach, contact_images_path, named, order_of
from tests.org import Org


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
    assert [link["image"]["id"] for link in org.api.walk(contact, limit=2)] == ids[::-1]


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


def test_an_image_is_detached_once(org: Org, contact: str) -> None:
    ids = add_rows(org, 2)
    attach(org, contact, *ids)
    body = {"image_id": ids[0], **named(contact)}
    assert org.api.post(f"{org.images_root}/detach/", body).status_code == 204
    assert org.api.post(f"{org.images_root}/detach/", body).status_code == 404
    assert org.api.delete(f"{contact}{ids[1]}/").status_code == 204
    assert org.api.delete(f"{contact}{ids[1]}/").status_code == 404
    assert org.api.get(org.images_path).json()["count"] == 2


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
        answers.add(told(org.api.get(path)))
        answers.add(told(org.api.post(path, {"image_ids": [image]})))
        answers.add(told(org.api.post(f"{path}bulk_attach/", {"image_ids": [image]})))
        answers.add(told(org.api.post(f"{path}bulk_detach/", {"image_ids": [image]})))
        answers.add(told(org.api.patch(f"{path}{image}/", {})))
        answers.add(told(org.api.delete(f"{path}{image}/")))
    assert len(answers) == 1
    assert b'"not_found"' in answers.pop()[2]


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


def test_listing_the_images_of_an_object_runs_four_statements_for_1_image_and_for_50(
    org: Org, contact: str, count_queries: CountQueries
) -> None:
    attach(org, contact, *add_rows(org, 1))
    with count_queries() as one:
        org.api.get(contact)
    attach(org, contact, *add_rows(org, 49))
    with count_queries() as fifty:
        assert len(org.api.get(contact).json()["items"]) == 50
    assert len(one) == len(fifty) == 4
