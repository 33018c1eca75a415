"""What the kit may do with the shop's models; found by the kit as it starts."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel

from ninja_orgkit.registry import register
from shop.models import Product


class ProductRow(BaseModel):
    """A product in an export: what it names leaves the house, and nothing else."""

    sku: str
    name: str
    price: Decimal


register(
    Product,
    name="shop/product",
    lookup="sku",
    organization="shop__organization",
    taggable=True,
    imageable=True,
    export=ProductRow,
)
