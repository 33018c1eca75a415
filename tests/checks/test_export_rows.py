"""A faulty export row is reported before the first export."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from ninja_orgkit import registry
from ninja_orgkit.exports.checks import check_export_rows
from shop.models import Product, Shop

pytestmark = pytest.mark.usefixtures("empty_registry")


def _problems(model: Any, row: type[BaseModel], **options: Any) -> list[str]:
    registry.register(model, **{"lookup": "sku", "organization": "shop__organization", "export": row, **options})
    return [f"{message.id} {message.msg}" for message in check_export_rows(None)]


def test_a_row_of_columns_and_paths_passes() -> None:
    class Row(BaseModel):
        sku: str
        shop: str = Field(validation_alias="shop__name")
        organization: str = Field(validation_alias="shop__organization__slug")

    assert _problems(Product, Row) == []


@pytest.mark.parametrize("path", ["id", "pk", "shop", "shop_id", "shop__organization", "shop__id"])
def test_an_integer_key_is_refused(path: str) -> None:
    class Row(BaseModel):
        key: int = Field(validation_alias=path)

    (problem,) = _problems(Product, Row)
    assert problem.startswith("orgkit.E044")
    assert "integer key" in problem


def test_an_integer_key_that_is_public_on_purpose_passes() -> None:
    class Row(BaseModel):
        id: int

    assert _problems(Product, Row, lookup="id", numeric_lookup=True) == []


def test_an_unknown_column_is_refused() -> None:
    class Row(BaseModel):
        nonsense: str

    assert "no such column" in _problems(Product, Row)[0]


def test_a_path_with_many_values_is_refused() -> None:
    class Row(BaseModel):
        products: str = Field(validation_alias="products__name")

    assert "many values" in _problems(Shop, Row, lookup="name", organization="organization")[0]
