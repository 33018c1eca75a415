"""The shop's own tasks. The outbox may deliver one twice, so each is safe to run twice."""

from __future__ import annotations

from celery import shared_task

from shop.models import Product, Shop


@shared_task(name="shop.count_products", acks_late=True)
def count_products(organization: str) -> None:
    """Count the products of an organization's shops."""
    for shop in Shop.objects.filter(organization__slug=organization):
        shop.product_count = Product.objects.filter(shop=shop).count()
        shop.save(update_fields=["product_count"])
