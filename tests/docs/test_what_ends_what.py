"""The guide's table of what ends what is true, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.alias import atomic
from tests.client import Api, Person
from tests.conftest import Mailbox, RunOutbox
from tests.docs.pages import DOCS
from tests.exports.actions import create_image
from tests.mails import token_in
from tests.org import MakePerson, Org

NEW_PASSWORD = "another good passphrase"
BY_COOKIE = {"Token-Delivery": "cookie"}
GUEST = "guest@example.com"
KEY_PERMISSIONS = ["contacts.read", "contacts.write", "export.create"]
ENDS, PAUSES, WORKS = "ends", "pauses", "–"


class _Undo(Exception):
    """Rolls back what trying something has changed."""


@dataclass(frozen=True)
class Life:
    """Ann, an admin of Acme who has everything that can end, and what she needs to end it."""

    ann: Person
    desk: Api
    """Ann's client in a session of its own, in which she acts."""
    org: Org
    browser: Client
    links: dict[str, str]
    key: dict[str, Any]
    make_person: MakePerson

    @property
    def user(self) -> Any:
        """Return Ann's user, as it is now."""
        return get_user_model().objects.get(email__in=[self.ann.email, "third@example.com"])


@pytest.fixture
def life(org: Org, other_org: Org, make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox) -> Life:
    """Return Ann after she has signed in, asked for each mail, worked in Acme, and was invited to another group."""
    ann = make_person("ann")
    org.join(ann, "admin")
    login = {"email": ann.email, "password": ann.password}
    browser = Client(raise_request_exception=False)
    browser.post("/api/v1/token/pair", login, "application/json", headers=BY_COOKIE)
    desk = Api(Api().post("/token/pair", login).json()["access"])
    asked = [
        desk.post("/auth/email/resend", {"email": ann.email}),
        desk.post("/auth/password-reset/request", {"email": ann.email}),
        desk.patch("/auth/email", {"email": "second@example.com"}),
        desk.patch("/auth/email", {"email": "third@example.com"}),
        desk.post(f"{org.path}invitations/", {"email": GUEST, "role": "member"}),
        other_org.api.post("/orgs/other/invitations/", {"email": ann.email, "role": "member"}),
    ]
    key = desk.post(f"{org.path}api-keys/", {"name": "Robot", "permissions": KEY_PERMISSIONS})
    image = create_image(org)  # which no worker has to render
    job = desk.post(org.exports_path)
    run_outbox()
    assert {answer.status_code for answer in (*asked, job)} == {201, 202}
    (invited_guest,) = [mail for mail in mailbox if mail.to == [GUEST]]
    links = {
        "reset": _mailed(mailbox, ann.email, "/reset-password"),
        "verification": _mailed(mailbox, ann.email, "/verify-email"),
        "change": _mailed(mailbox, "second@example.com", "/verify-email"),
        "later change": _mailed(mailbox, "third@example.com", "/verify-email"),
        "received": _mailed(mailbox, ann.email, "/invitation"),
        "sent": token_in(invited_guest),
        "media": desk.get(org.image_path(image.pk)).json()["url"],
        "export": desk.get(f"{org.exports_path}{job.json()['id']}/").json()["download_url"],
        "key's export": Api(key.json()["key"]).get(org.exports_path).json()["items"][0]["download_url"],
    }
    return Life(ann, desk, org, browser, links, key.json(), make_person)


def _mailed(mailbox: Mailbox, address: str, page: str) -> str:
    (found,) = [mail for mail in mailbox if mail.to == [address] and f"{page}?" in str(mail.body)]
    return token_in(found)


# What happens. Each returns what undoes it, if anything does.

Undo = Callable[[], object] | None


def change_password(life: Life) -> Undo:
    body = {"old_password": life.ann.password, "new_password": NEW_PASSWORD}
    assert life.desk.post("/auth/change-password", body).status_code == 200
    return None


def reset_password(life: Life) -> Undo:
    body = {"token": life.links["reset"], "new_password": NEW_PASSWORD}
    assert Api().post("/auth/password-reset/confirm", body).status_code == 200
    return None


def change_address(life: Life) -> Undo:
    assert Api().get("/auth/email/verify", token=life.links["later change"]).status_code == 200

    def change_back() -> None:
        user = life.user
        user.email = life.ann.email
        user.save()

    return change_back


def deactivate(life: Life) -> Undo:
    def set_active(active: bool) -> None:
        user = life.user
        user.is_active = active
        user.save()

    set_active(False)
    return lambda: set_active(True)


def delete_account(life: Life) -> Undo:
    assert life.desk.delete("/auth/delete").status_code == 204
    return None


def log_out_everywhere(life: Life) -> Undo:
    assert life.desk.post("/auth/logout-all").status_code == 204
    return None


def lose_role(life: Life) -> Undo:
    path = f"{life.org.path}members/{life.ann.slug}/"
    assert life.org.api.patch(path, {"role": "viewer"}).status_code == 200
    return lambda: life.org.api.patch(path, {"role": "admin"})


def leave(life: Life) -> Undo:
    assert life.org.api.delete(f"{life.org.path}members/{life.ann.slug}/").status_code == 204
    return lambda: life.org.join(life.ann, "admin")


