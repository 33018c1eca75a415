"""The browser app of the example, driven by Chromium."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from noxfile import BROWSERS
from tests.example.demo import Demo

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.browser]

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "picture.jpg"


@pytest.fixture
def page() -> Iterator[Page]:
    """Return a page of a browser of its own."""
    from playwright.sync_api import sync_playwright  # only the session that has a browser installs it

    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert program is not None, f"Install one of {', '.join(BROWSERS)}; .ci/chromium does that on Debian and Ubuntu."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_a_browser_app_signs_in_refreshes_and_uploads(page: Page, running_demo: Demo, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    site = running_demo.wait_until_ready().removesuffix("/api/v1")
    login = next(item for item in json.loads((running_demo.data / "logins.json").read_text()) if "ada" in item["email"])
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))

    # A wrong password is told, the right one signs in.
    page.goto(f"{site}/app/")
    page.get_by_label("E-mail address").fill(login["email"])
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("password")
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()

    # No script can read what lasts.
    (cookie,) = page.context.cookies(f"{site}/api/v1/token/refresh")
    assert (cookie["name"], cookie["path"]) == ("orgkit_refresh", "/api/v1")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]

    # A picture that is uploaded is shown.
    page.get_by_label("Picture").set_input_files(PICTURE)
    page.get_by_role("button", name="Upload").click()
    shown = page.get_by_role("img", name="picture.jpg").first
    expect(shown).to_be_visible()
    page.wait_for_function("document.querySelector('#pictures img').naturalWidth > 0")

    # After a reload the cookie is enough.
    page.reload()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    expect(page.get_by_role("img", name="picture.jpg").first).to_be_visible()
    page.screenshot(path=tmp_path / "app.png", full_page=True)

    # An access token that has expired is replaced, and the request is sent again.
    expired: list[str] = []

    def expire(route: Route) -> None:
        if expired:
            route.continue_()
        else:
            expired.append(route.request.url)
            route.fulfill(status=401, content_type="application/problem+json", body='{"detail": "Expired."}')

    page.route("**/images/orgs/**", expire)
    with page.expect_response("**/token/refresh") as refreshed:
        page.get_by_label("Organization").select_option(index=0)
        page.get_by_label("Organization").dispatch_event("change")
    assert refreshed.value.status == 200
    assert refreshed.value.json()["refresh"] is None
    expect(page.get_by_role("img", name="picture.jpg").first).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()
    assert expired

    # Signing out clears the cookie, and a reload does not bring it back.
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.context.cookies(f"{site}/api/v1/token/refresh") == []
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert [text for text in said if "Content Security Policy" in text or "uncaught" in text] == []
