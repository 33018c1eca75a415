"""The routes of the API, and what a problem looks like."""

from __future__ import annotations

from typing import Any

from tests.protocol import document

METHODS = ("get", "post", "put", "patch", "delete")
PATHS: dict[str, dict[str, Any]] = {
    route: {method: operations[method] for method in METHODS if method in operations}
    for route, operations in document.PATHS.items()
}
ROUTES = [(method.upper(), route) for route, operations in PATHS.items() for method in operations]
PARTS = {
    "slug": "nothing-22222222",
    "user_slug": "nobody-22222222",
    "tag_id": "999999",
    "image_id": "999999",
    "app_label": "contacts",
    "model": "contact",
    "obj_id": "nobody-22222222",
    "session_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "invitation_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "key_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "job_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "token": "nothing",
}


def filled(route: str, slug: str) -> str:
    """Return a path on which nothing but the organization may exist."""
    return route.format(org_slug=slug, **PARTS)


def media_types(operation: dict[str, Any]) -> list[str]:
    """Return the media types that an operation documents for its body."""
    return list(operation.get("requestBody", {}).get("content", ()))


def problem(response: Any, status: int) -> str:
    """Check that a response is a problem of this status, and return its code."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == status
    assert body["request_id"] == response["X-Request-ID"]
    assert all(set(error) == {"loc", "msg", "type"} for error in body.get("errors", ()))
    return str(body["code"])


TAKES_JSON = [
    (method, route) for method, route in ROUTES if "application/json" in media_types(PATHS[route][method.lower()])
]
