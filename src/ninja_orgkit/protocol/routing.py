"""The router of the kit's endpoints.

An endpoint declares what guards it and what it answers; it returns a value. The router does the rest, in this order:
the policy decides by the bare request, the gate decides whether the caller may, unknown query parameters are refused,
throttles count the request, a repeated ``Idempotency-Key`` gets its first answer, and what the endpoint returns is
rendered through the declared response. The OpenAPI document is made of the same declaration. Every GET can be asked by
HEAD.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial, update_wrapper
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Router
from ninja.constants import NOT_SET
from ninja.decorators import decorate_view
from ninja.operation import Operation, PathView
from ninja.params.models import ParamModel

from ninja_orgkit.custom.hooks import request_in_context
from ninja_orgkit.errors import NotForApiKeys, OrgKitError
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.protocol.conditional import tagged_response
from ninja_orgkit.protocol.idempotency import idempotent, keep_for_replay
from ninja_orgkit.protocol.openapi.operations import BODY_SOURCES, Traits, describe
from ninja_orgkit.protocol.parameters import unknown_parameters
from ninja_orgkit.protocol.request_ids import with_request_id
from ninja_orgkit.protocol.responses import Reply, adapter, empty, json_response, without_body
from ninja_orgkit.protocol.throttling import Throttle
from ninja_orgkit.protocol.urls import file_url, url_below

View = Callable[..., Any]
Policy = Callable[[Any], None]


@dataclass(frozen=True)
class Gate:
    """Decides whether a caller may, before an operation does anything else.

    ``enter`` gets the request and the values of ``parameters``: parts of the path that only the gate reads, with their
    types. It raises NotFound or Forbidden, or puts what it has found on the request. A gate without parameters gets the
    values of the endpoint's own parameters. ``permission`` is what the caller needs, for the system checks.
    """

    enter: Callable[[Any, Mapping[str, Any]], None]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    permission: str = ""

    def enter_by_path(self, request: HttpRequest, path: Mapping[str, Any]) -> None:
        """Decide by the parts of the path, if the gate reads any."""
        if self.parameters:
            read = {name: adapter(kind).validate_python(path[name]) for name, kind in self.parameters.items()}
            self.enter(request, read)

    def extend(self, view: View) -> None:
        """Add the gate's parameters to the signature of an endpoint, where ninja looks for them."""
        signature = inspect.signature(view)
        request, *others = signature.parameters.values()
        mine = [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
            for name, annotation in self.parameters.items()
            if name not in signature.parameters
        ]
        view.__signature__ = signature.replace(parameters=[request, *mine, *others])  # type: ignore[attr-defined]


