"""How operations say who may call them: by whatever the setting ``AUTHENTICATION`` accepts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ninja_orgkit.custom.callables import authentication_paths, host_callable
from ninja_orgkit.errors import Forbidden, NotFound, OrgKitError, Throttled, Unauthenticated

F = TypeVar("F", bound=Callable[..., Any])
Scheme = dict[str, Any]

API_KEY = "OrgkitApiKey"
"""The security scheme of API keys."""
PEOPLE_ONLY = "x-people-only"
"""What an operation holds that refuses API keys, until its document is complete."""

# Ninja names a security scheme by the class of the ``auth`` of a route.
REFUSALS: dict[str, tuple[type[OrgKitError], ...]] = {
    "OrgkitBearer": (Unauthenticated, Throttled),
    "OrgkitMember": (Unauthenticated, Forbidden, NotFound, Throttled),
}
"""The errors with which a route answers before its endpoint is called, by the class of its ``auth``."""


def openapi_security(**schemes: Scheme) -> Callable[[F], F]:
    """Mark a callable for ``AUTHENTICATION`` with the OpenAPI security schemes of the credentials that it reads."""

    def mark(function: F) -> F:
        vars(function)["openapi_security"] = schemes
        return function

    return mark


def accepted_schemes() -> dict[str, Scheme]:
    """Return the security schemes of all callables of ``AUTHENTICATION`` that name theirs."""
    schemes: dict[str, Scheme] = {}
    for path in authentication_paths():
        schemes |= getattr(host_callable(path), "openapi_security", {})
    return schemes


def refusals_of(operation: dict[str, Any]) -> list[type[OrgKitError]]:
    """Return the errors with which the ``auth`` of an operation refuses, none if it can be called without."""
    ways = operation.get("security", ())
    return [error for way in ways for name in way for error in REFUSALS.get(name, ()) if {} not in ways]


def name_schemes(operation: dict[str, Any], schemes: dict[str, Scheme]) -> None:
    """Replace what ninja knows of the kit's ``auth`` by the schemes that are accepted.

    If none is known, the operation does not say how it is secured, rather than that it is open.
    """
    ways: list[dict[str, Any]] = operation.get("security", [])
    refused = {API_KEY} if operation.pop(PEOPLE_ONLY, False) else set()
    others = [way for way in ways if not way.keys() & REFUSALS.keys()]
    if len(others) == len(ways):
        return
    operation["security"] = [*others, *({name: []} for name in schemes if name not in refused)]
    if not operation["security"]:
        del operation["security"]
