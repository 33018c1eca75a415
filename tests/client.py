"""A client for the API under test, which sends JSON and files."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.test.utils import CaptureQueriesContext

from ninja_orgkit.database.alias import kit_connection

BASE = "/api/v1"


class Api:
    """Calls ``/api/v1`` through Django's test client, as somebody or as nobody.

    Paths begin behind the base (``/orgs/``); a full URL, such as a ``next`` of a page, works too. Each method returns
    Django's response, whose ``json()`` is the body.
    """

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self._client = Client(raise_request_exception=False)

    def as_user(self, token: str | None) -> Api:
        """Return a client that sends this access token, or none."""
        return Api(token)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        """GET with query parameters; a list is a repeated one."""
        address = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return self.send("GET", address, headers=headers)

    def walk(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page by page."""
        page = self.get(path, **query).json()
        yield from page["items"]
        while page["next"]:
            page = self.get(page["next"]).json()
            yield from page["items"]

    def post(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """POST a JSON body; without one the body is empty."""
        return self._json("POST", path, json, headers)

    def put(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """PUT a JSON body."""
        return self._json("PUT", path, json, headers)

    def patch(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """PATCH with a JSON body."""
        return self._json("PATCH", path, json, headers)

    def delete(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """DELETE, with a JSON body where one is given."""
        return self._json("DELETE", path, json, headers)

    def upload(self, path: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Any:
        """POST ``multipart/form-data``; a field is a text, a file object, or a list of them."""
        return self._client.post(self._address(path), fields, headers=self._headers(headers))

    def send(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        *,
        content_type: str = "application/octet-stream",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a body as it is, right or wrong."""
        return self._client.generic(method, self._address(path), body, content_type, headers=self._headers(headers))

    def _json(self, method: str, path: str, json: Any, headers: Mapping[str, str] | None) -> Any:
        if json is None:
            return self.send(method, path, headers=headers)
        return self.send(method, path, jsonlib.dumps(json), content_type="application/json", headers=headers)

    def _address(self, path: str) -> str:
        address = path.removeprefix("http://testserver")
        return address if address.startswith(f"{BASE}/") else f"{BASE}{address}"

    def _headers(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**bearer, **(headers or {})}


@dataclass(frozen=True)
class Person:
    """Somebody who registered."""

    email: str
    password: str
    access: str
    refresh: str
    user: dict[str, Any]
    api: Api
    """A client that is signed in."""

    @property
    def slug(self) -> str:
        """Return the slug of the account."""
        return str(self.user["slug"])

    @property
    def org(self) -> str:
        """Return the slug of the personal organization."""
        return next(str(org["slug"]) for org in self.user["organizations"] if org["type"] == "personal")


def told(response: Any) -> tuple[int, frozenset[tuple[str, str]], bytes]:
    """Return what an answer tells: its status, headers and body, all without the id of its request.

    Two answers that nobody may tell apart are equal in it.
    """
    request_id: str = response["X-Request-ID"]
    headers = frozenset((name, value) for name, value in response.headers.items() if value != request_id)
    return response.status_code, headers, response.content.replace(request_id.encode(), b"")


def statements_in(queries: CaptureQueriesContext) -> list[str]:
    """Return the statements that read or write rows, without those that control transactions."""
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(control)]


@contextmanager
def count_queries() -> Iterator[CaptureQueriesContext]:
    """Yield what the block sends to the database: ``len()`` of it, or ``captured_queries``."""
    with CaptureQueriesContext(kit_connection()) as queries:
        yield queries
