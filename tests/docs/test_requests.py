"""Requests get the answers that the guides show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.tags.models import Tag
from tests.client import Api
from tests.conftest import Register, RunOutbox
from tests.docs.pages import DOCS, FENCE, GUIDES, blocks

# Values that must be equal to those of an example; of all others only the type is compared.
TRUE_TO_THE_LETTER = {
    "code",
    "title",
    "detail",
    "status",
    "role",
    "reason",
    "name",
    "organization",
    "loc",
    "msg",
    "email",
}


@dataclass(frozen=True)
class Exchange:
    """A request of a guide, and the answer that it shows."""

    page: Path
    request: str
    answer: str | None

    def __str__(self) -> str:
        return f"{self.page.stem}: {self.request.splitlines()[0]}"


def exchanges() -> Iterator[Exchange]:
    """Yield the requests that are marked to be run, each with the answer behind it."""
    for page in GUIDES:
        found = list(FENCE.finditer(page.read_text()))
        for block, after in zip_longest(found, found[1:]):
            if block["run"]:
                answered = after is not None and after["text"].startswith("HTTP/1.1 ")
                yield Exchange(page, block["text"], after["text"] if answered and after else None)


@pytest.fixture
def ada(register: Register, run_outbox: RunOutbox) -> Api:
    """Return a client of the user in the guides, with the data that they show."""
    names = {"username": "ada", "first_name": "Ada", "last_name": "Lovelace"}
    api = register("ada@example.com", **names).api
    api.post("/orgs/", {"name": "Acme", "slug": "acme"})
    grace = {"organization": "acme", "first_name": "Grace", "last_name": "Hopper", "notes": "Navy"}
    api.post("/contacts/", grace)
    api.post("/contacts/", {**grace, "first_name": "Vincent", "notes": ""})
    Contact.objects.filter(first_name="Grace").update(slug="grace-hopper-k3v7q2mz")
    api.post("/orgs/acme/tags/", {"name": "VIP"})
    Tag.objects.filter(name="VIP").update(id=7)
    api.post("/orgs/acme/tags/contacts/contact/grace-hopper-k3v7q2mz/", ["VIP"])
    with (DOCS / "examples" / "picture.jpg").open("rb") as picture:
        assert api.upload("/images/orgs/acme/images/", file=File(picture)).status_code == 201
    run_outbox()
    Image.objects.update(id=12)
    Account.objects.update(slug="ada-5kq2w7ms")
    login = {"email": "ada@example.com", "password": "correct horse battery"}
    return api.as_user(api.post("/token/pair", login).json()["access"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "exchange", list(exchanges()), ids=lambda item: f"{item.page.stem}: {item.request.splitlines()[0]}"
)
def test_a_request_in_a_guide_gets_the_answer_that_it_shows(ada: Api, exchange: Exchange) -> None:
    head, _, body = exchange.request.partition("\n\n")
    method, path, _ = head.split("\n")[0].split(" ")
    sent = dict(line.split(": ", 1) for line in head.split("\n")[1:] if line)
    content_type = sent.pop("Content-Type", "application/json") if body else ""
    response = ada.send(method, path, body.strip(), content_type=content_type, headers=sent)
    if exchange.answer is None:
        assert response.status_code < 300, response.content
        return
    head, _, shown = exchange.answer.partition("\n\n")
    assert str(response.status_code) == head.split(" ")[1], response.content
    names = {line.split(": ")[1].partition("=")[0] for line in head.split("\n") if line.startswith("Set-Cookie: ")}
    assert names == set(response.cookies)
    compare(json.loads(shown), response.json())


@pytest.mark.django_db
def test_uploads_get_the_answers_that_the_guide_shows(ada: Api) -> None:
    image, results = (json.loads(text) for text in blocks(DOCS / "guides" / "images.md", "json"))
    picture = (DOCS / "examples" / "picture.jpg").read_bytes()
    single = ada.upload("/images/orgs/acme/images/", title="At work", file=ContentFile(picture + b"1", "a.jpg"))
    assert single.status_code == 201
    compare(image, single.json())
    files = [ContentFile(picture + b"2", "a.jpg"), ContentFile(b"no picture", "b.txt")]
    compare(results, ada.upload("/images/orgs/acme/bulk-upload/", files=files).json())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/contacts/grace-hopper-k3v7q2mz/", "/orgs/acme/", "/orgs/acme/tags/7/", "/images/orgs/acme/images/12/"]
)
def test_single_objects_have_an_etag_as_the_protocol_guide_says(ada: Api, path: str) -> None:
    etag = ada.get(path)["ETag"]
    unchanged = ada.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    change = {"title": "New"} if "images" in path else {"first_name": "New"} if "contacts" in path else {"name": "New"}
    assert ada.patch(path, change, headers={"If-Match": etag}).status_code == 200
    stale = ada.patch(path, change, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")


@pytest.mark.django_db
def test_a_request_with_an_idempotency_key_happens_once_as_the_protocol_guide_says(ada: Api) -> None:
    key = {"Idempotency-Key": "one-of-mine"}
    first = ada.post("/orgs/acme/tags/", {"name": "once"}, headers=key)
    again = ada.post("/orgs/acme/tags/", {"name": "once"}, headers=key)
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json()
    other = ada.post("/orgs/acme/tags/", {"name": "twice"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def compare(shown: Any, real: Any, where: str = "") -> None:
    """Fail unless a value has the shape of the one that is shown; ``...`` stands for whatever else there is."""
    if shown is None or real is None or shown == "...":
        return
    assert type(shown) is type(real), where
    if isinstance(shown, dict):
        wanted = set(shown) - {"..."}
        assert wanted <= set(real) if "..." in shown else wanted == set(real), f"{where}: {set(shown) ^ set(real)}"
        for key in wanted:
            compare(shown[key], real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        items = [item for item in shown if item != "..."]
        assert len(real) >= len(items), where
        for number, item in enumerate(items):
            compare(item, real[number], f"{where}.{number}")
    elif where.rpartition(".")[2] in TRUE_TO_THE_LETTER:
        assert shown == real, where
