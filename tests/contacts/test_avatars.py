"""Avatars of contacts."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from ninja_orgkit.contacts.models import Contact
from tests.client import told
from tests.conftest import RunOutbox
from tests.contacts.actions import upload_avatar
from tests.media.files import files_in
from tests.media.pictures import SVG, photo
from tests.org import Org


def test_an_avatar_is_shown_in_two_sizes_with_the_contact(org: Org) -> None:
    slug = org.add_contact("Ada")["slug"]
    before = org.api.get(f"/contacts/{slug}/").json()
    response = upload_avatar(org.api, slug)
    assert response.status_code == 200
    urls = response.json()
    assert set(urls) == {"avatar_url", "avatar_large_url"}
    contact = org.api.get(f"/contacts/{slug}/").json()
    assert {key: contact[key] for key in urls} == urls
    assert org.api.get("/contacts/").json()["items"][0]["avatar_url"] == urls["avatar_url"]
    assert contact["updated_at"] > before["updated_at"]
    for url in urls.values():
        assert "/api/v1/media/" in url
        response = org.api.as_user(None).get(url)
        assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
        response.close()


def test_replacing_or_removing_an_avatar_deletes_the_old_files(
    org: Org, run_outbox: RunOutbox, media_root: Path
) -> None:
    slug = org.add_contact("Ada")["slug"]
    upload_avatar(org.api, slug)
    first = set(files_in(media_root))
    upload_avatar(org.api, slug)
    run_outbox()
    second = set(files_in(media_root))
    assert len(first) == len(second) == 2
    assert not first & second
    assert org.api.delete(f"/contacts/{slug}/avatar/").status_code == 204
    run_outbox()
    assert files_in(media_root) == []
    assert org.api.delete(f"/contacts/{slug}/avatar/").status_code == 404
    assert org.api.get(f"/contacts/{slug}/").json()["avatar_url"] is None


def test_deleting_a_contact_deletes_the_files_of_its_avatar(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    slugs = [org.add_contact("Ada")["slug"], org.add_contact("Bo")["slug"]]
    for slug in slugs:
        upload_avatar(org.api, slug)
    assert org.api.delete(f"/contacts/{slugs[0]}/").status_code == 204
    run_outbox()
    assert len(files_in(media_root)) == 2
    Contact.objects.all().delete()
    run_outbox()
    assert files_in(media_root) == []


def test_an_unusable_picture_is_refused_and_leaves_no_file(org: Org, media_root: Path) -> None:
    slug = org.add_contact("Ada")["slug"]
    response = upload_avatar(org.api, slug, BytesIO(SVG))
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_image")
    assert upload_avatar(org.api, slug, BytesIO(photo().getvalue()[:500])).status_code == 422
    assert org.api.upload(f"/contacts/{slug}/avatar/").status_code == 422
    assert files_in(media_root) == []


def test_setting_an_avatar_needs_the_permission_to_change_the_contact(org: Org, media_root: Path) -> None:
    slug = org.add_contact("Ada")["slug"]
    assert told(upload_avatar(org.stranger.api, slug)) == told(upload_avatar(org.stranger.api, "nobody"))
    assert upload_avatar(org.stranger.api, slug).status_code == 404
    assert upload_avatar(org.as_("viewer"), slug).status_code == 403
    assert files_in(media_root) == []
