"""A host's own code works with contacts, tags, images and exports."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction

from ninja_orgkit import services
from ninja_orgkit.contacts.errors import NamelessContact, OrganizationImmutable
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.errors import Forbidden, NotFound, ValidationFailed
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image
from ninja_orgkit.media.errors import FileTooLarge, ImageTooLarge, InvalidImage, UnsupportedImage
from ninja_orgkit.models import OutboxMessage
from shop.models import Product, Shop
from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
from tests.custom.recorder import OutOfSeats
from tests.media.files import files_in as stored_files
from tests.media.pictures import quarters, written
from tests.org import MakeOrg, Org, account_of


def png(side: int = 40) -> BytesIO:
    """Return a picture as a plain file."""
    return written(quarters(side, side), "PNG")


def test_a_contact_is_created_changed_and_deleted(org: Org) -> None:
    ada = account_of(org.owner)
    contact = services.create_contact(org.row, creator=ada.user, first_name=" Grace ", last_name="Hopper")
    assert (contact.display_name, contact.creator) == ("Grace Hopper", ada)
    changed = services.update_contact(contact, last_name="Murray", custom={"vip": True})
    assert (changed.display_name, changed.custom) == ("Grace Murray", {"vip": True})
    assert services.create_contact(org.row, display_name="Acme").creator is None
    services.delete_contact(contact)
    with pytest.raises(NotFound):
        services.delete_contact(contact)
    with pytest.raises(NotFound):
        services.update_contact(contact, last_name="Late")


@pytest.mark.parametrize(
    "fields",
    [
        {"display_name": "x" * 256},
        {"display_name": "Ada", "email": "nowhere"},
        {"display_name": "Ada", "phone": "1\x002"},
        {"display_name": "Ada", "slug": "chosen"},
        {"display_name": "Ada", "nickname": "A"},
    ],
)
def test_fields_have_the_same_limits_as_those_of_clients(org: Org, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed):
        services.create_contact(org.row, **fields)
    contact = services.create_contact(org.row, display_name="Grace")
    with pytest.raises(ValidationFailed):
        services.update_contact(contact, **fields)
    assert Contact.objects.get().display_name == "Grace"


def test_a_contact_keeps_a_name_and_its_organization(org: Org, make_org: MakeOrg) -> None:
    with pytest.raises(NamelessContact):
        services.create_contact(org.row, email="grace@example.com")
    contact = services.create_contact(org.row, first_name="Grace")
    with pytest.raises(NamelessContact):
        services.update_contact(contact, first_name="")
    other = make_org("other").row
    for stranger in (other, other.slug):
        with pytest.raises(OrganizationImmutable):
            services.update_contact(contact, organization=stranger)
    assert services.update_contact(contact, organization=org.row, phone="1").phone == "1"


def test_tags_go_to_the_organization_of_the_object(org: Org, make_org: MakeOrg) -> None:
    other = make_org("other").row
    contact = services.create_contact(org.row, display_name="Grace")
    shop = Shop.objects.create(organization=other, name="Shop")
    product = Product.objects.create(shop=shop, sku="mug", name="Mug", price=1)
    services.assign_tags(contact, ["VIP", "lead"])
    services.assign_tags(contact, ["vip"])
    services.assign_tags(product, ["VIP"])
    services.assign_tags(product, [])
    assert [tag.name for tag in services.tags_of(contact)] == ["lead", "VIP"]
    assert [tag.organization for tag in services.tags_of(product)] == [other]
    services.unassign_tags(contact, ["LEAD"])
    assert [tag.name for tag in services.tags_of(contact)] == ["VIP"]
    with pytest.raises(NotFound):
        services.unassign_tags(contact, ["VIP", "lead"])
    assert [tag.name for tag in services.tags_of(contact)] == ["VIP"]
    services.unassign_tags(product, ["vip"])
    assert services.tags_of(product) == []


def test_tags_that_no_client_could_assign_are_refused(org: Org) -> None:
    contact = services.create_contact(org.row, display_name="Grace")
    for names in (["x" * 51], [""], [f"tag {number}" for number in range(101)]):
        with pytest.raises(ValidationFailed):
            services.assign_tags(contact, names)
    for change in (services.assign_tags, services.unassign_tags):
        with pytest.raises(TypeError, match=r"\['VIP'\]"):
            change(contact, "VIP")
    assert services.tags_of(contact) == []
    with pytest.raises(LookupError, match="not registered"):
        services.assign_tags(account_of(org.owner), ["VIP"])
    services.delete_contact(contact)
    contact.pk = 4711
    with pytest.raises(NotFound):
        services.assign_tags(contact, ["VIP"])


@pytest.mark.parametrize("kind", ["open file", "django file", "content file"])
def test_an_image_is_uploaded_from_any_file(org: Org, tmp_path: Path, run_outbox: RunOutbox, kind: str) -> None:
    path = tmp_path / "évening.png"
    path.write_bytes(png().read())
    with path.open("rb") as opened:
        file = {
            "open file": opened,
            "django file": File(opened),
            "content file": ContentFile(path.read_bytes(), "e.png"),
        }
        image = services.upload_image(org.row, file[kind], creator=account_of(org.owner).user, title=" Evening ")
    assert (image.title, image.width, image.status) == ("Evening", 40, "processing")
    assert image.filename == ("e.png" if kind == "content file" else "évening.png")
    assert image.creator == account_of(org.owner)
    run_outbox()
    image.refresh_from_db()
    assert image.status == "ready"
    assert services.upload_image(org.row, png()) == image


def test_errors_of_uploads_are_raised(org: Org, settings: Any, media_root: Path) -> None:
    with pytest.raises(UnsupportedImage):
        services.upload_image(org.row, BytesIO(b"<svg/>"))
    with pytest.raises(InvalidImage):
        services.upload_image(org.row, BytesIO(png().read()[:60]))
    with pytest.raises(ValidationFailed):
        services.upload_image(org.row, png(), title="x" * 201)
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "IMAGE_MAX_PIXELS": 100}
    with pytest.raises(ImageTooLarge):
        services.upload_image(org.row, png())
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "IMAGE_MAX_BYTES": 10}
    with pytest.raises(FileTooLarge):
        services.upload_image(org.row, png())
    assert not Image.objects.exists()
    assert stored_files(media_root) == []


def test_images_are_attached_in_order_and_detached(org: Org, make_org: MakeOrg) -> None:
    contact = services.create_contact(org.row, display_name="Grace")
    first, second = (services.upload_image(org.row, png(side)) for side in (40, 41))
    foreign = services.upload_image(make_org("other").row, png(42))
    done = services.attach_images(contact, [second, first.pk])
    assert (done.attached, done.already_attached) == ([second.pk, first.pk], [])
    assert services.images_of(contact) == [second, first]
    with pytest.raises(NotFound):
        services.attach_images(contact, [foreign])
    assert services.detach_images(contact, [second, foreign]).detached == [second.pk]
    assert services.images_of(contact) == [first]


def test_the_url_of_a_file_is_absolute_and_open(org: Org, run_outbox: RunOutbox, settings: Any, api: Api) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "API_URL": "https://api.example.com/api/v1"}
    image = services.upload_image(org.row, png())
    with pytest.raises(NotFound):
        services.file_url(image, "thumb")
    run_outbox()
    image.refresh_from_db()
    with pytest.raises(NotFound):
        services.file_url(image, "poster")
    for url, kind in ((services.file_url(image), "image/png"), (services.file_url(image, "thumb"), "image/webp")):
        assert url.startswith("https://api.example.com/api/v1/media/")
        answer = api.get(url.removeprefix("https://api.example.com/api/v1"))
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        answer.close()


def test_an_export_is_asked_for_by_somebody_or_by_the_host(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    admin = account_of(org.add_member("admin"))
    job = services.request_export(org.row, by=admin.user)
    assert job.requested_by == admin
    assert services.request_export(org.row, by=None) == job
    with pytest.raises(Forbidden):
        services.request_export(org.row, by=account_of(org.add_member("viewer")))
    with pytest.raises(NotFound):
        services.request_export(org.row, by=account_of(org.stranger))
    run_outbox()
    assert [mail.to for mail in mailbox] == [[admin.email]]
    assert services.request_export(org.row, by=None).requested_by is None
    run_outbox()
    assert set(ExportJob.objects.values_list("status", flat=True)) == {"ready"}
    assert len(mailbox) == 1


def test_nothing_comes_into_an_organization_that_was_closed(org: Org, media_root: Path) -> None:
    ada = account_of(org.owner)
    services.delete_organization(org.row)
    refused: list[Any] = [
        lambda: services.create_contact(org.row, display_name="Late"),
        lambda: services.upload_image(org.row, png()),
        lambda: services.request_export(org.row, by=None),
        lambda: services.request_export(org.row, by=ada),
        lambda: services.add_member(org.row, account_of(org.stranger), role="viewer"),
        lambda: services.invite(org.row, email="late@example.com", role="viewer", by=ada),
        lambda: services.update_organization(org.row, name="Late"),
        lambda: services.delete_organization(org.row),
    ]
    for call in refused:
        with pytest.raises(NotFound):
            call()
    assert stored_files(media_root) == []


@pytest.mark.django_db(transaction=True)
def test_a_transaction_of_the_caller_that_rolls_back_leaves_no_row_file_or_task(org: Org, media_root: Path) -> None:
    with transaction.atomic():
        contact = services.create_contact(org.row, display_name="Grace")
        services.assign_tags(contact, ["VIP"])
        services.attach_images(contact, [services.upload_image(org.row, png())])
        services.request_export(org.row, by=None)
        assert stored_files(media_root)
        transaction.set_rollback(True)
    assert [model.objects.count() for model in (Contact, Image, ExportJob)] == [0, 0, 0]
    assert not OutboxMessage.objects.exists()
    assert stored_files(media_root) == []


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_that_rolls_back_takes_only_its_own_files(org: Org, media_root: Path) -> None:
    with transaction.atomic():
        kept = services.upload_image(org.row, png(40))
        with transaction.atomic():
            services.upload_image(org.row, png(41))
            transaction.set_rollback(True)
    assert list(Image.objects.all()) == [kept]
    assert stored_files(media_root) == [kept.file]


def test_a_hook_refuses_an_upload_and_an_export(org: Org, set_hook: Any, media_root: Path) -> None:
    ada = account_of(org.owner)
    recorder = set_hook("before_upload")
    recorder.raises(OutOfSeats())
    with pytest.raises(OutOfSeats):
        services.upload_image(org.row, png(), creator=ada, title="Evening")
    ((request, values),) = recorder.calls
    assert (request, values.pop("file").read(4)) == (None, b"\x89PNG")
    expected = {"organization": org.row, "creator": ada, "title": "Evening", "description": "", "alt_text": ""}
    assert values == expected
    assert stored_files(media_root) == []
    recorder = set_hook("before_export")
    with pytest.raises(OutOfSeats):
        services.request_export(org.row, by=ada)
    assert recorder.calls[-1] == (None, {"organization": org.row, "by": ada})
    assert [Image.objects.count(), ExportJob.objects.count()] == [0, 0]


def test_a_refused_picture_does_not_keep_the_others(org: Org, set_hook: Any, media_root: Path) -> None:
    recorder = set_hook("before_upload")

    def refuse_the_second() -> None:
        if len(recorder.calls) == 2:
            raise OutOfSeats

    recorder.act = refuse_the_second
    files = [ContentFile(png(side).read(), f"{side}.png") for side in (40, 41, 42)]
    results = org.api.upload(f"{org.images_root}/bulk-upload/", files=files).json()["results"]
    assert [(item["status"], (item["error"] or {}).get("code")) for item in results] == [
        ("created", None), ("error", "out_of_seats"), ("created", None),
    ]  # fmt: skip
    assert len(stored_files(media_root)) == Image.objects.count() == 2
