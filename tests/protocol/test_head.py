"""HEAD answers wherever GET does: the same status and headers, no body, no effect."""

from __future__ import annotations

import pytest
from django.core import mail

from ninja_orgkit.accounts.models import Account
from tests.client import Api
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import token_in
from tests.org import Org

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    ["/users/me", "/contacts/", "/orgs/", "{org}", "{org}members/", "{org}tags/", "{org}export/", "/health?live=1"],
)
def test_head_has_the_status_and_headers_of_get(org: Org, path: str) -> None:
    address = path.replace("{org}", org.path)
    got, asked = org.api.get(address), org.api.send("HEAD", address)
    assert asked.status_code == got.status_code == 200
    assert asked.content == b""
    assert int(asked["Content-Length"]) == len(got.content)
    assert {name: asked.get(name) for name in ("Content-Type", "ETag", "Cache-Control")} == {
        name: got.get(name) for name in ("Content-Type", "ETag", "Cache-Control")
    }


def test_head_of_a_single_object_honours_the_etag(org: Org) -> None:
    etag = org.api.get(org.path)["ETag"]
    assert org.api.send("HEAD", org.path, headers={"If-None-Match": etag}).status_code == 304


def test_head_is_guarded_as_get_is(org: Org) -> None:
    assert Api().send("HEAD", "/users/me").status_code == 401
    refused = org.stranger.api.send("HEAD", org.path)
    assert (refused.status_code, refused.content) == (404, b"")
    assert org.as_("viewer").send("HEAD", f"{org.path}invitations/").status_code == 403


def test_head_of_a_verification_link_judges_the_token_and_changes_nothing(
    register: Register, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    register(email="ann@example.com")
    run_outbox()
    token = token_in(mail.outbox[-1])
    link = f"/auth/email/verify?token={token}"
    assert Api().send("HEAD", link).status_code == 200
    assert Account.objects.get().email_verified_at is None
    assert Api().send("HEAD", "/auth/email/verify?token=wrong").status_code == 400
    assert Api().get(link).status_code == 200
    assert Account.objects.get().email_verified_at is not None


def test_allow_names_head_beside_get(org: Org) -> None:
    assert {"GET", "HEAD"} <= set(org.api.put("/users/me", {})["Allow"].split(", "))
