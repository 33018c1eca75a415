"""What ninja sees in the place of an endpoint.

``Guard`` is what it resolves before the parameters. ``Endpoint`` is what it calls: that passes the gate, counts the
request, answers a repeated one, calls the endpoint and renders what that returns.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.operation import Operation

from ninja_orgkit.custom.hooks import request_in_context
from ninja_orgkit.errors import NotForApiKeys
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.protocol.conditional import tagged_response
from ninja_orgkit.protocol.idempotency import idempotent, keep_for_replay
from ninja_orgkit.protocol.openapi.operations import BODY_SOURCES
from ninja_orgkit.protocol.queries import KnownQuery
from ninja_orgkit.protocol.responses import Reply, empty, json_response
from ninja_orgkit.protocol.traits import Traits
from ninja_orgkit.protocol.urls import file_url, url_below


class Answer:
    """Turns what an endpoint returns into the response that it declares."""

    def __init__(self, response: Any, tagged: Any, located: str) -> None:
        self.schemas: dict[int, Any] = response if isinstance(response, dict) else {200: response}
        self.status = min(self.schemas)
        self.tagged = self.schemas[self.status] if tagged is True else tagged
        self.located = located

    def render(self, request: HttpRequest, result: Any) -> HttpResponseBase:
        """Return the response, or what the endpoint returned if that is one already."""
        if isinstance(result, HttpResponseBase):
            return result
        reply = result if isinstance(result, Reply) else Reply(result)
        response = self._rendered(request, reply)
        if reply.repeated is not None:
            keep_for_replay(response, self._rendered(request, replace(reply, value=reply.repeated)))
        return response

    def _rendered(self, request: HttpRequest, reply: Reply) -> HttpResponse:
        status = reply.status or self.status
        schema, headers = self.schemas[status], dict(reply.headers)
        if self.located and status in (201, 202):
            headers["Location"] = url_below(request, str(reply.value[self.located]))
        if schema is None:
            return empty(status, headers=headers)
        if self.tagged:
            return tagged_response(request, schema, reply.value, status=status, headers=headers)
        return json_response(schema, reply.value, status=status, headers=headers, urls=partial(file_url, request))


@dataclass
class Endpoint:
    """What ninja calls in the place of an endpoint."""

    view: Callable[..., Any]
    traits: Traits
    answer: Answer
    body: str

    def __call__(self, request: Any, **values: Any) -> HttpResponseBase:
        """Answer a request, whose parameters ninja has validated."""
        with request_in_context(request):
            return self._answer(request, values)

    def _answer(self, request: Any, values: dict[str, Any]) -> HttpResponseBase:
        request.tagged = self.answer.tagged
        if (gate := self.traits.gate) is not None:
            gate.enter(request, values)
            values = {name: value for name, value in values.items() if name not in gate.parameters}
        body = values.get(self.body)
        for throttle in self.traits.throttles:
            throttle(request, body)
        begin = partial(self._begin, request, values)
        with StoredFiles() if self.traits.stores_files else nullcontext() as request.stored_files:
            key = request.headers.get("Idempotency-Key") if self.traits.idempotent else None
            return begin()() if key is None else idempotent(request, key, body, begin)

    def _begin(self, request: HttpRequest, values: dict[str, Any]) -> Callable[[], Any]:
        """Do what is slow, and return a function that does the rest, which may run in a transaction."""
        act = partial(self.view, request, **values)
        write = act() if self.traits.stores_files else act
        return lambda: self.answer.render(request, write())


@dataclass
class Guard:
    """What ninja resolves before the parameters of an operation: its policy, and whether it knows the query.

    An unknown query parameter wins over all other faults, but ``people_only``, the policy and the gate decide first.
    A repeated parameter that is not a list comes next.
    """

    known: KnownQuery
    traits: Traits

    __ninja_param_source__ = "query"

    def resolve(self, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]) -> tuple[()]:
        """Refuse the request, or add no parameter."""
        traits = self.traits
        if traits.people_only and getattr(request.auth, "key", None) is not None:  # type: ignore[attr-defined]
            raise NotForApiKeys
        if traits.policy is not None:
            traits.policy(request)
        fault = self.known.fault(request) if request.GET and not traits.any_query else None
        if fault is not None:
            if traits.gate is not None:
                traits.gate.enter_by_path(request, path_params)
            raise fault
        return ()

    def model_json_schema(self, **_: Any) -> dict[str, Any]:
        """Return what the OpenAPI document says of its parameters: there are none."""
        return {"properties": {}}


def body_of(operation: Operation) -> str:
    """Return the name of the parameter that is the body, "" where there is none."""
    return next(
        (
            name
            for model in operation.models
            if model.__ninja_param_source__ in BODY_SOURCES
            for name in model.model_fields
        ),
        "",
    )
