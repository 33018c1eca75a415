"""What an endpoint declares about itself. The router does it, and the OpenAPI document says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.gates import Gate
from ninja_orgkit.protocol.throttling import Throttle

Policy = Callable[[Any], None]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What an endpoint may declare to an ``OrgkitRouter``, besides the arguments of ninja.

    An endpoint returns the value that ``response`` describes, or a ``Reply`` if it has more to say.
    """

    errors: Sequence[type[OrgKitError]] = ()
    """The errors that this endpoint may raise, besides those of its router. The OpenAPI document lists them."""

    people_only: bool = False
    """Refuses API keys."""

    policy: Policy | None = None
    """Gets the authenticated request before anything else of it is validated, and raises what refuses it."""

    gate: Gate | None = None
    """Decides whether the caller may."""

    throttles: Sequence[Throttle] = ()
    """Count the request."""

    idempotent: bool = False
    """Takes an Idempotency-Key."""

    stores_files: bool = False
    """Stores files in ``request.stored_files`` and returns a function, which writes the rows and returns the value.
    Only that function may run in a transaction. If one of the two fails, the files are deleted again."""

    tagged: Any = False
    """Gives the answer an ETag, and honours the condition that goes with the method: a GET with a matching
    If-None-Match gets 304. A DELETE names the schema of what it deletes."""

    located: str = ""
    """The field of the answer with which the ``Location`` of a new object ends."""

    any_query: bool = False
    """Ignores unknown query parameters."""

    authenticated: bool = False
    """Needs a caller. The router says so, by the ``auth`` of the endpoint."""


DECLARED = frozenset(trait.name for trait in fields(Traits)) - {"authenticated"}
"""The traits that an endpoint declares: arguments of its decorator."""
