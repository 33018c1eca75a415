"""The OpenAPI document is true: valid and invalid requests made from it get documented answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.client import Person
from tests.org import Org
from tests.protocol.document import PATHS


def _application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as a server does, which closes each response when it is sent."""
    response = _django(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


_django: Any = get_wsgi_application()
OPERATIONS = [operation["operationId"] for methods in PATHS.values() for operation in methods.values()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 30


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


@pytest.fixture(scope="session")
def operations() -> dict[str, Any]:
    """Return the operations of the document that the API serves, by id."""
    with _one_transaction():
        schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", _application)
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.postgres
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_documented(
    name: str, operations: dict[str, Any], org: Org, parts: dict[str, Any], settings: Settings
) -> None:
    operation = operations[name]
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    slug = "vip" if "obj_id" in operation.path else parts["obj_id"]
    names = {parameter.name for parameter in operation.path_parameters}
    if "token" in names:  # of a file in the storage of this test
        parts = {**parts, "token": org.add_image()["url"].rpartition("/")[2]}
    known = {name: value for name, value in {**parts, "slug": slug}.items() if name in names}
    places = ({}, {"path_parameters": known}) if known else ({},)
    cases = [operation.as_strategy(mode, **place) for mode in GenerationMode for place in places]

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(cases), person=st.sampled_from([org.owner, org.stranger]))
    def call(case: Any, person: Person) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {person.access}"}, checks=CHECKS)

    with _one_transaction():
        call()
