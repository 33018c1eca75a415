"""Shops and products in the admin."""

from __future__ import annotations

from django.contrib import admin

from shop.models import Product, Shop


@admin.register(Shop)
class ShopAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shops with their organization."""

    list_display = ("name", "organization", "product_count")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name", "organization__slug")
    raw_id_fields = ("organization",)


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Products with their shop."""

    list_display = ("sku", "name", "price", "shop")
    list_select_related = ("shop",)
    list_filter = ("shop",)
    search_fields = ("sku", "name")
    raw_id_fields = ("shop",)
