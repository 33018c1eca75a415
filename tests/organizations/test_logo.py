"""The logo of an organization, which works as avatars do."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit.media import orphans
from ninja_orgkit.organizations.models import Organization
from tests.client import Api, told
from tests.conftest import RunOutbox
from tests.media.files import files_in
from tests.media.pictures import SVG, photo, picture
from tests.org import MakePerson, Org


def upload_logo(api: Api, path: str, file: Any = None) -> Any:
    """Upload a logo: a photo, or something else."""
    file = file or photo()
    file.name = "logo.png"
    return api.upload(f"{path}logo/", file=file)


def test_a_logo_is_shown_in_two_sizes_with_the_organization(org: Org) -> None:
    before = org.api.get(org.path)
    assert {before.json()[key] for key in ("logo_url", "logo_large_url")} == {None}
    response = upload_logo(org.as_("admin"), org.path)
    assert response.status_code == 200
    urls = response.json()
    assert set(urls) == {"logo_url", "logo_large_url"}
    after = org.as_("viewer").get(org.path).json()
    listed = next(item for item in org.api.get("/orgs/").json()["items"] if item["slug"] == org.slug)
    changed = org.api.patch(org.path, {"name": "Acme Ltd"}).json()
    for shown in (after, listed, changed):
        assert {key: shown[key] for key in urls} == urls
    assert after["updated_at"] > before.json()["updated_at"]
    for url in urls.values():
        assert "/api/v1/media/" in url
        response = org.api.as_user(None).get(url)
        assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
        response.close()


def test_a_new_logo_changes_the_etag_of_the_organization(org: Org) -> None:
    etag = org.api.get(org.path)["ETag"]
    upload_logo(org.api, org.path)
    assert org.api.patch(org.path, {"name": "Late"}, headers={"If-Match": etag}).status_code == 412
    assert org.api.get(org.path, headers={"If-None-Match": etag}).status_code == 200


def test_a_personal_organization_may_have_a_logo(make_person: MakePerson) -> None:
    ann = make_person("ann")
    assert upload_logo(ann.api, f"/orgs/{ann.org}/").status_code == 200
    assert ann.api.get(f"/orgs/{ann.org}/").json()["logo_url"]


def test_replacing_or_removing_a_logo_deletes_the_old_files(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    upload_logo(org.api, org.path)
    first = set(files_in(media_root))
    upload_logo(org.api, org.path)
    run_outbox()
    second = set(files_in(media_root))
    assert len(first) == len(second) == 2
    assert not first & second
    assert org.api.delete(f"{org.path}logo/").status_code == 204
    run_outbox()
    assert files_in(media_root) == []
    assert org.api.get(org.path).json()["logo_url"] is None


def test_removing_a_logo_that_is_not_there_is_not_found(org: Org) -> None:
    response = org.api.delete(f"{org.path}logo/")
    assert (response.status_code, response.json()["code"]) == (404, "no_logo")


def test_deleting_an_organization_deletes_the_files_of_its_logo(
    org: Org, run_outbox: RunOutbox, media_root: Path
) -> None:
    upload_logo(org.api, org.path)
    assert org.api.delete(f"{org.path}?confirm={org.slug}").status_code == 204
    run_outbox()
    assert not Organization.objects.filter(slug=org.slug).exists()
    assert files_in(media_root) == []


def test_deleting_an_account_deletes_the_logo_of_its_personal_organization(
    make_person: MakePerson, run_outbox: RunOutbox, media_root: Path
) -> None:
    ann = make_person("ann")
    upload_logo(ann.api, f"/orgs/{ann.org}/")
    assert ann.api.delete("/auth/delete").status_code == 204
    run_outbox()
    assert files_in(media_root) == []


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (SVG, 415, "unsupported_image"),
        (b"<html>not a picture</html>", 415, "unsupported_image"),
        (photo().getvalue()[:500], 422, "invalid_image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, 422, "invalid_image"),
    ],
)
def test_a_logo_that_lies_about_its_type_is_refused_and_leaves_nothing(
    org: Org, media_root: Path, content: bytes, status: int, code: str
) -> None:
    before = org.api.get(org.path).json()
    response = upload_logo(org.api, org.path, BytesIO(content))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert files_in(media_root) == []
    assert org.api.get(org.path).json() == before


def test_a_request_without_a_file_and_one_with_too_large_a_file_are_refused(
    org: Org, settings: Any, media_root: Path
) -> None:
    assert org.api.upload(f"{org.path}logo/").status_code == 422
    settings.NINJA_ORGKIT = {"AVATAR_MAX_BYTES": 100}
    assert upload_logo(org.api, org.path).status_code == 413
    assert files_in(media_root) == []


def test_only_people_who_may_change_the_organization_set_its_logo(org: Org, media_root: Path) -> None:
    stranger = org.stranger.api
    assert told(upload_logo(stranger, org.path)) == told(upload_logo(stranger, "/orgs/nobody/"))
    assert upload_logo(stranger, org.path).status_code == 404
    for role in ("viewer", "member"):
        assert upload_logo(org.as_(role), org.path).status_code == 403
        assert org.as_(role).delete(f"{org.path}logo/").status_code == 403
    assert files_in(media_root) == []


def test_the_files_of_a_logo_do_not_count_as_forgotten(org: Org, media_root: Path) -> None:
    upload_logo(org.api, org.path, picture())
    assert len(files_in(media_root)) == 2
    assert orphans.find(min_age=-orphans.MIN_AGE) == orphans.Findings([], [])
    Organization.objects.filter(slug=org.slug).update(avatar="", avatar_large="")
    assert len(orphans.find(min_age=-orphans.MIN_AGE).forgotten) == 2
