"""Idempotency-Key: what is sent again is done once, and answered the same."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image as Picture

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.images.models import Image
from ninja_orgkit.models import IdempotencyRecord
from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.protocol import idempotency
from ninja_orgkit.urls import api
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture
def ann(register):
    return register()


def create(person, name="Bob", key=KEY):
    return person.api.post("/contacts/", {"organization": person.org, "display_name": name}, headers=key)


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(ann):
    first, again = create(ann), create(ann)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Contact.objects.count() == 1


def test_another_body_with_the_same_key_is_refused(ann):
    create(ann)
    answer = create(ann, name="Eve")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Contact.objects.count() == 1


def test_a_key_belongs_to_one_user_one_method_and_one_path(ann, register):
    bob = register()
    assert create(ann).status_code == create(bob).status_code == 201
    assert ann.api.post(f"/orgs/{ann.org}/tags/", {"name": "VIP"}, headers=KEY).status_code == 201
    assert Contact.objects.count() == 2


def test_a_failure_pins_nothing(ann):
    bad = ann.api.post("/contacts/", {"organization": ann.org}, headers=KEY)
    conflict = ann.api.post(f"/orgs/{ann.org}/tags/", {"name": "VIP"})
    assert (bad.status_code, conflict.status_code) == (422, 201)
    assert ann.api.post(f"/orgs/{ann.org}/tags/", {"name": "vip"}, headers=KEY).status_code == 409
    assert ann.api.post(f"/orgs/{ann.org}/tags/", {"name": "other"}, headers=KEY).status_code == 201
    assert create(ann).status_code == 201


def test_authorisation_comes_before_the_replay(ann, register):
    bob = register()
    slug = ann.api.post("/orgs/", {"name": "Both"}).json()["slug"]
    membership = Membership(role="member")
    membership.organization_id = Membership.objects.get(organization__slug=slug).organization_id
    membership.account_id = Membership.objects.get(account__slug=bob.slug).account_id
    membership.save()
    body = {"organization": slug, "display_name": "Carl"}
    assert bob.api.post("/contacts/", body, headers=KEY).status_code == 201
    membership.delete()
    assert bob.api.post("/contacts/", body, headers=KEY).status_code == 404


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "naïve", "a b", "a\tb"])
def test_a_key_that_is_none_is_refused(ann, key):
    answer = create(ann, key={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_idempotency_key")


def test_a_request_that_is_still_running_is_a_conflict_until_its_lease_ends(ann):
    create(ann)
    IdempotencyRecord.objects.update(status=None, lease_until=timezone.now() + timedelta(minutes=1))
    answer = create(ann)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    IdempotencyRecord.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert create(ann).status_code == 201
    assert create(ann)["Idempotency-Replayed"] == "true"
    assert Contact.objects.count() == 2


def test_a_key_is_forgotten_after_a_day(ann):
    create(ann)
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert create(ann, name="Eve").status_code == 201
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.purge() == 1


def test_uploads_are_compared_by_content_and_not_by_boundaries(ann):
    def upload(color):
        return ann.api.upload(f"/images/orgs/{ann.org}/images/", file=picture(color), title="One", headers=KEY)

    first, again, other = upload("red"), upload("red"), upload("blue")
    assert [answer.status_code for answer in (first, again, other)] == [201, 201, 422]
    assert again.content == first.content
    assert Image.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_uses_of_one_key_at_once_make_one_object(ann):
    answers = in_parallel(16, lambda _: create(ann).status_code)
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert Contact.objects.count() == 1


def picture(color: str) -> BytesIO:
    file = BytesIO()
    Picture.new("RGB", (8, 8), color).save(file, "PNG")
    file.seek(0)
    file.name = f"{color}.png"
    return file


@pytest.fixture
def posts(ann):
    """What to send to each operation that takes a key: its path, and JSON, or the fields of a form with files."""
    group = ann.api.post("/orgs/", {"name": "Acme"}).json()["slug"]
    contact = ann.api.post("/contacts/", {"organization": group, "display_name": "Bob"}).json()["slug"]
    images = f"/images/orgs/{group}"
    ids = [ann.api.upload(f"{images}/images/", file=picture(color)).json()["id"] for color in ("red", "green", "blue")]
    target = {"app_label": "contacts", "model": "contact", "obj_id": contact}
    of_object = f"{images}/images/contacts/contact/{contact}"
    ann.api.post(f"{images}/attach/", {"image_id": ids[0], **target})
    return {
        "create_organization": ("/orgs/", {"name": "Second"}),
        "create_invitation": (f"/orgs/{group}/invitations/", {"email": "carl@example.com", "role": "viewer"}),
        "create_contact": ("/contacts/", {"organization": group, "display_name": "Carl"}),
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
        "upload_contact_avatar": (f"/contacts/{contact}/avatar/", {"file": "white"}),
    }


def _documented():
    """Return the operations that are said to take a key."""
    for operations in api.get_openapi_schema(path_prefix="")["paths"].values():
        for operation in operations.values():
            if any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"]):
                yield operation["operationId"]


def test_it_is_taken_by_every_post_that_creates_uploads_acts_in_bulk_or_exports(posts):
    assert set(_documented()) == set(posts)


@pytest.mark.parametrize("operation", sorted(_documented()))
def test_every_operation_that_takes_a_key_is_done_once(ann, posts, operation):
    path, body = posts[operation]

    def send():
        if "upload" in operation:
            return ann.api.upload(path, headers=KEY, **{name: picture(color) for name, color in body.items()})
        return ann.api.post(path, body, headers=KEY)

    first, again = send(), send()
    assert 200 <= first.status_code < 300, first.content
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    kept = {name for name in ("Location", "ETag", "Content-Type") if name in first}
    assert {name: again[name] for name in kept} == {name: first[name] for name in kept}
