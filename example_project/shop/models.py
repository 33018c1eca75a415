"""The host's own models. They know organizations, and nothing else of the kit."""

from __future__ import annotations

from django.db import models

from ninja_orgkit.organizations.models import Organization


class Shop(models.Model):
    """A shop of an organization."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="shops")
    name = models.CharField(max_length=255)
    product_count = models.PositiveIntegerField(default=0, editable=False)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Product(models.Model):
    """Something that a shop sells. Clients address it by ``sku``, never by its key."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="products")
    sku = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    cost_note = models.TextField(blank=True, help_text="What it costs us. For the staff only: no export contains it.")

    def __str__(self) -> str:
        """Return the name."""
        return self.name
