"""A body that cannot be read is refused, whatever is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.media.chunks import flat_png
from tests.org import Org
from tests.protocol.problems import PATHS, ROUTES, TAKES_JSON, filled, media_types, problem

pytestmark = pytest.mark.usefixtures("shared_org")


@pytest.mark.parametrize(
    ("method", "route"), [(method, route) for method, route in ROUTES if media_types(PATHS[route][method.lower()])]
)
def test_a_body_of_an_undocumented_media_type_is_refused_unread(org: Org, method: str, route: str) -> None:
    for kind in ("text/plain", "application/xml", "application/jsonx", "text/json"):
        response = org.api.send(method, filled(route, org.slug), b'{"a": 1}', content_type=kind)
        assert problem(response, 415) == "unsupported_media_type"


UNPARSABLE = {
    "cut": b'{"a": ',
    "trailing": b"{} x",
    "single quotes": b"{'a': 1}",
    "no text": b"\x00\x01",
    "not UTF-8": b'{"a": "\xff"}',
    "a surrogate as bytes": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a raw line feed": b'{"a": "\n"}',
}


@pytest.mark.parametrize(("method", "route"), TAKES_JSON)
def test_json_that_cannot_be_parsed_is_a_bad_request(org: Org, method: str, route: str, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    for name, body in UNPARSABLE.items():
        response = org.api.send(method, filled(route, org.slug), body, content_type="application/json")
        assert problem(response, 400) == "malformed_body", name


@pytest.mark.parametrize(("method", "route"), TAKES_JSON)
def test_json_over_a_mebibyte_is_too_large(org: Org, method: str, route: str) -> None:
    for size in (1024 * 1024 + 1, 5 * 1024 * 1024):
        body = b'{"a": "' + b"x" * (size - 9) + b'"}'
        response = org.api.send(method, filled(route, org.slug), body, content_type="application/json")
        assert problem(response, 413) == "too_large"
    largest = b'{"a": "' + b"x" * (1024 * 1024 - 9) + b'"}'
    assert org.api.send(method, filled(route, org.slug), largest, content_type="application/json").status_code == 422


def test_json_is_read_with_a_byte_order_mark_a_charset_or_no_content_type(org: Org) -> None:
    body = json.dumps({"organization": org.slug, "display_name": "Zoë"}, ensure_ascii=False).encode()
    for sent, kind in (
        (b"\xef\xbb\xbf" + body, "application/json"),
        (body, "application/json; charset=utf-8"),
        (body, "Application/JSON"),
        (body, ""),
    ):
        response = org.api.send("POST", "/contacts/", sent, content_type=kind)
        assert response.status_code == 201
        assert response.json()["display_name"] == "Zoë"


FORM = "application/x-www-form-urlencoded"


PART = b'--zz\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    ("status", "code", "kind", "body"),
    [
        (400, "malformed_body", "multipart/form-data", b"x"),
        (400, "malformed_body", "multipart/form-data; boundary=", b"x"),
        (400, "malformed_body", "multipart/form-data; boundary=z\xe4", b"x"),
        (400, "malformed_body", f"{FORM}; charset=latin-1", b"image_id=1"),
        (422, "validation_error", FORM, b"&".join([b"ids=1"] * 2000)),
        (413, "too_large", FORM, b"a=" + b"x" * 3_000_000),
        (422, "validation_error", "multipart/form-data; boundary=zz", b"x"),
        (422, "validation_error", FORM, b"%%%=%zz&ids=%ff"),
    ],
)
def test_an_unreadable_form_is_refused(org: Org, status: int, code: str, kind: str, body: bytes) -> None:
    root = f"/images/orgs/{org.slug}"
    for route in (f"{root}/attach/", f"{root}/detach/", f"{root}/bulk-delete/", f"{root}/images/contacts/contact/x/"):
        response = org.api.send("POST", route, body, content_type=kind)
        assert problem(response, status) == code


@pytest.mark.parametrize("route", ["/users/avatar", "/images/orgs/{org}/images/", "/images/orgs/{org}/bulk-upload/"])
def test_an_unreadable_upload_is_refused(org: Org, route: str) -> None:
    route = route.format(org=org.slug)

    def refused(kind: str, body: bytes, status: int) -> str:
        return problem(org.api.send("POST", route, body, content_type=kind), status)

    multipart = "multipart/form-data; boundary=zz"
    base64 = b'; filename="x"\r\nContent-Transfer-Encoding: base64'
    assert refused("multipart/form-data", b"x", 400) == "malformed_body"
    assert refused(multipart, PART % (b"file", base64), 400) == "malformed_body"
    assert refused(multipart, b"x", 422) == "validation_error"
    assert refused(multipart, PART % (b"file", b"") + b"--zz--\r\n", 422) == "validation_error"
    assert refused(multipart, PART % (b"a", b"") * 2000 + b"--zz--\r\n", 413) == "too_large"
    assert refused(FORM, b"file=x", 415) == "unsupported_media_type"
    assert refused("application/json", b"{}", 415) == "unsupported_media_type"


@pytest.mark.parametrize("charset", ["idna", "utf-16", "latin-1", "cp037", "no-such-charset"])
def test_a_form_with_files_is_read_in_utf_8_whatever_charset_it_names(org: Org, charset: str) -> None:
    kind = f"multipart/form-data; charset={charset}; boundary=zz"
    title = 'Content-Disposition: form-data; name="title"\r\n\r\nZo\u00eb\r\n'
    file = 'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = f"--zz\r\n{title}--zz\r\n{file}".encode() + flat_png(b"abc").getvalue() + b"\r\n--zz--\r\n"
    response = org.api.send("POST", f"/images/orgs/{org.slug}/images/", body, content_type=kind)
    assert (response.status_code, response.json()["title"]) == (201, "Zo\u00eb")


class CutShort:
    """A body of which the client sends less than it promised."""

    def read(self, *_size: int) -> bytes:
        """Fail as a server does whose client has gone."""
        raise OSError("gone")

    readline = read


@pytest.mark.parametrize("kind", ["application/json", FORM, "multipart/form-data; boundary=zz"])
def test_a_body_that_breaks_off_is_a_bad_request(org: Org, kind: str) -> None:
    environ: dict[str, Any] = {"wsgi.input": CutShort(), "CONTENT_LENGTH": "100", "CONTENT_TYPE": kind}
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {org.owner.access}"})
    response = client.post(f"/api/v1/images/orgs/{org.slug}/attach/", b"", content_type=kind, **environ)
    assert problem(response, 400) == "malformed_body"
