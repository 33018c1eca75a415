"""Avatars of contacts."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from ninja_orgkit.contacts.models import Contact
from tests.client import Person
from tests.media.pictures import SVG, photo


def stored(root: Path) -> list[Path]:
    """Return the files of the storage."""
    return [path for path in root.rglob("*") if path.is_file()]


def upload(person: Person, slug: str, file: Any = None) -> Any:
    file = file or photo()
    file.name = "me.jpg"
    return person.api.upload(f"/contacts/{slug}/avatar/", file=file)


def test_an_avatar_is_shown_in_two_sizes_wherever_the_contact_is(ann: Person, make: Any) -> None:
    slug = make(ann, "Ada")["slug"]
    before = ann.api.get(f"/contacts/{slug}/").json()
    response = upload(ann, slug)
    assert response.status_code == 200
    urls = response.json()
    assert set(urls) == {"avatar_url", "avatar_large_url"}
    contact = ann.api.get(f"/contacts/{slug}/").json()
    assert {key: contact[key] for key in urls} == urls
    assert ann.api.get("/contacts/").json()["items"][0]["avatar_url"] == urls["avatar_url"]
    assert contact["updated_at"] > before["updated_at"]
    for url in urls.values():
        assert "/api/v1/media/" in url
        response = ann.api.as_user(None).get(url)
        assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
        response.close()


def test_replacing_or_removing_an_avatar_leaves_none_of_the_old_files(
    ann: Person, make: Any, run_outbox: Any, media_root: Path
) -> None:
    slug = make(ann, "Ada")["slug"]
    upload(ann, slug)
    first = set(stored(media_root))
    upload(ann, slug)
    run_outbox()
    second = set(stored(media_root))
    assert len(first) == len(second) == 2
    assert not first & second
    assert ann.api.delete(f"/contacts/{slug}/avatar/").status_code == 204
    run_outbox()
    assert stored(media_root) == []
    assert ann.api.delete(f"/contacts/{slug}/avatar/").status_code == 404
    assert ann.api.get(f"/contacts/{slug}/").json()["avatar_url"] is None


def test_a_deleted_contact_takes_the_files_of_its_avatar_along(
    ann: Person, make: Any, run_outbox: Any, media_root: Path
) -> None:
    slugs = [make(ann, "Ada")["slug"], make(ann, "Bo")["slug"]]
    for slug in slugs:
        upload(ann, slug)
    assert ann.api.delete(f"/contacts/{slugs[0]}/").status_code == 204
    run_outbox()
    assert len(stored(media_root)) == 2
    Contact.objects.all().delete()
    run_outbox()
    assert stored(media_root) == []


def test_what_is_no_picture_is_refused_and_leaves_no_file(ann: Person, make: Any, media_root: Path) -> None:
    slug = make(ann, "Ada")["slug"]
    response = upload(ann, slug, BytesIO(SVG))
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_image")
    assert upload(ann, slug, BytesIO(photo().getvalue()[:500])).status_code == 422
    assert ann.api.upload(f"/contacts/{slug}/avatar/").status_code == 422
    assert stored(media_root) == []


def test_an_avatar_of_an_unknown_or_foreign_contact_is_not_found_and_a_viewers_upload_forbidden(
    ann: Person, make: Any, join: Any, register: Any, media_root: Path
) -> None:
    slug = make(ann, "Ada")["slug"]
    bob = register()
    assert upload(bob, slug).content == upload(bob, "nobody").content
    assert upload(bob, slug).status_code == 404
    assert upload(join(ann.org, "viewer"), slug).status_code == 403
    assert stored(media_root) == []
