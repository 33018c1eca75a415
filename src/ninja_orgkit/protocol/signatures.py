"""Parameters that many endpoints share, and the router that gives each endpoint its stable operation id."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from ninja import Path, Router, Schema
from ninja.constants import NOT_SET
from ninja.operation import Operation
from ninja.params.functions import Path as PathParam
from pydantic import AfterValidator, Field

from ninja_orgkit.errors import NotFound, OrgKitError
from ninja_orgkit.protocol.fields import LOWER_UUID
from ninja_orgkit.protocol.openapi import Traits, describe

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 255


def _sane(value: str) -> str:
    """Return a part of a path. What no identifier can be is simply not found."""
    if len(value) > _LONGEST or _UNPRINTABLE.search(value):
        raise NotFound
    return value


def _slug(value: str) -> str:
    """Return a slug in the Unicode form that slugs are kept in; some clients decompose what they put into a URL."""
    return unicodedata.normalize("NFC", _sane(value))


Part = Annotated[str, AfterValidator(_sane)]
"""One part of a path, in a schema of path parameters."""

# A path parameter in a mount prefix is taken for a query parameter unless it says what it is.
OrgSlug = Annotated[str, AfterValidator(_slug), PathParam(description="Slug of the organization.")]
Slug = Annotated[str, AfterValidator(_slug), PathParam(description="As other answers hold it.")]


def _uuid(value: str) -> str:
    """Return a lower-case UUID. Anything else is not found."""
    if not LOWER_UUID.fullmatch(value):
        raise NotFound
    return value


UuidPart = Annotated[str, AfterValidator(_uuid), PathParam(description="A UUID in lower case.")]


class OrgkitTarget(Schema):
    """An object of any registered model, as a path names it."""

    app_label: Part = Field(description="First half of the registered name, like `contacts`.")
    model: Part = Field(description="Second half of the registered name, like `contact`.")
    obj_id: Part = Field(description="Public identifier of the object: the slug of a contact, the id of an image.")

    @property
    def name(self) -> str:
        """The registered public name."""
        return f"{self.app_label}/{self.model}"


Target = Path[OrgkitTarget]


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
