"""How the shop reacts to what happens in the kit."""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import receiver

from ninja_orgkit.signals import image_failed
from shop.models import Product

logger = logging.getLogger("shop")


@receiver(image_failed)
def report_failed_picture(instance: Any, **_kwargs: Any) -> None:
    """Log which organization has a picture that cannot be shown, and how many products may wait for it."""
    products = Product.objects.filter(shop__organization=instance.organization_id).count()
    logger.warning("A picture of %s failed; its shop has %d products.", instance.organization.slug, products)
