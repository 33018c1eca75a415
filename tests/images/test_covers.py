"""The cover of an object, the order of its images, and the texts of an attachment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ninja_orgkit.images.models import Image, ImageAttachment
from tests.images.actions import add_rows, attach, contact_images_path, covers_of, order_of
from tests.org import Org

pytestmark = pytest.mark.usefixtures("shared_org")

Leave = Callable[[Org, str, list[int]], Any]


def _orm(*ids: int) -> Any:
    return Image.objects.filter(pk__in=ids)


WAYS: dict[str, Leave] = {
    "detach": lambda org, contact, ids: org.api.delete(f"{contact}{ids[0]}/"),
    "bulk detach": lambda org, contact, ids: org.api.post(f"{contact}bulk_detach/", {"image_ids": ids[:1]}),
    "delete": lambda org, contact, ids: org.api.delete(org.image_path(ids[0])),
    "bulk delete": lambda org, contact, ids: org.api.post(f"{org.images_root}/bulk-delete/", {"ids": ids[:1]}),
    "queryset of images": lambda org, contact, ids: _orm(ids[0]).delete(),
    "instance": lambda org, contact, ids: _orm(ids[0]).get().delete(),
    "attachment": lambda org, contact, ids: ImageAttachment.objects.filter(image=ids[0]).delete(),
}


def test_the_first_image_is_the_cover(org: Org, contact: str) -> None:
    ids = add_rows(org, 3)
    attach(org, contact, *ids)
    attach(org, contact, *add_rows(org, 2))
    assert covers_of(org, contact) == [ids[0]]


@pytest.mark.parametrize("way", WAYS)
def test_when_the_cover_is_removed_the_next_image_becomes_the_cover(org: Org, contact: str, way: str) -> None:
    ids = add_rows(org, 3)
    attach(org, contact, ids[0], ids[2], ids[1])
    elsewhere = contact_images_path(org)
    attach(org, elsewhere, ids[1], ids[0])
    WAYS[way](org, contact, ids)
    assert covers_of(org, contact) == [ids[2]]
    assert order_of(org, contact) == [ids[2], ids[1]]
    assert covers_of(org, elsewhere) == [ids[1]]


def test_when_the_cover_of_many_objects_is_deleted_each_gets_its_own_next_image(org: Org) -> None:
    first, *others = add_rows(org, 4)
    contacts = [contact_images_path(org) for _ in others]
    for contact, other in zip(contacts, others, strict=True):
        attach(org, contact, first, other)
    org.api.post(f"{org.images_root}/bulk-delete/", {"ids": [first]})
    assert [covers_of(org, contact) for contact in contacts] == [[other] for other in others]


def test_when_several_images_are_removed_the_first_remaining_one_becomes_the_cover(org: Org, contact: str) -> None:
    ids = add_rows(org, 4)
    attach(org, contact, *ids)
    org.api.post(f"{contact}bulk_detach/", {"image_ids": ids[:2]})
    assert covers_of(org, contact) == [ids[2]]
    org.api.post(f"{contact}bulk_detach/", {"image_ids": ids})
    assert order_of(org, contact) == []
    attach(org, contact, ids[3])
    assert covers_of(org, contact) == [ids[3]]


def test_setting_another_cover_replaces_the_old_one(org: Org, contact: str) -> None:
    ids = add_rows(org, 3)
    attach(org, contact, *ids)
    response = org.api.patch(f"{contact}{ids[2]}/", {"is_cover": True})
    assert (response.status_code, response.json()["is_cover"]) == (200, True)
    assert covers_of(org, contact) == [ids[2]]
    assert order_of(org, contact) == ids
    org.api.patch(f"{contact}{ids[1]}/", {"is_cover": False})
    assert covers_of(org, contact) == [ids[2]]


def test_an_image_that_stops_being_the_cover_gives_way_to_the_next(org: Org, contact: str) -> None:
    ids = add_rows(org, 2)
    attach(org, contact, *ids)
    assert org.api.patch(f"{contact}{ids[0]}/", {"is_cover": False}).json()["is_cover"] is False
    assert covers_of(org, contact) == [ids[1]]
    org.api.delete(f"{contact}{ids[0]}/")
    assert org.api.patch(f"{contact}{ids[1]}/", {"is_cover": False}).json()["is_cover"] is True


@pytest.mark.parametrize(
    ("moved", "position", "order"),
    [
        (0, 2, [1, 2, 0, 3]),
        (3, 0, [3, 0, 1, 2]),
        (1, 1, [0, 1, 2, 3]),
        (2, 1, [0, 2, 1, 3]),
        (0, 2**31 - 1, [1, 2, 3, 0]),
    ],
)
def test_moving_an_image_shifts_the_others(org: Org, contact: str, moved: int, position: int, order: list[int]) -> None:
    ids = add_rows(org, 4)
    attach(org, contact, *ids)
    response = org.api.patch(f"{contact}{ids[moved]}/", {"position": position})
    assert response.json()["position"] == min(position, 3)
    assert order_of(org, contact) == [ids[index] for index in order]
    assert covers_of(org, contact) == [ids[0]]
    assert sorted(ImageAttachment.objects.values_list("position", flat=True)) == [0, 1, 2, 3]


def test_an_attachment_can_override_the_texts_of_its_image_and_null_restores_them(org: Org, contact: str) -> None:
    image = org.add_image(title="Beach")
    attach(org, contact, image["id"])
    elsewhere = contact_images_path(org)
    attach(org, elsewhere, image["id"])
    texts = {"title": "Ada at the beach", "description": "", "alt_text": "Ada"}
    link = org.api.patch(f"{contact}{image['id']}/", texts).json()
    assert {name: link[name] for name in texts} == texts
    assert link["image"] == image
    link = org.api.patch(f"{contact}{image['id']}/", {"title": None}).json()
    assert (link["title"], link["alt_text"]) == (None, "Ada")
    (other,) = org.api.get(elsewhere).json()["items"]
    assert (other["title"], other["alt_text"]) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"is_cover": None}, {"is_cover": "yes"}, {"is_cover": 1}, {"position": -1}, {"position": None},
        {"position": "1"}, {"position": True}, {"position": 2**31}, {"title": "x" * 201}, {"image_id": 1},
        {"obj_id": "x"}, {"cover_of": "x"},
    ],
)  # fmt: skip
def test_invalid_changes_of_an_attachment_are_refused(org: Org, contact: str, body: dict[str, Any]) -> None:
    (link,) = attach(org, contact, *add_rows(org, 1))
    response = org.api.patch(f"{contact}{link['image']['id']}/", body)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")
    assert org.api.get(contact).json()["items"] == [link]


def test_an_image_that_is_not_attached_cannot_be_made_the_cover(org: Org, contact: str) -> None:
    image = add_rows(org, 1)[0]
    assert org.api.patch(f"{contact}{image}/", {"is_cover": True}).status_code == 404


def test_deleting_images_in_the_admin_moves_the_cover_and_deletes_files(
    org: Org, contact: str, admin_client: Client, run_outbox: Callable[[], int]
) -> None:
    ids = add_rows(org, 3)
    attach(org, contact, *ids)
    for page in ("image", "imageattachment"):
        assert admin_client.get(f"/admin/orgkit_images/{page}/?q=0").status_code == 200
    assert admin_client.get(f"/admin/orgkit_images/image/{ids[0]}/change/").status_code == 200
    chosen = {"action": "delete_selected", "_selected_action": [ids[0]], "post": "yes"}
    assert admin_client.post("/admin/orgkit_images/image/", chosen).status_code == 302
    admin_client.post(f"/admin/orgkit_images/image/{ids[1]}/delete/", {"post": "yes"})
    assert covers_of(org, contact) == [ids[2]]
    again = {"action": "make_renditions_again", "_selected_action": [ids[2]]}
    assert admin_client.post("/admin/orgkit_images/image/", again).status_code == 302
    assert run_outbox() > 2
