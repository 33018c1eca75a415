"""Uploading one picture."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from ninja_orgkit.images.models import Image
from ninja_orgkit.models import OutboxMessage
from tests.client import Api
from tests.conftest import RunOutbox
from tests.images.actions import add_rows
from tests.media.files import files_in
from tests.media.pictures import HTML, SVG, animation, photo, picture, png_header, quarters, written
from tests.org import Org


def test_an_upload_answers_with_what_the_bytes_of_the_picture_say(org: Org, media_root: Path) -> None:
    original = photo(400, 300, orientation=6).getvalue()
    file = SimpleUploadedFile("holiday.exe", original, "text/plain")
    response = org.api.upload(
        org.images_path, file=file, title="  Beach ", description="one\r\ntwo", alt_text="A beach"
    )
    assert response.status_code == 201
    image = response.json()
    assert response["Location"] == f"http://testserver/api/v1{org.image_path(image['id'])}"
    assert image["created_at"].endswith("Z")
    assert image["placeholder"].startswith("#")
    shown = {key: image[key] for key in image if key not in ("id", "url", "placeholder", "created_at", "updated_at")}
    assert shown == {
        "filename": "holiday.exe", "title": "Beach", "description": "one\ntwo", "alt_text": "A beach", "format": "jpeg",
        "width": 300, "height": 400, "size": len(original), "status": "processing", "organization": org.slug,
        "creator": org.owner.slug, "renditions": {},
    }  # fmt: skip
    assert b"".join(org.api.get(image["url"]).streaming_content) == original
    assert org.api.get(org.image_path(image["id"])).json() == image
    assert len(files_in(media_root)) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_five_formats_are_accepted(org: Org, kind: str) -> None:
    image = org.add_image(SimpleUploadedFile("x", written(quarters(), kind).getvalue()))
    assert (image["format"], image["width"], image["height"]) == (kind.lower(), 400, 300)


def test_uploading_the_same_bytes_again_returns_the_existing_image(org: Org, media_root: Path) -> None:
    file = picture()
    first = org.add_image(file, title="First")
    file.seek(0)
    again = org.api.upload(org.images_path, file=file, title="Second")
    assert (again.status_code, again["Image-Duplicate"]) == (200, "true")
    assert again.json() == first
    assert "Location" not in again
    assert len(files_in(media_root)) == Image.objects.count() == 1


def test_duplicates_are_detected_only_within_one_organization(org: Org, other_org: Org) -> None:
    file = picture()
    first = org.add_image(file)
    file.seek(0)
    response = other_org.api.upload(other_org.images_path, file=file)
    assert response.status_code == 201
    assert "Image-Duplicate" not in response
    assert response.json()["id"] != first["id"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (SVG, 415, "unsupported_image"),
        (HTML, 415, "unsupported_image"),
        (b"plain text", 415, "unsupported_image"),
        (b"", 422, "invalid_image"),
        (photo().getvalue()[:-2000], 422, "invalid_image"),
        (written(quarters(), "PNG").getvalue()[:-20], 422, "invalid_image"),
        (png_header(20_000, 20_000).getvalue(), 422, "image_too_large"),
    ],
)
def test_an_unusable_picture_leaves_neither_row_nor_file(
    org: Org, media_root: Path, content: bytes, status: int, code: str
) -> None:
    response = org.api.upload(org.images_path, file=SimpleUploadedFile("photo.png", content, "image/png"))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not files_in(media_root)
    assert not Image.objects.exists()
    assert not OutboxMessage.objects.filter(task="orgkit.images.render").exists()


def test_the_pixel_limit_counts_all_frames_of_an_animation(org: Org, settings: Any) -> None:
    file = animation(frames=4).getvalue()
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "IMAGE_MAX_FRAME_PIXELS": 200 * 150 * 3}
    response = org.api.upload(org.images_path, file=SimpleUploadedFile("x.gif", file))
    assert (response.status_code, response.json()["code"]) == (422, "image_too_large")
    assert response.json()["detail"] == "This picture has 120000 pixels in all its frames. The limit is 90000."


def test_a_file_over_the_limit_is_refused(org: Org, settings: Any, media_root: Path) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "IMAGE_MAX_BYTES": 1000}
    response = org.api.upload(org.images_path, file=SimpleUploadedFile("x.jpg", photo().getvalue()))
    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")
    assert not files_in(media_root)


@pytest.mark.parametrize(
    ("fields", "loc", "kind"),
    [
        ({}, ["body", "file"], "missing"),
        ({"file": "a text"}, ["body", "file"], "file_type"),
        ({"file": picture(), "colour": "red"}, ["body", "colour"], "extra_forbidden"),
        ({"file": picture(), "title": "x" * 201}, ["body", "title"], "string_too_long"),
        ({"file": picture(), "alt_text": "two\nlines"}, ["body", "alt_text"], "control_characters"),
        ({"file": picture(), "title": picture()}, ["body", "title"], "string_type"),
    ],
)
def test_the_fields_of_an_upload_are_validated(
    org: Org, media_root: Path, fields: dict[str, Any], loc: list[str], kind: str
) -> None:
    response = org.api.upload(org.images_path, **fields)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (loc, kind)
    assert not files_in(media_root)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{}", "application/json", 415, "unsupported_media_type"),
        (b"file=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"file", "", 415, "unsupported_media_type"),
        (b"", "", 422, "validation_error"),
        (b"", "application/json", 422, "validation_error"),
        (b"file", "multipart/form-data", 400, "malformed_body"),
    ],
)
def test_an_upload_that_is_not_a_form_with_a_file_is_refused(
    org: Org, body: bytes, content_type: str, status: int, code: str
) -> None:
    response = org.api.send("POST", org.images_path, body, content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_uploading_without_the_right_to_answers_401_403_or_404(org: Org, other_org: Org, api: Api) -> None:
    assert api.upload(org.images_path, file=picture()).status_code == 401
    assert other_org.api.upload(org.images_path, file=picture()).status_code == 404
    assert org.as_("viewer").upload(org.images_path, file=picture()).json()["code"] == "forbidden"
    assert not Image.objects.exists()


def test_a_storage_failure_during_an_upload_leaves_no_row(org: Org, media_root: Path) -> None:
    media_root.parent.mkdir(exist_ok=True)
    media_root.write_text("no folder")
    response = org.api.upload(org.images_path, file=picture())
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert int(response["Retry-After"]) > 0
    assert not Image.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
def test_a_database_failure_during_an_upload_leaves_no_file(
    org: Org, media_root: Path, headers: dict[str, str]
) -> None:
    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "outboxmessage" in sql:
            raise RuntimeError("The database is gone")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        response = org.api.upload(org.images_path, file=picture(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert not files_in(media_root)
    assert not Image.objects.exists()


def _is_about_bytes(sql: str) -> bool:
    return "orgkit_images_image" in sql and "sha256" in sql.partition("WHERE")[2]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
def test_uploading_a_picture_while_it_is_deleted_returns_a_duplicate_or_a_new_image(
    org: Org, headers: dict[str, str]
) -> None:
    content = picture().read()
    steps: list[str] = []

    def delete_after_the_first_look(execute: Any, sql: str, *rest: Any) -> Any:
        if steps == ["looked"]:
            steps.append("deleted")
            Image.objects.all().delete()
        if not steps and _is_about_bytes(sql):
            steps.append("looked")
        return execute(sql, *rest)

    for path, field in ((org.images_path, "file"), (f"{org.images_root}/bulk-upload/", "files")):
        steps.clear()
        org.api.upload(org.images_path, file=SimpleUploadedFile("x.png", content))
        with connection.execute_wrapper(delete_after_the_first_look):
            response = org.api.upload(path, headers=headers, **{field: SimpleUploadedFile("x.png", content)})
        assert "deleted" in steps
        assert response.status_code in (200, 201), response.content
        shown = response.json()["results"][0]["image"] if field == "files" else response.json()
        assert shown["size"] == len(content)


def test_a_picture_uploaded_and_deleted_by_somebody_else_meanwhile_is_created(org: Org, media_root: Path) -> None:
    content = picture().read()
    sha = hashlib.sha256(content).hexdigest()
    steps: list[str] = []

    def be_faster(execute: Any, sql: str, *rest: Any) -> Any:
        if steps or not sql.startswith("INSERT") or "orgkit_images_image" not in sql:
            return execute(sql, *rest)
        steps.append("inserted")
        (other,) = add_rows(org, 1)
        Image.objects.filter(pk=other).update(sha256=sha)
        done = execute(sql, *rest)
        org.api.delete(org.image_path(other))
        return done

    with connection.execute_wrapper(be_faster):
        response = org.api.upload(org.images_path, file=SimpleUploadedFile("x.png", content))
    assert steps
    assert response.status_code == 201, response.content
    assert Image.objects.get().file in files_in(media_root)


def test_an_upload_with_an_idempotency_key_happens_once(org: Org) -> None:
    file = picture()
    first = org.api.upload(org.images_path, file=file, headers={"Idempotency-Key": "k1"})
    file.seek(0)
    again = org.api.upload(org.images_path, file=file, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again["Idempotency-Replayed"], again.content) == (201, "true", first.content)
    other = org.api.upload(org.images_path, file=picture(), headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Image.objects.count() == 1


def test_uploads_are_throttled(org: Org, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLES": {"upload.user": "1/h"}}
    org.add_image()
    assert org.api.upload(org.images_path, file=picture()).status_code == 429
    assert org.api.upload(f"{org.images_root}/bulk-upload/", files=picture()).status_code == 429


def test_an_upload_that_django_keeps_in_a_temporary_file_is_rendered(
    org: Org, run_outbox: RunOutbox, settings: Any
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    image = org.add_image(SimpleUploadedFile("x.jpg", photo(800, 600).getvalue()))
    run_outbox()
    assert org.api.get(org.image_path(image["id"])).json()["status"] == "ready"
