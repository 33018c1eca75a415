"""On ASGI a body without a length is read, refused and limited like any other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler

from tests.org import Org

pytestmark = pytest.mark.django_db(transaction=True)  # the requests run in threads of their own

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=zz"


def post(org: Org, path: str, body: bytes, content_type: str, **headers: str) -> tuple[int, Any]:
    """POST a body in parts, without a length unless a header gives one; return the status and the answer."""
    named = {
        "host": "testserver",
        "authorization": f"Bearer {org.owner.access}",
        "content-type": content_type,
        **headers,
    }
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": f"/api/v1{path}",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
    }

    async def _call() -> tuple[int, bytes]:
        server = ApplicationCommunicator(ASGIHandler(), scope)
        half = len(body) // 2
        await server.send_input({"type": "http.request", "body": body[:half], "more_body": True})
        await server.send_input({"type": "http.request", "body": body[half:], "more_body": False})
        start = await server.receive_output(60)
        content, more = b"", True
        while more:
            part = await server.receive_output(60)
            content += part.get("body", b"")
            more = part.get("more_body", False)
        await server.wait(60)
        return start["status"], content

    status, content = async_to_sync(_call)()
    return status, json.loads(content)


CHUNKED = {"transfer_encoding": "chunked"}


@pytest.mark.parametrize("headers", [CHUNKED, {}], ids=["chunked", "HTTP/2"])
def test_json_without_a_length_is_read(org: Org, headers: dict[str, str]) -> None:
    body = json.dumps({"organization": org.slug, "display_name": "Ada"}).encode()
    status, contact = post(org, "/contacts/", body, "application/json", **headers)
    assert (status, contact["display_name"]) == (201, "Ada")


@pytest.mark.parametrize("kind", ["application/json", FORM])
def test_a_body_without_a_length_is_limited_like_any_other(org: Org, kind: str) -> None:
    begin, end = (b'{"a": "', b'"}') if kind == "application/json" else (b"a=", b"")
    for size, expected in ((1024 * 1024, 422), (1024 * 1024 + 1, 413)):
        body = begin + b"x" * (size - len(begin) - len(end)) + end
        assert post(org, f"/images/orgs/{org.slug}/attach/", body, kind, **CHUNKED)[0] == expected


@pytest.mark.parametrize("headers", [CHUNKED, {}], ids=["chunked", "HTTP/2"])
def test_a_form_with_files_needs_a_length(org: Org, headers: dict[str, str]) -> None:
    body = b'--zz\r\nContent-Disposition: form-data; name="image_id"\r\n\r\n1\r\n--zz--\r\n'
    for path in ("/users/avatar", f"/images/orgs/{org.slug}/attach/"):
        status, answer = post(org, path, body, MULTIPART, **headers)
        assert (status, answer["code"]) == (411, "length_required")
    status, answer = post(org, f"/images/orgs/{org.slug}/attach/", body, MULTIPART, content_length=str(len(body)))
    assert (status, answer["errors"][0]["loc"]) == (422, ["body", "app_label"])


@pytest.mark.parametrize("path", ["/contacts/", "/users/avatar"])
def test_a_body_of_the_wrong_media_type_is_refused_with_and_without_a_length(org: Org, path: str) -> None:
    for headers in (CHUNKED, {"content_length": "2"}):
        status, answer = post(org, path, b"{}", "text/plain", **headers)
        assert (status, answer["code"]) == (415, "unsupported_media_type")