def delete_organization(life: Life) -> Undo:
    assert life.org.api.delete(f"{life.org.path}?confirm={life.org.slug}").status_code == 204
    return None


def revoke_key(life: Life) -> Undo:
    assert life.org.api.delete(f"{life.org.path}api-keys/{life.key['id']}/").status_code == 204
    return None


EVENTS: dict[str, Callable[[Life], Undo]] = {
    "password changed": change_password,
    "password reset": reset_password,
    "address changed": change_address,
    "user deactivated": deactivate,
    "account deleted": delete_account,
    "signed out everywhere": log_out_everywhere,
    "role lost": lose_role,
    "removed from the organization": leave,
    "organization deleted": delete_organization,
    "API key revoked": revoke_key,
}


# What may end. Each uses it as a client does, and returns the status of the answer.


def use_cookie(life: Life) -> int:
    url = "/api/v1/token/refresh"
    return life.browser.generic("POST", url, b"", "application/json", headers=BY_COOKIE).status_code


def use_reset_link(life: Life) -> int:
    body = {"token": life.links["reset"], "new_password": "a third good passphrase"}
    return int(Api().post("/auth/password-reset/confirm", body).status_code)


def use_sent_invitation(life: Life) -> int:
    guest = life.make_person("guest")
    return int(guest.api.post("/invitations/accept", {"token": life.links["sent"]}).status_code)


def use_received_invitation(life: Life) -> int:
    token = life.links["received"]
    if not Account.objects.filter(slug=life.ann.slug).exists():
        body = {"email": life.ann.email, "password": NEW_PASSWORD, "invitation": token}
        return int(Api().post("/auth/register", body).status_code)
    tries = [{"email": life.user.email, "password": password} for password in (life.ann.password, NEW_PASSWORD)]
    signed_in = min((Api().post("/token/pair", login) for login in tries), key=lambda answer: int(answer.status_code))
    if signed_in.status_code != 200:
        return int(signed_in.status_code)
    return int(Api(signed_in.json()["access"]).post("/invitations/accept", {"token": token}).status_code)


def use_key(life: Life) -> int:
    body = {"organization": life.org.slug, "display_name": "By a robot"}
    return int(Api(life.key["key"]).post("/contacts/", body).status_code)


def _opened(url: str) -> int:
    answer = Api().get(url)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return int(answer.status_code)


def _verified(token: str) -> int:
    return int(Api().get("/auth/email/verify", token=token).status_code)


THINGS: dict[str, Callable[[Life], int]] = {
    "access token": lambda life: int(life.ann.api.get("/users/me").status_code),
    "refresh token": lambda life: int(Api().post("/token/refresh", {"refresh": life.ann.refresh}).status_code),
    "cookie": use_cookie,
    "reset link": use_reset_link,
    "verification link": lambda life: _verified(life.links["verification"]),
    "change link": lambda life: _verified(life.links["change"]),
    "invitation sent": use_sent_invitation,
    "invitation received": use_received_invitation,
    "API key": use_key,
    "media link": lambda life: _opened(life.links["media"]),
    "export link": lambda life: _opened(life.links["export"]),
    "export link of the key": lambda life: _opened(life.links["key's export"]),
}


@contextmanager
def _undone() -> Iterator[None]:
    with suppress(_Undo), atomic():
        yield
        raise _Undo


def _statuses(life: Life) -> dict[str, int]:
    """Try each thing, and undo what that changes, so that one does not decide about the next."""
    statuses = {}
    for name, use in THINGS.items():
        cookie = life.browser.cookies["orgkit_refresh"].value
        with _undone():
            statuses[name] = use(life)
        life.browser.cookies["orgkit_refresh"] = cookie
    return statuses


def _table() -> dict[str, dict[str, str]]:
    """Return the table of the guide: what happens, to what, and what comes of it."""
    _, _, after = (DOCS / "guides" / "accounts.md").read_text().partition("<!-- what ends what -->\n")
    lines = re.match(r"(\|.*\n)+", after)
    assert lines is not None
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


TABLE = _table()


def test_the_table_has_every_event_and_every_thing() -> None:
    assert list(TABLE) == list(EVENTS)
    assert all(list(row) == list(THINGS) for row in TABLE.values())
    assert {cell for row in TABLE.values() for cell in row.values()} == {ENDS, PAUSES, WORKS}


def test_everything_works_before_anything_happens(life: Life) -> None:
    assert {name: status for name, status in _statuses(life).items() if status >= 300} == {}


@pytest.mark.parametrize("event", EVENTS)
def test_what_an_event_ends_is_what_the_guide_says(life: Life, run_outbox: RunOutbox, event: str) -> None:
    undo = EVENTS[event](life)
    run_outbox()
    statuses = _statuses(life)
    assert {status for status in statuses.values() if status >= 300} <= {400, 401, 403, 404}
    ended = {name: status for name, status in statuses.items() if status >= 300}
    assert {name: status for name, status in ended.items() if TABLE[event][name] == WORKS} == {}
    assert {name for name, cell in TABLE[event].items() if cell != WORKS} == set(ended)
    if undo is None:
        assert PAUSES not in TABLE[event].values()
        return
    undo()
    over = {name: status for name, status in _statuses(life).items() if status >= 300}
    assert set(over) == {name for name, cell in TABLE[event].items() if cell == ENDS}, over
