"""``custom``: the fields that a host adds."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pytest_django import Settings

from ninja_orgkit.custom.fields import custom_field, custom_shown
from tests.org import Org


class Loyalty(BaseModel):
    """The custom fields of a host."""

    level: int = Field(ge=1, le=5)
    nickname: str = ""


@pytest.fixture
def loyalty(settings: Settings) -> TypeAdapter[Any]:
    """Return the type of ``custom`` in a host that has a model for it."""
    model = f"{__name__}.Loyalty"
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "CUSTOM_FIELDS": {"contact": model}}
    return TypeAdapter(custom_field("contact"))


def test_a_host_model_validates_and_documents_custom_fields(loyalty: TypeAdapter[Any]) -> None:
    assert loyalty.validate_python({"level": "3"}) == {"level": 3}
    with pytest.raises(ValidationError) as caught:
        loyalty.validate_python({"level": 9})
    assert caught.value.errors()[0]["loc"] == ("level",)
    assert loyalty.json_schema()["properties"]["level"]["maximum"] == 5
    shown = TypeAdapter(custom_shown("contact"))
    assert shown.json_schema()["properties"]["level"]["maximum"] == 5
    assert shown.validate_python({"of": "an older model"}) == {"of": "an older model"}


def test_custom_fields_without_a_host_model_accept_any_object(loyalty: TypeAdapter[Any]) -> None:
    assert TypeAdapter(custom_field("profile")).validate_python({"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}
    assert TypeAdapter(custom_shown("profile")).json_schema()["type"] == "object"


@pytest.mark.parametrize(
    "custom",
    [
        {"a": "x" * 17_000}, {"a\x00": 1}, {"a": ["\ud800"]}, {"a": {"b": "\x00"}}, [], "x", 5,
        {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
    ],
    ids=range(8),
)  # fmt: skip
def test_custom_fields_that_cannot_be_stored_are_refused(org: Org, custom: Any) -> None:
    response = org.api.post("/contacts/", {"organization": org.slug, "display_name": "Ada", "custom": custom})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", "custom"]


def test_custom_fields_that_were_accepted_can_be_sent_back(org: Org) -> None:
    body = {"organization": org.slug, "display_name": "Ada"}
    assert org.api.post("/contacts/", {**body, "custom": {"a": [1e300] * 60}}).status_code == 422
    made = org.api.post("/contacts/", {**body, "custom": {"a": [1e300] * 50, "b": -1.5e-9}})
    again = org.api.patch(f"/contacts/{made.json()['slug']}/", {"custom": made.json()["custom"]})
    assert (again.status_code, again.json()["custom"]) == (200, made.json()["custom"])


def test_infinite_numbers_are_refused_and_long_integers_are_kept_or_refused(org: Org) -> None:
    body = '{"organization": "%s", "display_name": "Ada", "custom": {"n": %s}}'

    def post(number: str) -> Any:
        return org.api.send("POST", "/contacts/", body % (org.slug, number), content_type="application/json")

    assert post("1e999").status_code == 422
    assert post("NaN").status_code == 400
    for number in (2**64 - 1, -(2**63), int("9" * 40)):
        answer = post(str(number))
        if number > 2**64 and connection.display_name == "MySQL":
            assert answer.status_code == 422  # MySQL would round it
        else:
            assert (answer.status_code, answer.json()["custom"]) == (201, {"n": number})
