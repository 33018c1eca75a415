"""The start page of a running demo, and what it leads to."""

from __future__ import annotations

import html
import http.cookiejar
import re
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.example.demo import Demo, call

pytestmark = [pytest.mark.slow, pytest.mark.once]

LOCAL_LINK = re.compile(r'href="(/[^"]*)"')
LOADED = re.compile(r'<(?:script|img|iframe|link)[^>]+(?:src|href)="(?!data:)|@import|url\(', re.IGNORECASE)


def _site(demo: Demo) -> str:
    return demo.wait_until_ready().removesuffix("/api/v1")


def _page(url: str) -> str:
    status, content = call(url)
    assert status == 200, (url, content)
    return str(content.decode())


def test_the_start_says_each_step_and_where_the_logs_are(running_demo: Demo) -> None:
    running_demo.wait_until_ready()
    printed = running_demo.printed()
    steps = [
        f"data: {running_demo.data}",
        f"logs: {running_demo.data / 'logs'}",
        "Starting Valkey",
        "Preparing the database",
        "Applying migrations",
        "Making the sample data",
        "Starting the web server",
        "login: ada@example.org",
        "mails: http",
        "start page: http",
        "ready: http",
    ]
    found = [f"\n{printed}".find(f"\n{step}") for step in steps]
    assert found[0] == 0
    assert found == sorted(set(found))


def test_the_start_page_leads_to_everything(running_demo: Demo) -> None:
    site = _site(running_demo)
    page = _page(f"{site}/")
    assert "The user name is <code>ada</code>" in page
    links = set(LOCAL_LINK.findall(page))
    assert {"/api/v1/docs", "/api/v1/openapi.json", "/api/v1/health", "/admin/", "/mails/", "/tour/"} <= links
    for link in links:
        assert call(f"{site}{link}")[0] == 200, link


def test_the_pages_load_nothing_from_elsewhere(running_demo: Demo) -> None:
    site = _site(running_demo)
    for path in ("/", "/tour/", "/mails/"):
        assert not LOADED.findall(_page(f"{site}{path}")), path


def test_the_tour_is_shown_with_the_address_of_this_demo(running_demo: Demo) -> None:
    api = running_demo.wait_until_ready()
    page = _page(f"{_site(running_demo)}/tour/")
    assert f"API={api}\n" in page
    assert "127.0.0.1:8000" not in page
    assert "/auth/register" in page
    assert "verify_export.py" in page


def test_a_mail_is_a_readable_file_whose_link_stands_on_a_line_of_its_own(running_demo: Demo) -> None:
    api = running_demo.wait_until_ready()
    link = _registered(running_demo, "readable@example.com")[1]
    status, answer = call(f"{api}/auth/email/verify?{urllib.parse.urlsplit(link).query}")
    assert status == 200, answer


def test_a_mail_is_shown_with_its_link(running_demo: Demo) -> None:
    site = _site(running_demo)
    file, link = _registered(running_demo, "shown@example.com")
    entries = _page(f"{site}/mails/")
    assert f'href="/mails/{file.name}"' in entries
    assert "shown@example.com" in entries
    assert f'href="{link}"' in html.unescape(_page(f"{site}/mails/{file.name}"))


@pytest.mark.parametrize("name", ["nothing.eml", "..%2Fsecret_key", "..%2Flogins.json", ".%2E"])
def test_no_other_file_is_shown_as_a_mail(running_demo: Demo, name: str) -> None:
    assert call(f"{_site(running_demo)}/mails/{name}")[0] == 404


def test_ada_signs_in_to_the_admin(running_demo: Demo) -> None:
    site = _site(running_demo)
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    browser.open(f"{site}/admin/login/", timeout=30).close()
    form = {
        "username": "ada",
        "password": running_demo.logins()["ada@example.org"],
        "csrfmiddlewaretoken": next(cookie.value for cookie in cookies if cookie.name == "csrftoken"),
        "next": "/admin/shop/product/",
    }
    with browser.open(f"{site}/admin/login/", urllib.parse.urlencode(form).encode(), timeout=30) as answer:
        assert answer.url == f"{site}/admin/shop/product/"
        assert b"Difference engine" in answer.read()


def _registered(demo: Demo, email: str) -> tuple[Path, str]:
    """Register an account and return the file of its mail, and the line of the file that is the link."""
    api = demo.wait_until_ready()
    status, answer = call(f"{api}/auth/register", {"email": email, "password": "correct horse battery"})
    assert status == 201, answer
    file = demo.wait_for_mail(email)
    lines = file.read_text().splitlines()
    assert f"To: {email}" in lines
    [link] = [line for line in lines if line.startswith("http://localhost:3000/verify-email?token=")]
    return file, link
