"""The OpenAPI document tells the truth: requests made from it, good and bad, get the answers that it promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.client import Person


def _application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as a server does, which closes each response when it is sent."""
    response = _django(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


_django: Any = get_wsgi_application()
SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", _application)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 50


def _picture() -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", (20, 10)).save(content, "PNG")
    return SimpleUploadedFile("x.png", content.getvalue())


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Keep the connection of the test, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def owner(register: Callable[..., Person], settings: Any) -> Person:
    """Return somebody who has one of everything."""
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    return register("ann@example.com", username="ann")


@pytest.fixture
def parts(owner: Person) -> dict[str, Any]:
    """Return what fills the paths of the owner's objects."""
    api = owner.api
    group = api.post("/orgs/", {"name": "Acme"}).json()["slug"]
    contact = api.post("/contacts/", {"organization": group, "display_name": "Bob"}).json()["slug"]
    target = {"app_label": "contacts", "model": "contact", "obj_id": contact}
    (tag,) = api.post(f"/orgs/{group}/tags/contacts/contact/{contact}/", ["vip"]).json()
    image = api.upload(f"/images/orgs/{group}/images/", file=_picture()).json()
    api.post(f"/images/orgs/{group}/attach/", {"image_id": image["id"], **target})
    return {
        **target,
        "org_slug": group,
        "tag_id": tag["id"],
        "image_id": image["id"],
        "user_slug": owner.slug,
        "session_id": api.get("/auth/sessions").json()["items"][0]["id"],
        "invitation_id": api.post(f"/orgs/{group}/invitations/", {"email": "c@example.com", "role": "viewer"}).json()[
            "id"
        ],
        "job_id": api.post(f"/orgs/{group}/export/").json()["id"],
        "token": image["url"].rpartition("/")[2],
    }


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("caller", ["owner", "stranger"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.definition.raw["operationId"])
def test_every_answer_is_as_documented(
    operation: Any, caller: str, owner: Person, parts: dict[str, Any], register: Callable[..., Person]
) -> None:
    person = owner if caller == "owner" else register()
    slug = "vip" if "obj_id" in operation.path else parts["obj_id"]
    names = {parameter.name for parameter in operation.path_parameters}
    known = {name: value for name, value in {**parts, "slug": slug}.items() if name in names}
    places = ({}, {"path_parameters": known}) if known else ({},)
    cases = [operation.as_strategy(mode, **place) for mode in GenerationMode for place in places]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(cases))
    def call(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {person.access}"}, checks=CHECKS)

    with _one_transaction():
        call()
