"""Idempotency-Key: a repeated request happens once and gets the same answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image as Picture

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.models import IdempotencyRecord
from ninja_orgkit.protocol import idempotency
from tests.org import Org
from tests.parallel import in_parallel
from tests.protocol.document import PATHS

pytestmark = pytest.mark.django_db

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def create(org: Org, name: str = "Bob", key: dict[str, str] = KEY) -> Any:
    """Create a contact with an Idempotency-Key."""
    return org.api.post("/contacts/", {"organization": org.slug, "display_name": name}, headers=key)


def test_repeating_a_request_returns_the_same_answer_and_creates_nothing(org: Org) -> None:
    first, again = create(org), create(org)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Contact.objects.count() == 1


def test_another_body_with_the_same_key_is_refused(org: Org) -> None:
    create(org)
    answer = create(org, name="Eve")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Contact.objects.count() == 1


def test_a_key_belongs_to_one_user_one_method_and_one_path(org: Org, other_org: Org) -> None:
    assert create(org).status_code == create(other_org).status_code == 201
    assert org.api.post(f"/orgs/{org.slug}/tags/", {"name": "VIP"}, headers=KEY).status_code == 201
    assert Contact.objects.count() == 2


def test_a_failed_request_does_not_use_up_the_key(org: Org) -> None:
    bad = org.api.post("/contacts/", {"organization": org.slug}, headers=KEY)
    conflict = org.api.post(f"/orgs/{org.slug}/tags/", {"name": "VIP"})
    assert (bad.status_code, conflict.status_code) == (422, 201)
    assert org.api.post(f"/orgs/{org.slug}/tags/", {"name": "vip"}, headers=KEY).status_code == 409
    assert org.api.post(f"/orgs/{org.slug}/tags/", {"name": "other"}, headers=KEY).status_code == 201
    assert create(org).status_code == 201


def test_permission_is_checked_before_an_answer_is_replayed(org: Org) -> None:
    bob = org.stranger
    membership = org.join(bob, "member")
    body = {"organization": org.slug, "display_name": "Carl"}
    assert bob.api.post("/contacts/", body, headers=KEY).status_code == 201
    membership.delete()
    assert bob.api.post("/contacts/", body, headers=KEY).status_code == 404


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "naïve", "a b", "a\tb"])
def test_an_invalid_key_is_refused(org: Org, key: str) -> None:
    answer = create(org, key={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_idempotency_key")


def test_a_key_in_use_is_a_conflict_until_its_lease_ends(org: Org) -> None:
    create(org)
    IdempotencyRecord.objects.update(status=None, lease_until=timezone.now() + timedelta(minutes=1))
    answer = create(org)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    IdempotencyRecord.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert create(org).status_code == 201
    assert create(org)["Idempotency-Replayed"] == "true"
    assert Contact.objects.count() == 2


def test_a_key_is_forgotten_after_a_day(org: Org) -> None:
    create(org)
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert create(org, name="Eve").status_code == 201
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.purge() == 1


def test_uploads_are_compared_by_their_content_and_their_names(org: Org) -> None:
    def upload(color: str, name: str = "one.png") -> Any:
        file = coloured(color, name)
        return org.api.upload(f"/images/orgs/{org.slug}/images/", file=file, title="One", headers=KEY)

    first, again, other, renamed = upload("red"), upload("red"), upload("blue"), upload("red", "two.png")
    assert [answer.status_code for answer in (first, again, other, renamed)] == [201, 201, 422, 422]
    assert again.content == first.content
    assert Image.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_with_one_key_make_one_object(org: Org) -> None:
    answers = in_parallel(16, lambda _: create(org).status_code)
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert Contact.objects.count() == 1


def coloured(color: str, name: str = "") -> BytesIO:
    """Return a picture of one colour as a file."""
    file = BytesIO()
    Picture.new("RGB", (8, 8), color).save(file, "PNG")
    file.seek(0)
    file.name = name or f"{color}.png"
    return file


Posts = dict[str, tuple[str, Any]]


@pytest.fixture
def posts(org: Org) -> Posts:
    """Return what to send to each operation that takes a key: a path, and JSON or the fields of a form with files."""
    group, images = org.slug, org.images_root
    contact = org.add_contact("Bob")["slug"]
    ids = [org.add_image()["id"] for _ in range(3)]
    target = {"app_label": "contacts", "model": "contact", "obj_id": contact}
    of_object = f"{images}/images/contacts/contact/{contact}"
    org.api.post(f"{images}/attach/", {"image_id": ids[0], **target})
    invitations = f"{org.path}invitations/"
    sent = org.api.post(invitations, {"email": "bob@example.com", "role": "viewer"}).json()["id"]
    return {
        "create_organization": ("/orgs/", {"name": "Second"}),
        "create_invitation": (invitations, {"email": "carl@example.com", "role": "viewer"}),
        "bulk_invite": (f"{invitations}bulk/", {"invitations": [{"email": "dan@example.com", "role": "viewer"}]}),
        "resend_invitation": (f"{invitations}{sent}/resend/", None),
        "create_contact": ("/contacts/", {"organization": group, "display_name": "Carl"}),
        "create_api_key": (f"/orgs/{group}/api-keys/", {"name": "Robot", "permissions": ["org.read"]}),
        "create_tag": (f"/orgs/{group}/tags/", {"name": "VIP"}),
        "assign_tags": (f"/orgs/{group}/tags/contacts/contact/{contact}/", ["lead"]),
        "request_export": (f"/orgs/{group}/export/", None),
        "attach_image": (f"{images}/attach/", {"image_id": ids[1], **target}),
        "detach_image": (f"{images}/detach/", {"image_id": ids[0], **target}),
        "attach_images_to_object": (f"{of_object}/", {"image_ids": ids[1:2]}),
        "bulk_attach_images": (f"{of_object}/bulk_attach/", {"image_ids": ids[1:2]}),
        "bulk_detach_images": (f"{of_object}/bulk_detach/", {"image_ids": ids[:1]}),
        "bulk_delete_images": (f"{images}/bulk-delete/", {"ids": ids[2:]}),
        "upload_image": (f"{images}/images/", {"file": "white"}),
        "bulk_upload_images": (f"{images}/bulk-upload/", {"files": "white"}),
        "upload_my_avatar": ("/users/avatar", {"file": "white"}),
        "upload_logo": (f"/orgs/{group}/logo/", {"file": "white"}),
        "upload_contact_avatar": (f"/contacts/{contact}/avatar/", {"file": "white"}),
    }


def _documented() -> Iterator[str]:
    """Yield the operations that document an Idempotency-Key."""
    for operations in PATHS.values():
        for operation in operations.values():
            if any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"]):
                yield operation["operationId"]


def test_the_documented_operations_with_a_key_are_exactly_these(posts: Posts) -> None:
    assert set(_documented()) == set(posts)


@pytest.mark.parametrize("operation", sorted(_documented()))
def test_every_operation_with_a_key_happens_once(org: Org, posts: Posts, operation: str) -> None:
    path, body = posts[operation]

    def send() -> Any:
        if "upload" in operation:
            return org.api.upload(path, headers=KEY, **{name: coloured(color) for name, color in body.items()})
        return org.api.post(path, body, headers=KEY)

    first, again = send(), send()
    assert 200 <= first.status_code < 300, first.content
    shown = re.sub(rb'"ok_[\w-]{43}"', b"null", first.content)  # a secret is shown once
    assert (again.status_code, again.content) == (first.status_code, shown)
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    kept = {name for name in ("Location", "ETag", "Content-Type") if name in first}
    assert {name: again[name] for name in kept} == {name: first[name] for name in kept}
