"""The OpenAPI document describes every operation completely, with schema names of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.http import HttpRequest
from ninja import NinjaAPI, Query, Schema
from pydantic import BaseModel
from pytest_django import Settings

from ninja_orgkit.conf import Settings as Config
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.fields import OrgkitInput
from ninja_orgkit.protocol.openapi.document import MEDIA_TYPE
from ninja_orgkit.protocol.openapi.security import openapi_security
from ninja_orgkit.protocol.problems import add_error_handlers
from ninja_orgkit.urls import api
from tests.client import Api
from tests.hosts.mounts import required
from tests.protocol.document import DOCUMENT, PATHS, SCHEMAS

OPERATIONS = [operation for methods in PATHS.values() for operation in methods.values()]
FEATURES = ("accounts", "users", "organizations", "contacts", "tags", "images", "exports")


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, that of the component if it is a reference."""
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


class ColorFilters(Schema):
    """What a host's own list is filtered by."""

    color: str = ""


def _bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each JSON body that is sent or received, with the operation that it belongs to."""
    for operation in OPERATIONS:
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            if media := part.get("content", {}).get("application/json"):
                yield operation["operationId"], media["schema"]


def _named(part: Any) -> set[str]:
    """Return the names of the schemas that a part of the document refers to."""
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part)))


def _is_shown(schema: dict[str, Any]) -> bool:
    """Tell whether a reader sees an example of a value: its own, or one made of those of its parts."""
    if "$ref" in schema:
        return _is_shown(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if {"examples", "enum", "const"} & set(schema) or schema.get("type") in ("null", "integer", "boolean"):
        return True
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    parts += [schema["items"]] if "items" in schema else []
    parts += [schema["additionalProperties"]] if isinstance(schema.get("additionalProperties"), dict) else []
    return schema.get("type") != "string" and all(_is_shown(part) for part in parts)


def _schemas() -> Iterator[type[BaseModel]]:
    modules = [f"ninja_orgkit.{feature}.schemas" for feature in FEATURES] + ["ninja_orgkit.health.api"]
    for module in map(import_module, modules):
        for found in vars(module).values():
            own = isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__
            if own and "examples" in (found.model_config.get("json_schema_extra") or {}):
                yield found


def test_no_schema_name_can_collide_with_one_of_a_host() -> None:
    names = [*SCHEMAS, *DOCUMENT["components"]["securitySchemes"]]
    assert [name for name in names if not name.startswith("Orgkit")] == []


def test_every_operation_has_a_tag_that_is_explained() -> None:
    explained = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert {tag for operation in OPERATIONS for tag in operation["tags"]} == explained
    assert [operation["operationId"] for operation in OPERATIONS if len(operation["tags"]) != 1] == []


def test_every_parameter_is_explained() -> None:
    silent = [
        (operation["operationId"], parameter["name"])
        for operation in OPERATIONS
        for parameter in operation["parameters"]
        if not parameter.get("description")
    ]
    assert silent == []


def test_every_body_has_an_example() -> None:
    assert {name for name, schema in _bodies() if not _is_shown(schema)} == set()


@pytest.mark.parametrize("schema", list(_schemas()), ids=lambda schema: schema.__name__)
def test_every_example_is_valid(schema: type[BaseModel]) -> None:
    extra: Any = schema.model_config["json_schema_extra"]
    for example in extra["examples"]:
        schema.model_validate(example)


def test_every_failure_is_a_problem_with_an_example_for_each_code() -> None:
    for operation in OPERATIONS:
        for status, answer in operation["responses"].items():
            if int(status) < 400 or "application/json" in answer.get("content", {}):
                continue
            media = answer["content"][MEDIA_TYPE]
            assert media["schema"]["$ref"].endswith("/OrgkitProblem")
            for code, shown in media["examples"].items():
                assert (shown["value"]["code"], shown["value"]["status"]) == (code, int(status))
                assert f"`{code}`" in answer["description"]


def test_headers_that_a_client_needs_are_documented() -> None:
    wanted = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After", 416: "Content-Range"}
    for operation in OPERATIONS:
        for status, header in wanted.items():
            answer = operation["responses"].get(status)
            if answer and MEDIA_TYPE in answer.get("content", {}):
                assert header in answer["headers"], (operation["operationId"], status)


def test_an_open_operation_says_that_it_needs_no_token() -> None:
    assert [operation["operationId"] for operation in OPERATIONS if "security" not in operation] == []
    security = {operation["operationId"]: operation["security"] for operation in OPERATIONS}
    assert (security["check_health"], security["verify_email"]) == ([], [])
    assert security["get_me"] != []
    assert {} in security["log_out"]  # a token, or none
    assert len(security["log_out"]) > 1


def test_operations_name_the_credentials_that_are_accepted(settings: Settings) -> None:
    default = Config.AUTHENTICATION
    found = _secured(settings, [*default, "ninja_orgkit.accounts.authentication.django_session"])
    assert {"OrgkitBearer", "OrgkitDjangoSession"} <= set(found["schemes"])
    assert found["schemes"]["OrgkitDjangoSession"].items() >= {"in": "cookie", "name": "sessionid"}.items()
    assert found["get_me"] == [{name: []} for name in found["schemes"] if name != "OrgkitApiKey"]
    assert found["log_out"] == [{}, *found["get_me"]]
    assert found["check_health"] == []
    own = _secured(settings, [f"{__name__}.by_ticket"])
    assert own["schemes"] == {"Ticket": {"type": "apiKey", "in": "header", "name": "X-Ticket"}}
    assert own["get_me"] == [{"Ticket": []}]
    unknown = _secured(settings, [f"{__name__}.by_nothing_known"])
    assert (unknown["schemes"], unknown["get_me"], unknown["check_health"]) == ({}, None, [])


@openapi_security(Ticket={"type": "apiKey", "in": "header", "name": "X-Ticket"})
def by_ticket(_request: HttpRequest) -> None:
    """Accept nobody."""


def by_nothing_known(_request: HttpRequest) -> None:
    """Accept nobody."""


def _secured(settings: Settings, authentication: list[str]) -> dict[str, Any]:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUTHENTICATION": authentication}
    document: Any = api.get_openapi_schema(path_prefix="")
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    schemes = document["components"].get("securitySchemes", {})
    return {"schemes": schemes, **{found["operationId"]: found.get("security") for found in operations}}


def test_plain_routes_of_a_host_name_how_they_are_secured_and_how_they_refuse() -> None:
    document: Any = required.api.get_openapi_schema(path_prefix="")
    operation = document["paths"]["/orgs/{org_slug}/products/"]["post"]
    assert {"OrgkitBearer": []} in operation["security"]
    assert "OrgkitMember" not in json.dumps(document)
    assert set(operation["responses"]) == {200, 401, 403, 404, 429}
    for status, code in ((401, "unauthenticated"), (403, "forbidden"), (404, "not_found"), (429, "throttled")):
        assert code in operation["responses"][status]["content"][MEDIA_TYPE]["examples"]
    assert set(document["components"]["securitySchemes"]) >= {"OrgkitBearer"}


def test_no_component_is_unused() -> None:
    used, waiting = set(), _named(PATHS)
    while waiting:
        used |= waiting
        waiting = set().union(*(_named(SCHEMAS[name]) for name in waiting)) - used
    assert used == set(SCHEMAS)
    schemes = {name for operation in OPERATIONS for one in operation["security"] for name in one}
    assert schemes == set(DOCUMENT["components"]["securitySchemes"])


def test_a_schema_of_a_host_stays_in_its_document() -> None:
    def colors(request: HttpRequest, filters: Query[ColorFilters]) -> None:
        """List colours."""

    own = NinjaAPI(urls_namespace="own")
    own.get("/colors")(colors)
    add_error_handlers(own)
    assert list(own.get_openapi_schema(path_prefix="")["components"]["schemas"]) == ["ColorFilters"]


def test_the_document_names_its_licence_and_its_server() -> None:
    assert DOCUMENT["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


def test_limits_stand_where_json_schema_knows_them() -> None:
    parameters = PATHS["/contacts/"]["get"]["parameters"]
    offset = next(parameter["schema"] for parameter in parameters if parameter["name"] == "offset")
    assert {"type": "integer", "minimum": 0, "maximum": 2**31 - 1} in offset["anyOf"]
    text = json.dumps(DOCUMENT)
    assert [name for name in ("ge", "gt", "le", "lt") if f'"{name}": ' in text] == []


def test_every_operation_that_needs_a_token_says_so_and_may_answer_401(db: None) -> None:
    for path, methods in PATHS.items():
        for method, operation in methods.items():
            needed = bool(operation["security"]) and {} not in operation["security"]
            filled = path.replace("{tag_id}", "1").replace("{image_id}", "1").replace("{", "").replace("}", "")
            answer = Api().send(method.upper(), f"/{filled.lstrip('/')}")
            refused = answer.status_code == 401 and answer.json()["code"] == "unauthenticated"
            assert refused == needed, operation["operationId"]
            assert not needed or 401 in operation["responses"]


def test_every_error_that_a_service_can_raise_is_documented_somewhere() -> None:
    documented = {
        code
        for operation in OPERATIONS
        for answer in operation["responses"].values()
        for code in answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    }
    waiting, known = [OrgKitError], set()
    while waiting:
        found = [kind for kind in waiting.pop().__subclasses__() if kind.__module__.startswith("ninja_orgkit.")]
        known |= {kind.code for kind in found if not kind.__subclasses__()}
        waiting += found
    # What no operation answers: a wrong method is not an operation, and the upload of a duplicate is a success.
    assert known - documented == {"method_not_allowed", "image_exists"}


def test_bodies_document_their_limits_and_no_defaults() -> None:
    bodies = {name: schema for name, schema in SCHEMAS.items() if schema.get("additionalProperties") is False}
    assert "OrgkitProfileChange" in bodies
    fields = [field for schema in bodies.values() for field in schema["properties"].values()]
    assert not [field for field in fields if "default" in field]
    assert bodies["OrgkitContactChange"]["properties"]["notes"]["maxLength"] == 10_000
    assert bodies["OrgkitProfileChange"]["properties"]["username"]["minLength"] == 1
    ids = bodies["OrgkitImageIds"]["properties"]["image_ids"]
    assert (ids["minItems"], ids["maxItems"], ids["items"]["minimum"]) == (1, 1000, 1)


def test_a_body_refers_to_the_fields_of_a_host_without_a_wrapper() -> None:
    class Fields(BaseModel):
        vip: bool = False

    class Body(OrgkitInput):
        custom: Fields = Fields()

    assert Body.model_json_schema()["properties"]["custom"] == {"$ref": "#/$defs/Fields"}


def test_each_media_type_of_a_body_is_a_class_of_its_own_for_generators() -> None:
    several = [
        found["requestBody"]["content"]
        for found in OPERATIONS
        if len(found.get("requestBody", {}).get("content", ())) > 1
    ]
    assert several
    for content in several:
        shapes = [_resolved(media["schema"]) for media in content.values()]
        assert len({shape["title"] for shape in shapes}) == len(shapes)
        assert len({tuple(shape["properties"]) for shape in shapes}) == 1


def test_a_page_documents_its_maximum_length() -> None:
    parameters = PATHS["/contacts/"]["get"]["parameters"]
    limit = next(parameter["schema"] for parameter in parameters if parameter["name"] == "limit")
    assert (limit["minimum"], limit["maximum"]) == (1, 200)


def test_the_document_is_built_once_and_has_an_etag() -> None:
    first = Api().get("/openapi.json")
    assert Api().get("/openapi.json").content == first.content
    for method in ("GET", "HEAD"):
        assert Api().send(method, "/openapi.json")["ETag"] == first["ETag"]
        again = Api().send(method, "/openapi.json", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again["ETag"]) == (304, first["ETag"])
