"""A faulty registration is reported, and a contradictory one is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps
from pydantic import BaseModel

from ninja_orgkit import registry
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.tags.models import Tag
from shop.models import Product, Shop
from tests.checks.messages import found_by_id

pytestmark = pytest.mark.usefixtures("empty_registry")


@pytest.mark.parametrize(
    ("model", "entry", "found", "says"),
    [
        (Product, {"name": "product"}, "E036", "app_label/model"),
        (Product, {"name": "shop/"}, "E036", "app_label/model"),
        (Product, {"lookup": "barcode"}, "E010", "no field 'barcode'"),
        (Product, {"lookup": "id"}, "E038", "numeric_lookup=True"),
        (Product, {"lookup": "pk"}, "E038", "numeric_lookup=True"),
        (Account, {"lookup": "pk", "organization": "personal_organization"}, "E037", "relation"),
        (Product, {"numeric_lookup": True}, "E039", "not an integer"),
        (Product, {"organization": "owner"}, "E042", "'owner'"),
        (Product, {"organization": "shop"}, "E042", "not a path"),
        (Product, {"organization": "shop__name"}, "E042", "not a path"),
        (Product, {"organization": "shop__organization__memberships"}, "E042", "not a path"),
        (Product, {"lookup": "name"}, "W019", "not unique"),
        (Contact, {"lookup": "slug", "organization": "organization"}, "", ""),
        (Tag, {"lookup": "slug", "organization": "organization"}, "", ""),
        (Product, {}, "", ""),
        (Product, {"lookup": "id", "numeric_lookup": True}, "", ""),
    ],
)
def test_a_faulty_registration_is_reported(model: Any, entry: dict[str, Any], found: str, says: str) -> None:
    registry.register(model, **{"lookup": "sku", "organization": "shop__organization", **entry})
    messages = found_by_id()
    assert list(messages) == ([f"orgkit.{found}"] if found else [])
    assert says in json.dumps(messages)


@isolate_apps("tests")
def test_a_primary_key_that_tags_cannot_reference_is_reported() -> None:
    class Long(models.Model):  # noqa: DJ008
        code = models.CharField(max_length=65, primary_key=True)
        organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "tests"

    class Pair(models.Model):  # noqa: DJ008
        pk = models.CompositePrimaryKey("organization", "number")
        number = models.IntegerField()
        code = models.SlugField(unique=True)
        organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "tests"

    registry.register(Long, lookup="code", organization="organization", taggable=True)
    assert "65 characters" in found_by_id()["orgkit.E041"]
    registry.register(Long, lookup="code", organization="organization")
    assert found_by_id() == {}
    registry.register(Pair, lookup="code", organization="organization", imageable=True)
    assert "several columns" in found_by_id()["orgkit.E040"]


def test_names_models_and_export_kinds_can_be_registered_only_once() -> None:
    class Row(BaseModel):
        name: str

    class OtherRow(BaseModel):
        name: str

    registry.register(Shop, name="shop/thing", lookup="name", organization="organization", export=Row)
    registry.register(Shop, name="shop/thing", lookup="name", organization="organization", export=Row)
    with pytest.raises(ImproperlyConfigured, match="Pass name="):
        registry.register(Product, name="shop/thing", lookup="sku", organization="shop__organization")
    with pytest.raises(ImproperlyConfigured, match="already registered as 'shop/thing'"):
        registry.register(Shop, lookup="name", organization="organization")
    with pytest.raises(ImproperlyConfigured, match="export_kind="):
        registry.register(
            Product, lookup="sku", organization="shop__organization", export=OtherRow, export_kind="shop.thing"
        )
    assert [entry.model for entry in registry.resources()] == [Shop]
