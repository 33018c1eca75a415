"""The router of the kit's endpoints.

An endpoint declares what guards it and what it answers; it returns a value. The router does the rest, in this order:
the policy decides by the bare request, the gate decides whether the caller may, unknown query parameters are refused,
throttles count the request, a repeated ``Idempotency-Key`` gets its first answer, and what the endpoint returns is
rendered through the declared response. The OpenAPI document is made of the same declaration. Every GET can be asked by
HEAD.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import update_wrapper
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from ninja import Router
from ninja.constants import NOT_SET
from ninja.decorators import decorate_view
from ninja.operation import Operation, PathView

from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.endpoints import Answer, Endpoint, Guard, body_of
from ninja_orgkit.protocol.openapi.operations import describe
from ninja_orgkit.protocol.queries import KnownQuery, in_utf8
from ninja_orgkit.protocol.request_ids import with_request_id
from ninja_orgkit.protocol.responses import not_shared, without_body
from ninja_orgkit.protocol.traits import DECLARED, Traits

View = Callable[..., Any]


class OrgkitRouter(Router):
    """A router whose endpoints declare what they answer, and return a value.

    ``errors`` are those that any of its endpoints may raise. The OpenAPI document lists them. With ``people_only``,
    every endpoint that needs a caller refuses API keys.
    """

    def __init__(self, *, errors: Sequence[type[OrgKitError]] = (), people_only: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.errors = tuple(errors)
        self.people_only = people_only

    def api_operation(self, methods: list[str], path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint. The name of its function becomes the operation id.

        The arguments are those of ``Traits`` and those of ninja. An endpoint without ``auth`` is open, whatever
        its API asks of other endpoints.
        """
        auth = kwargs.get("auth", self.auth)
        kwargs["auth"] = None if auth is NOT_SET else auth
        traits = self._traits({name: kwargs.pop(name) for name in DECLARED & kwargs.keys()}, auth)
        answer = Answer(kwargs.get("response", NOT_SET), traits.tagged, traits.located)

        def decorator(view: View) -> Any:
            if traits.gate is not None:
                traits.gate.extend(view)
            self.path_operations.setdefault(path, _Open())
            named = {"operation_id": view.__name__, **kwargs}
            view = super(OrgkitRouter, self).api_operation(methods, path, **named)(view)
            operation: Operation = view._ninja_operation  # type: ignore[attr-defined]
            describe(operation, traits)
            endpoint = Endpoint(view, traits, answer, body_of(operation))
            operation.view_func = update_wrapper(endpoint, view)
            operation.models.insert(0, Guard(KnownQuery(operation), traits))
            return view

        return decorator

    def _traits(self, values: dict[str, Any], auth: Any) -> Traits:
        """Return the traits of an endpoint, with those that its router gives to all of them."""
        own = Traits(**values, authenticated=auth not in (NOT_SET, None))
        people_only = own.authenticated and (own.people_only or self.people_only)
        return replace(own, errors=(*self.errors, *own.errors), people_only=people_only)

    def get(self, path: str, **kwargs: Any) -> Callable[[View], Any]:
        """Register an endpoint for GET, and for HEAD, which is not in the OpenAPI document."""

        def decorator(view: View) -> Any:
            registered = self.api_operation(["GET"], path, **kwargs)(view)
            self.path_operations[path].operations.append(_head_of(registered._ninja_operation))
            return registered

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


def _head_of(get: Operation) -> Operation:
    """Return a copy of an operation, which answers HEAD as that answers GET."""

    def head(request: HttpRequest) -> None:
        """Carry the copy to ``decorate_view``, which expects a function."""

    operation = get.clone()
    operation.methods, operation.include_in_schema = ["HEAD"], False
    head._ninja_operation = operation  # type: ignore[attr-defined]
    decorate_view(without_body)(head)
    return operation


class _Open(PathView):
    """A view that gives its request an id, reads it in UTF-8, and answers its caller alone.

    Django's LoginRequiredMiddleware lets it pass: the kit finds out by itself who is calling.
    """

    def clone(self) -> PathView:
        """Return the copy that is mounted."""
        copy = super().clone()
        copy.__class__ = _Open
        return copy

    def get_view(self) -> View:
        """Return the view that Django calls."""
        return login_not_required(with_request_id(not_shared(in_utf8(super().get_view()))))
