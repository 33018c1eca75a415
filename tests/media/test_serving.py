"""How a file is sent: whole, as a range, or not at all because the client has it."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from tests.client import Api
from tests.media.serving import CONTENT, body
from tests.servers.processes import Web


def test_head_sends_no_body(api: Api, link: str) -> None:
    response = api.send("HEAD", link)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-99", 0, 99),
        ("100-", 100, 255_999),
        ("-10", 255_990, 255_999),
        ("255999-255999", 255_999, 255_999),
        ("0-999999999", 0, 255_999),
        ("10-" + "9" * 5000, 10, 255_999),
        ("-" + "9" * 5000, 0, 255_999),
        ("0000000000000000000000100-00000000000000000000101", 100, 101),
        ("-999999999", 0, 255_999),
        ("70000-200000", 70_000, 200_000),
    ],
)
def test_one_range_can_be_requested(api: Api, link: str, asked: str, start: int, end: int) -> None:
    response = api.get(link, headers={"Range": f"bytes={asked}"})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/256000"
    assert body(response) == CONTENT[start : end + 1]
    assert response["Content-Length"] == str(end + 1 - start)


def test_the_unit_of_a_range_may_be_in_capitals(api: Api, link: str) -> None:
    assert body(api.get(link, headers={"Range": "Bytes=0-4"})) == CONTENT[:5]


@pytest.mark.parametrize("asked", ["256000-", "999999-1000000", "-0", "9" * 5000 + "-"])
def test_a_range_beyond_the_end_is_416(api: Api, link: str, asked: str) -> None:
    response = api.get(link, headers={"Range": f"bytes={asked}"})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */256000"
    assert response.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=5-1",
        "bytes=-",
        "bytes=a-b",
        "pages=1-2",
        "bytes=" + "9" * 99 + "-5",
        "bytes=\u0661-\u0662",
    ],
)
def test_an_invalid_range_gets_the_whole_file(api: Api, link: str, asked: str) -> None:
    response = api.get(link, headers={"Range": asked})
    assert (response.status_code, len(body(response))) == (200, 256_000)


def test_a_download_resumes_only_if_the_file_is_unchanged(api: Api, link: str) -> None:
    etag = api.send("HEAD", link)["ETag"]
    same = api.get(link, headers={"Range": "bytes=10-", "If-Range": etag})
    other = api.get(link, headers={"Range": "bytes=10-", "If-Range": '"other"'})
    assert (same.status_code, len(body(same))) == (206, 255_990)
    assert (other.status_code, len(body(other))) == (200, 256_000)


def test_a_cached_file_is_not_sent_again(api: Api, link: str) -> None:
    etag = api.send("HEAD", link)["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = api.get(link, headers={"If-None-Match": known})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
        assert "Content-Length" not in response
        assert "Content-Type" not in response
    for other in ('"other"', etag.strip('"'), ""):
        assert body(api.get(link, headers={"If-None-Match": other})) == CONTENT


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_connection_stays_open_after_a_304(link: str, web: Web) -> None:
    connection = http.client.HTTPConnection(web.address, timeout=10)
    for headers, status, content in (({"If-None-Match": "*"}, 304, b""), ({}, 200, CONTENT)):
        connection.request("GET", f"/api/v1{link}", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, content)
        assert answer.headers.get("Content-Length") == (str(len(content)) if content else None)
    connection.close()


@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}])
@pytest.mark.parametrize("place", ["", "images"])
def test_an_unreachable_file_is_unavailable_and_not_missing(
    api: Api, link: str, media_root: Path, place: str, headers: dict[str, str]
) -> None:
    folder = media_root / place
    away = folder.rename(media_root.with_name("away"))
    folder.write_text("in the way")
    response = api.get(link, headers=headers)
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert int(response["Retry-After"]) > 0
    folder.unlink()
    away.rename(folder)
    assert body(api.get(link)) == CONTENT


def test_a_file_without_read_permission_is_unavailable_and_not_missing(
    api: Api, name: str, link: str, media_root: Path
) -> None:
    path = media_root / name
    path.unlink()
    path.symlink_to(path)  # the system refuses it, as it does a file without permission: root may read those
    response = api.get(link)
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
