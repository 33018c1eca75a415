"""The shop's routes, hook, receiver and task, tested with the plugin of the kit."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from ninja_orgkit.images.models import Image
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.services import assign_tags, attach_images
from ninja_orgkit.signals import image_failed
from ninja_orgkit.testing import (
    OrgkitClient,
    OrgkitFactories,
    assert_constant_statements,
    assert_roles,
    assert_stranger_sees_nothing,
)
from shop.models import Product, Shop
from shop.tasks import count_products

PATH = "/api/v1/shop/orgs/acme/products/"
LAMP = {"sku": "lamp", "name": "Lamp", "price": "19.90"}


@pytest.fixture
def acme(orgkit: OrgkitFactories) -> Organization:
    """Return an organization."""
    return orgkit.organization(slug="acme")


@pytest.fixture
def owner(orgkit_client: OrgkitClient, acme: Organization) -> OrgkitClient:
    """Return the client of its owner."""
    return orgkit_client.as_(acme.memberships.get())


def add_product(orgkit: OrgkitFactories, acme: Organization, *tags: str) -> Product:
    """Add a product with tags and a picture."""
    shop, _ = Shop.objects.get_or_create(organization=acme, defaults={"name": "Shop"})
    number = Product.objects.count()
    product = Product.objects.create(shop=shop, sku=f"product-{number}", name=f"Product {number}", price=number)
    assign_tags(product, tags)
    attach_images(product, [orgkit.image(acme, title=f"Picture {number}")])
    return product


def test_the_list_shows_tags_and_pictures_and_is_filtered_by_tags(
    orgkit: OrgkitFactories, owner: OrgkitClient, acme: Organization
) -> None:
    add_product(orgkit, acme, "New", "Sale")
    add_product(orgkit, acme, "Sale")
    whole = owner.get(PATH).json()
    assert whole["count"] == 2
    shown = whole["items"][0]
    assert (shown["sku"], shown["tags"]) == ("product-0", ["new", "sale"])
    assert [picture["title"] for picture in shown["pictures"]] == ["Picture 0"]
    assert "/api/v1/media/" in shown["pictures"][0]["url"]
    assert [item["sku"] for item in owner.get(PATH, {"tag": "sale", "tag_none": "new"}).json()["items"]] == [
        "product-1"
    ]
    first = owner.get(PATH, {"limit": 1}).json()
    assert [item["sku"] for item in owner.get(first["next"]).json()["items"]] == ["product-1"]


def test_the_list_takes_a_constant_number_of_statements(
    orgkit: OrgkitFactories, owner: OrgkitClient, acme: Organization
) -> None:
    assert_constant_statements(lambda: owner.get(PATH), grow=lambda: add_product(orgkit, acme, "New"))


def test_who_may_read_and_who_may_write(acme: Organization) -> None:
    everybody = {"viewer", "member", "admin", "owner"}
    assert_roles("GET", PATH, organization=acme, allowed=everybody)
    assert_roles("POST", PATH, organization=acme, allowed=everybody - {"viewer"}, json=LAMP)
    assert_stranger_sees_nothing("GET", PATH, organization=acme)
    assert_stranger_sees_nothing("POST", PATH, organization=acme, json=LAMP)


def test_a_new_product_is_counted_by_a_task(owner: OrgkitClient, acme: Organization) -> None:
    assert owner.post(PATH, LAMP).status_code == 201
    taken = owner.post(PATH, LAMP)
    assert (taken.status_code, taken.json()["code"]) == (409, "sku_taken")
    message = OutboxMessage.objects.get(task="shop.count_products")
    for _ in range(2):
        count_products(**message.kwargs)
    assert Shop.objects.get(organization=acme).product_count == 1


def test_nobody_invites_a_throwaway_address(owner: OrgkitClient) -> None:
    path = "/api/v1/orgs/acme/invitations/"
    refused = owner.post(path, {"email": "x@mailinator.com", "role": "viewer"})
    assert (refused.status_code, refused.json()["code"]) == (422, "disposable_address")
    assert owner.post(path, {"email": "ada@example.com", "role": "viewer"}).status_code == 201


def test_a_picture_that_failed_is_reported(
    orgkit: OrgkitFactories, acme: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    add_product(orgkit, acme)
    image: Any = Image.objects.get()
    with caplog.at_level(logging.WARNING, logger="shop"):
        image_failed.send(Image, instance=image, by=None, changes={})
    assert "A picture of acme failed; its shop has 1 products." in caplog.text
