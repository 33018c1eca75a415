"""Conditional requests: a reader is told that nothing changed, and a stale writer is stopped."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image as Picture

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.media import links
from ninja_orgkit.organizations.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(register):
    return register()


@pytest.fixture
def picture():
    """Return a function that makes a small picture of a width."""

    def make(width):
        file = BytesIO()
        Picture.new("RGB", (width, 8)).save(file, "PNG")
        file.seek(0)
        file.name = "x.png"
        return file

    return make


@pytest.fixture
def urls(ann, picture):
    """One object of each kind that has an ETag: its URL and a change."""
    slug = ann.api.post("/orgs/", {"name": "Acme"}).json()["slug"]
    contact = ann.api.post("/contacts/", {"organization": slug, "display_name": "Bob"}).json()["slug"]
    tag = ann.api.post(f"/orgs/{slug}/tags/", {"name": "VIP"}).json()["id"]
    image = ann.api.upload(f"/images/orgs/{slug}/images/", file=picture(8)).json()["id"]
    return {
        "organization": (f"/orgs/{slug}/", {"name": "Acme 2"}),
        "contact": (f"/contacts/{contact}/", {"notes": "met"}),
        "tag": (f"/orgs/{slug}/tags/{tag}/", {"color": "#00ff00"}),
        "image": (f"/images/orgs/{slug}/images/{image}/", {"title": "One"}),
    }


KINDS = pytest.mark.parametrize("kind", ["organization", "contact", "tag", "image"])


@KINDS
def test_what_has_not_changed_is_not_sent_again(ann, urls, kind):
    url, _ = urls[kind]
    first = ann.api.get(url)
    again = ann.api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert ann.api.get(url, headers={"If-None-Match": f'"x,y" , W/{first["ETag"]}'}).status_code == 304
    assert ann.api.get(url, headers={"If-None-Match": "*"}).status_code == 304
    for other in ('"x"', "x", "", '"unclosed', first["ETag"].strip('"')):
        assert ann.api.get(url, headers={"If-None-Match": other}).status_code == 200


@KINDS
def test_a_change_changes_the_tag_and_stops_who_has_not_seen_it(ann, urls, kind):
    url, change = urls[kind]
    old = ann.api.get(url)["ETag"]
    changed = ann.api.patch(url, change, headers={"If-Match": old})
    assert changed.status_code == 200
    assert changed["ETag"] != old
    assert ann.api.get(url)["ETag"] == changed["ETag"]
    before = ann.api.get(url).json()
    stale = ann.api.patch(url, change, headers={"If-Match": old})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    query = f"?confirm={before['slug']}" if kind == "organization" else ""
    assert ann.api.delete(url + query, headers={"If-Match": old}).status_code == 412
    assert ann.api.get(url).json() == before
    assert ann.api.delete(url + query, headers={"If-Match": f'"x", {changed["ETag"]}'}).status_code == 204


@KINDS
def test_a_star_matches_whatever_is_there_and_a_malformed_condition_nothing(ann, urls, kind):
    url, change = urls[kind]
    assert ann.api.patch(url, change, headers={"If-Match": "*"}).status_code == 200
    etag = ann.api.get(url)["ETag"]
    for bad in ("x", '"unclosed', "", etag.strip('"'), f"W/{etag}"):
        assert ann.api.patch(url, change, headers={"If-Match": bad}).status_code == 412


def test_tags_are_a_visible_part_of_a_contact(ann, urls):
    url, _ = urls["contact"]
    before = ann.api.get(url)
    slug = before.json()["organization"]
    ann.api.post(f"/orgs/{slug}/tags/contacts/contact/{before.json()['slug']}/", {"tags": ["VIP"]})
    after = ann.api.get(url)
    assert after["ETag"] != before["ETag"]
    assert ann.api.put(url, {"display_name": "X"}, headers={"If-Match": before["ETag"]}).status_code == 412
    assert ann.api.put(url, {"display_name": "X"}, headers={"If-Match": after["ETag"]}).status_code == 200


def test_permission_is_decided_before_the_condition(ann, urls, register):
    bob = register()
    url, change = urls["contact"]
    assert bob.api.patch(url, change, headers={"If-Match": '"x"'}).status_code == 404
    organization = Contact.objects.get().organization
    account = Membership.objects.get(account__slug=bob.slug).account
    Membership.objects.create(organization=organization, account=account, role="viewer")
    assert bob.api.patch(url, change, headers={"If-Match": '"x"'}).status_code == 403


def test_a_new_signing_window_is_news_for_readers_and_none_for_writers(ann, urls, monkeypatch):
    url, change = urls["contact"]
    old = ann.api.get(url)["ETag"]
    now = links._timestamp(None) + timedelta(hours=1).total_seconds()
    monkeypatch.setattr(links.time, "time", lambda: now)
    assert ann.api.get(url, headers={"If-None-Match": old}).status_code == 200
    assert ann.api.patch(url, change, headers={"If-Match": old}).status_code == 200


def test_creating_answers_with_the_tag_of_the_new_object(ann, urls, picture):
    org = urls["organization"][0]
    made = [
        ann.api.post("/orgs/", {"name": "Second"}),
        ann.api.post(f"{org}tags/", {"name": "New"}),
        ann.api.upload(f"/images{org}images/", file=picture(9)),
    ]
    for response in made:
        assert response.status_code == 201
        read = ann.api.get(response["Location"])
        assert (read["ETag"], read.content) == (response["ETag"], response.content)


@pytest.mark.parametrize("custom", [{}, {"bb": 1, "a": 2}, {"a": [1e100, -0.0, 1.50]}])
def test_a_write_answers_with_what_the_object_is_and_with_its_tag(ann, custom):
    contact = ann.api.post("/contacts/", {"organization": ann.org, "display_name": "Bob", "custom": custom})
    group = ann.api.post("/orgs/", {"name": "Acme", "custom": custom})
    changes = [ann.api.patch(made["Location"], {"custom": {**custom, "B": 1, "A": 2}}) for made in (contact, group)]
    for made, changed in zip((contact, group), changes, strict=True):
        url, read = made["Location"], ann.api.get(made["Location"])
        assert (read["ETag"], read.content) == (changed["ETag"], changed.content)
        assert ann.api.patch(url, {"custom": custom}, headers={"If-Match": changed["ETag"]}).status_code == 200
        assert ann.api.get(url).json()["custom"] == made.json()["custom"]
