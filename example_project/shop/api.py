"""The shop's own routes, on a plain router of ninja: ``require`` lets in members of the organization only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from ninja import NinjaAPI, Query, Router, Schema, Status

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.organizations.guard import GuardedRequest
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.problems import add_error_handlers
from ninja_orgkit.services import TagFilter, file_url, images_of, require, tags_of, with_images, with_tags
from shop.errors import SkuTaken
from shop.models import Product, Shop

router = Router(tags=["products"])
ORDERINGS = Orderings(columns={"name": "name", "price": "price"}, default="name", tie="sku")


class PictureOut(Schema):
    """A picture of a product."""

    id: int
    title: str
    alt_text: str
    url: str


class ProductOut(Schema):
    """A product."""

    sku: str
    name: str
    price: Decimal
    tags: list[str]
    pictures: list[PictureOut]


class ProductIn(Schema):
    """A new product."""

    sku: str
    name: str
    price: Decimal


@router.get("/orgs/{org_slug}/products/", response=OrgkitPage[ProductOut], auth=require("products.read"))
def list_products(request: GuardedRequest, org_slug: str, page: PageQuery, filters: Query[TagFilter]) -> dict[str, Any]:
    """List the products of an organization, by `name` (default) or `price`."""
    organization = request.auth.organization
    products = filters.filter(Product.objects.filter(shop__organization=organization), organization)
    return paginate(request, with_images(with_tags(products)), page, orderings=ORDERINGS, represent=represent)


@router.post("/orgs/{org_slug}/products/", response={201: ProductOut}, auth=require("products.write"))
def create_product(request: GuardedRequest, org_slug: str, body: ProductIn) -> Status[dict[str, Any]]:
    """Create a product in the organization's shop."""
    if Product.objects.filter(sku=body.sku).exists():
        raise SkuTaken
    with transaction.atomic():
        shop, _ = Shop.objects.get_or_create(organization=request.auth.organization, defaults={"name": "Shop"})
        product = Product.objects.create(shop=shop, **body.dict())
        enqueue("shop.count_products", organization=org_slug)
    return Status(201, represent(product))


def represent(product: Product) -> dict[str, Any]:
    """Return a product as clients see it."""
    return {
        "sku": product.sku,
        "name": product.name,
        "price": product.price,
        "tags": [tag.slug for tag in tags_of(product)],
        "pictures": [
            {"id": image.pk, "title": image.title, "alt_text": image.alt_text, "url": file_url(image)}
            for image in images_of(product)
        ],
    }


api = NinjaAPI(title="Shop", urls_namespace="shop")
add_error_handlers(api, everything=True)
api.add_router("", router)
