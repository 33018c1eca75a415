"""Decide whether a caller may, before an endpoint does anything else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from ninja_orgkit.protocol.responses import adapter


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

    def extend(self, view: Callable[..., Any]) -> None:
        """Add the gate's parameters to the signature of an endpoint, where ninja looks for them."""
        signature = inspect.signature(view)
        request, *others = signature.parameters.values()
        mine = [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
            for name, annotation in self.parameters.items()
            if name not in signature.parameters
        ]
        view.__signature__ = signature.replace(parameters=[request, *mine, *others])  # type: ignore[attr-defined]
