"""Conditional requests: readers learn that nothing changed, and writers with an old ETag are stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from tests.media.pictures import picture
from tests.org import Org

pytestmark = pytest.mark.django_db


Urls = dict[str, tuple[str, dict[str, Any]]]


@pytest.fixture
def urls(org: Org) -> Urls:
    """Return the URL of one object of each kind that has an ETag, and a change to it."""
    return {
        "organization": (org.path, {"name": "Acme 2"}),
        "member": (f"{org.path}members/{org.add_member('viewer').slug}/", {"role": "admin"}),
        "contact": (f"/contacts/{org.add_contact('Bob')['slug']}/", {"notes": "met"}),
        "tag": (f"{org.tags_path}{org.add_tag('VIP')['id']}/", {"color": "#00ff00"}),
        "image": (org.image_path(org.add_image()["id"]), {"title": "One"}),
    }


KINDS = pytest.mark.parametrize("kind", ["organization", "member", "contact", "tag", "image"])


@KINDS
def test_an_unchanged_object_is_not_sent_again(org: Org, urls: Urls, kind: str) -> None:
    url, _ = urls[kind]
    first = org.api.get(url)
    again = org.api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert org.api.get(url, headers={"If-None-Match": f'"x,y" , W/{first["ETag"]}'}).status_code == 304
    assert org.api.get(url, headers={"If-None-Match": "*"}).status_code == 304
    for other in ('"x"', "x", "", '"unclosed', first["ETag"].strip('"')):
        assert org.api.get(url, headers={"If-None-Match": other}).status_code == 200


@KINDS
def test_a_change_changes_the_etag_and_stops_writers_with_the_old_one(org: Org, urls: Urls, kind: str) -> None:
    url, change = urls[kind]
    old = org.api.get(url)["ETag"]
    changed = org.api.patch(url, change, headers={"If-Match": old})
    assert changed.status_code == 200
    assert changed["ETag"] != old
    assert org.api.get(url)["ETag"] == changed["ETag"]
    before = org.api.get(url).json()
    stale = org.api.patch(url, change, headers={"If-Match": old})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    query = f"?confirm={before['slug']}" if kind == "organization" else ""
    assert org.api.delete(url + query, headers={"If-Match": old}).status_code == 412
    assert org.api.get(url).json() == before
    assert org.api.delete(url + query, headers={"If-Match": f'"x", {changed["ETag"]}'}).status_code == 204


@KINDS
def test_a_star_matches_any_state_and_a_malformed_condition_matches_none(org: Org, urls: Urls, kind: str) -> None:
    url, change = urls[kind]
    assert org.api.patch(url, change, headers={"If-Match": "*"}).status_code == 200
    etag = org.api.get(url)["ETag"]
    for bad in ("x", '"unclosed', "", etag.strip('"'), f"W/{etag}"):
        assert org.api.patch(url, change, headers={"If-Match": bad}).status_code == 412


def test_tagging_a_contact_changes_its_etag(org: Org, urls: Urls) -> None:
    url, _ = urls["contact"]
    before = org.api.get(url)
    slug = before.json()["organization"]
    org.api.post(f"/orgs/{slug}/tags/contacts/contact/{before.json()['slug']}/", {"tags": ["VIP"]})
    after = org.api.get(url)
    assert after["ETag"] != before["ETag"]
    assert org.api.put(url, {"display_name": "X"}, headers={"If-Match": before["ETag"]}).status_code == 412
    assert org.api.put(url, {"display_name": "X"}, headers={"If-Match": after["ETag"]}).status_code == 200


def test_permission_is_checked_before_the_condition(org: Org, urls: Urls) -> None:
    bob = org.stranger
    url, change = urls["contact"]
    assert bob.api.patch(url, change, headers={"If-Match": '"x"'}).status_code == 404
    org.join(bob, "viewer")
    assert bob.api.patch(url, change, headers={"If-Match": '"x"'}).status_code == 403


def test_a_new_signing_window_changes_the_etag_for_readers_but_not_for_writers(
    org: Org, urls: Urls, settings: Settings
) -> None:
    url, change = urls["image"]
    old = org.api.get(url)["ETag"]
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "MEDIA_URL_WINDOW": timedelta(days=7)}
    assert org.api.get(url, headers={"If-None-Match": old}).status_code == 200
    assert org.api.patch(url, change, headers={"If-Match": old}).status_code == 200


@pytest.mark.parametrize("kind", ["organization", "contact", "tag"])
def test_an_object_without_links_to_files_keeps_its_etag_in_a_new_signing_window(
    org: Org, urls: Urls, settings: Settings, kind: str
) -> None:
    url, _ = urls[kind]
    old = org.api.get(url)["ETag"]
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "MEDIA_URL_WINDOW": timedelta(days=7)}
    assert org.api.get(url, headers={"If-None-Match": old}).status_code == 304


def test_creating_returns_the_etag_of_the_new_object(org: Org, urls: Urls) -> None:
    made = [
        org.api.post("/orgs/", {"name": "Second"}),
        org.api.post(org.tags_path, {"name": "New"}),
        org.api.upload(org.images_path, file=picture()),
    ]
    for response in made:
        assert response.status_code == 201
        read = org.api.get(response["Location"])
        assert (read["ETag"], read.content) == (response["ETag"], response.content)


@pytest.mark.parametrize("custom", [{}, {"bb": 1, "a": 2}, {"a": [1e100, -0.0, 1.50]}])
def test_a_write_returns_the_new_state_and_its_etag(org: Org, custom: dict[str, Any]) -> None:
    contact = org.api.post("/contacts/", {"organization": org.slug, "display_name": "Bob", "custom": custom})
    group = org.api.post("/orgs/", {"name": "Acme", "custom": custom})
    changes = [org.api.patch(made["Location"], {"custom": {**custom, "B": 1, "A": 2}}) for made in (contact, group)]
    for made, changed in zip((contact, group), changes, strict=True):
        url, read = made["Location"], org.api.get(made["Location"])
        assert (read["ETag"], read.content) == (changed["ETag"], changed.content)
        assert org.api.patch(url, {"custom": custom}, headers={"If-Match": changed["ETag"]}).status_code == 200
        assert org.api.get(url).json()["custom"] == made.json()["custom"]
