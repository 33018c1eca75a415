"""``custom``: fields of the host's own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ninja_orgkit.custom.fields import custom_field, custom_shown
from tests.client import Person


class Loyalty(BaseModel):
    """What a host keeps of its customers."""

    level: int = Field(ge=1, le=5)
    nickname: str = ""


@pytest.fixture
def loyalty(settings: Any) -> TypeAdapter[Any]:
    """Return the type of ``custom`` in a host that has a model for it."""
    model = f"{__name__}.Loyalty"
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "CUSTOM_FIELDS": {"contact": model}}
    return TypeAdapter(custom_field("contact"))


def test_a_model_of_the_host_validates_and_documents_the_object(loyalty: TypeAdapter[Any]) -> None:
    assert loyalty.validate_python({"level": "3"}) == {"level": 3}
    with pytest.raises(ValidationError) as caught:
        loyalty.validate_python({"level": 9})
    assert caught.value.errors()[0]["loc"] == ("level",)
    assert loyalty.json_schema()["properties"]["level"]["maximum"] == 5
    shown = TypeAdapter(custom_shown("contact"))
    assert shown.json_schema()["properties"]["level"]["maximum"] == 5
    assert shown.validate_python({"of": "an older model"}) == {"of": "an older model"}


def test_the_other_kinds_take_any_object(loyalty: TypeAdapter[Any]) -> None:
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
def test_an_object_that_cannot_be_kept_is_refused(ann: Person, custom: Any) -> None:
    response = ann.api.post("/contacts/", {"organization": ann.org, "display_name": "Ada", "custom": custom})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", "custom"]


def test_a_number_is_as_long_as_it_is_written_out_so_that_what_was_read_can_be_sent_again(ann: Person) -> None:
    body = {"organization": ann.org, "display_name": "Ada"}
    assert ann.api.post("/contacts/", {**body, "custom": {"a": [1e300] * 60}}).status_code == 422
    made = ann.api.post("/contacts/", {**body, "custom": {"a": [1e300] * 50, "b": -1.5e-9}})
    again = ann.api.patch(f"/contacts/{made.json()['slug']}/", {"custom": made.json()["custom"]})
    assert (again.status_code, again.json()["custom"]) == (200, made.json()["custom"])


def test_numbers_beyond_every_bound_are_refused_or_kept(ann: Person) -> None:
    body = '{"organization": "%s", "display_name": "Ada", "custom": {"n": %s}}'
    post = {"method": "POST", "path": "/contacts/", "content_type": "application/json"}
    assert ann.api.send(**post, body=body % (ann.org, "1e999")).status_code == 422
    assert ann.api.send(**post, body=body % (ann.org, "NaN")).status_code == 400
    kept = ann.api.send(**post, body=body % (ann.org, "9" * 40))
    assert kept.status_code == 201
    assert kept.json()["custom"] == {"n": int("9" * 40)}