class OrgkitRouter(Router):
    """A router whose endpoints declare what they answer, and return a value.

    ``errors`` are those that any of its endpoints may raise. The OpenAPI document lists them. With ``people_only``,
    every endpoint that needs a caller refuses API keys.
    """

    def __init__(self, *, errors: Sequence[type[OrgKitError]] = (), people_only: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.errors = tuple(errors)
        self.people_only = people_only

    def api_operation(
        self,
        methods: list[str],
        path: str,
        *,
        errors: Sequence[type[OrgKitError]] = (),
        people_only: bool = False,
        policy: Policy | None = None,
        gate: Gate | None = None,
        throttles: Sequence[Throttle] = (),
        idempotent: bool = False,
        stores_files: bool = False,
        tagged: Any = False,
        located: str = "",
        any_query: bool = False,
        **kwargs: Any,
    ) -> Callable[[View], Any]:
        """Register an endpoint. The name of its function becomes the operation id.

        The endpoint returns the value that ``response`` describes, or a ``Reply`` if it has more to say. ``errors`` are
        those that only this endpoint raises. With ``people_only``, it refuses API keys. ``policy`` gets the
        authenticated request before anything else of it is validated, and raises what refuses it. ``gate`` decides
        whether the caller may. ``throttles`` count the request. With ``idempotent``, the endpoint takes an Idempotency-
        Key. With ``stores_files``, it stores files in ``request.stored_files`` and returns a function, which writes the
        rows and returns the value: only that may run in a transaction. If one of the two fails, the files are deleted
        again. With ``tagged``, the answer has an ETag, and a GET with a matching If-None-Match gets 304; a DELETE names
        the schema of what it deletes. ``located`` names the field of the answer with which the ``Location`` of a new
        object ends. With ``any_query``, unknown query parameters are ignored. An endpoint without ``auth`` is open,
        whatever its API asks of other endpoints. All other arguments are those of ninja.
        """
        auth = kwargs.get("auth", self.auth)
        authenticated = auth not in (NOT_SET, None)
        people_only = authenticated and (people_only or self.people_only)
        traits = Traits(
            errors=(*self.errors, *errors),
            authenticated=authenticated,
            people_only=people_only,
            throttled=bool(throttles),
            tagged=bool(tagged),
            idempotent=idempotent,
            located=bool(located),
            any_query=any_query,
        )
        answer = _Answer(kwargs.get("response", NOT_SET), tagged, located)

        def decorator(view: View) -> Any:
            if gate is not None:
                gate.extend(view)
            named = {"operation_id": view.__name__, **kwargs, "auth": None if auth is NOT_SET else auth}
            self.path_operations.setdefault(path, _Open())
            view = super(OrgkitRouter, self).api_operation(methods, path, **named)(view)
            operation: Operation = view._ninja_operation  # type: ignore[attr-defined]
            describe(operation, traits)
            endpoint = _Endpoint(view, answer, gate, tuple(throttles), idempotent, stores_files, _body_of(operation))
            operation.view_func = update_wrapper(endpoint, view)
            operation.models.insert(0, _guard(operation, policy, gate, people_only=people_only, any_query=any_query))
            return view

        return decorator

    def get(self, path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint for GET, and for HEAD, which is not in the OpenAPI document."""

        def decorator(view: View) -> Any:
            self.api_operation(["HEAD"], path, **{**kwargs, "include_in_schema": False})(view)
            decorate_view(without_body)(view)
            return self.api_operation(["GET"], path, **kwargs)(view)

        return decorator

    def post(self, path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint for POST."""
        return self.api_operation(["POST"], path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint for PUT."""
        return self.api_operation(["PUT"], path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint for PATCH."""
        return self.api_operation(["PATCH"], path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint for DELETE."""
        return self.api_operation(["DELETE"], path, **kwargs)


class _Open(PathView):
    """A view that gives its request an id.

    Django's LoginRequiredMiddleware lets it pass: the kit finds out by itself who is calling.
    """

    def clone(self) -> PathView:
        """Return the copy that is mounted."""
        copy = super().clone()
        copy.__class__ = _Open
        return copy

    def get_view(self) -> View:
        """Return the view that Django calls."""
        return login_not_required(with_request_id(super().get_view()))


class _Answer:
    """Turns what an endpoint returns into the response that it declares."""

    def __init__(self, response: Any, tagged: Any, located: str) -> None:
        self.schemas: dict[int, Any] = response if isinstance(response, dict) else {200: response}
        self.status = min(self.schemas)
        self.tagged = self.schemas[self.status] if tagged is True else tagged
        self.located = located

    def render(self, request: HttpRequest, result: Any) -> HttpResponseBase:
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
class _Endpoint:
    """What ninja calls in the place of an endpoint."""

    view: View
    answer: _Answer
    gate: Gate | None
    throttles: tuple[Throttle, ...]
    idempotent: bool
    stores_files: bool
    body: str

    def __call__(self, request: Any, **values: Any) -> HttpResponseBase:
        with request_in_context(request):
            return self._answer(request, values)

    def _answer(self, request: Any, values: dict[str, Any]) -> HttpResponseBase:
        request.tagged = self.answer.tagged
        if self.gate is not None:
            self.gate.enter(request, values)
            values = {name: value for name, value in values.items() if name not in self.gate.parameters}
        body = values.get(self.body)
        for throttle in self.throttles:
            throttle(request, body)
        begin = partial(self._begin, request, values)
        with StoredFiles() if self.stores_files else nullcontext() as request.stored_files:
            key = request.headers.get("Idempotency-Key") if self.idempotent else None
            return begin()() if key is None else idempotent(request, key, body, begin)

    def _begin(self, request: HttpRequest, values: dict[str, Any]) -> Callable[[], Any]:
        """Do what is slow, and return a function that does the rest, which may run in a transaction."""
        act = partial(self.view, request, **values)
        write = act() if self.stores_files else act
        return lambda: self.answer.render(request, write())


def _guard(
    operation: Operation, policy: Policy | None, gate: Gate | None, *, people_only: bool, any_query: bool
) -> type[ParamModel]:
    """Return what ninja resolves before the parameters of an operation: its policy, and whether it knows the query.

    An unknown query parameter wins over all other faults, but ``people_only``, the policy and the gate decide first.
    """
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }

    class Guard(ParamModel):
        __ninja_param_source__: Any = "query"

        @classmethod
        def resolve(cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]) -> Any:
            if people_only and getattr(request.auth, "key", None) is not None:  # type: ignore[attr-defined]
                raise NotForApiKeys
            if policy is not None:
                policy(request)
            unknown = [] if any_query else [name for name in request.GET if name not in known]
            if unknown:
                if gate is not None:
                    gate.enter_by_path(request, path_params)
                raise unknown_parameters(unknown)
            return ()

    return Guard


def _body_of(operation: Operation) -> str:
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
