"""The router of the kit's endpoints: it gives each its stable operation id and documents what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ninja import Router
from ninja.constants import NOT_SET
from ninja.operation import Operation

from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.openapi import Traits, describe


class OrgkitRouter(Router):
    """A router whose endpoints have the name of their function as operation id, and document what they may answer.

    ``errors`` are those that any of its endpoints may raise.
    """

    def __init__(self, *, errors: Sequence[type[OrgKitError]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.errors = tuple(errors)

    def api_operation(
        self,
        methods: list[str],
        path: str,
        *,
        errors: Sequence[type[OrgKitError]] = (),
        tagged: bool = False,
        idempotent: bool = False,
        located: bool = False,
        **kwargs: Any,
    ) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint; its function's name becomes the operation id.

        ``errors`` and what follows them are the ``Traits`` of the endpoint; the rest is as in ninja.
        """
        traits = Traits((*self.errors, *errors), tagged, idempotent, located)

        def decorator(view: Callable[..., Any]) -> Any:
            auth = self.auth if kwargs.get("auth", NOT_SET) is NOT_SET else kwargs["auth"]
            named = {**kwargs, "operation_id": kwargs.get("operation_id") or view.__name__}
            view = super(OrgkitRouter, self).api_operation(methods, path, **named)(view)
            operation: Operation = view._ninja_operation  # type: ignore[attr-defined]
            describe(operation, traits, authenticated=auth not in (NOT_SET, None))
            return view

        return decorator

    def get(self, path: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint for GET."""
        return self.api_operation(["GET"], path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint for POST."""
        return self.api_operation(["POST"], path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint for PUT."""
        return self.api_operation(["PUT"], path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint for PATCH."""
        return self.api_operation(["PATCH"], path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint for DELETE."""
        return self.api_operation(["DELETE"], path, **kwargs)
