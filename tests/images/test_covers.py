"""The cover of an object, the order of its images, and texts of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ninja_orgkit.images.models import Image, ImageAttachment
from tests.images.conftest import Album

Leave = Callable[[Album, str, list[int]], Any]


def _orm(*ids: int) -> Any:
    return Image.objects.filter(pk__in=ids)


WAYS: dict[str, Leave] = {
    "detach": lambda album, contact, ids: album.api.delete(f"{contact}{ids[0]}/"),
    "bulk detach": lambda album, contact, ids: album.api.post(f"{contact}bulk_detach/", {"image_ids": ids[:1]}),
    "delete": lambda album, contact, ids: album.api.delete(album.one(ids[0])),
    "bulk delete": lambda album, contact, ids: album.api.post(f"{album.root}/bulk-delete/", {"ids": ids[:1]}),
    "queryset of images": lambda album, contact, ids: _orm(ids[0]).delete(),
    "instance": lambda album, contact, ids: _orm(ids[0]).get().delete(),
    "attachment": lambda album, contact, ids: ImageAttachment.objects.filter(image=ids[0]).delete(),
}


def test_the_first_image_is_the_cover(album: Album, contact: str) -> None:
    ids = album.fill(3)
    album.attach(contact, *ids)
    album.attach(contact, *album.fill(2))
    assert album.covers(contact) == [ids[0]]


@pytest.mark.parametrize("way", WAYS)
def test_when_the_cover_goes_the_next_image_becomes_it(album: Album, contact: str, way: str) -> None:
    ids = album.fill(3)
    album.attach(contact, ids[0], ids[2], ids[1])
    elsewhere = album.contact()
    album.attach(elsewhere, ids[1], ids[0])
    WAYS[way](album, contact, ids)
    assert album.covers(contact) == [ids[2]]
    assert album.order(contact) == [ids[2], ids[1]]
    assert album.covers(elsewhere) == [ids[1]]


def test_when_the_cover_of_many_objects_goes_each_gets_its_next(album: Album) -> None:
    first, *others = album.fill(4)
    contacts = [album.contact() for _ in others]
    for contact, other in zip(contacts, others, strict=True):
        album.attach(contact, first, other)
    album.api.post(f"{album.root}/bulk-delete/", {"ids": [first]})
    assert [album.covers(contact) for contact in contacts] == [[other] for other in others]


def test_when_several_images_go_the_first_that_is_left_becomes_the_cover(album: Album, contact: str) -> None:
    ids = album.fill(4)
    album.attach(contact, *ids)
    album.api.post(f"{contact}bulk_detach/", {"image_ids": ids[:2]})
    assert album.covers(contact) == [ids[2]]
    album.api.post(f"{contact}bulk_detach/", {"image_ids": ids})
    assert album.order(contact) == []
    album.attach(contact, ids[3])
    assert album.covers(contact) == [ids[3]]


def test_setting_another_cover_moves_it(album: Album, contact: str) -> None:
    ids = album.fill(3)
    album.attach(contact, *ids)
    response = album.api.patch(f"{contact}{ids[2]}/", {"is_cover": True})
    assert (response.status_code, response.json()["is_cover"]) == (200, True)
    assert album.covers(contact) == [ids[2]]
    assert album.order(contact) == ids
    album.api.patch(f"{contact}{ids[1]}/", {"is_cover": False})
    assert album.covers(contact) == [ids[2]]


def test_a_cover_that_shall_be_none_gives_way_to_the_next(album: Album, contact: str) -> None:
    ids = album.fill(2)
    album.attach(contact, *ids)
    assert album.api.patch(f"{contact}{ids[0]}/", {"is_cover": False}).json()["is_cover"] is False
    assert album.covers(contact) == [ids[1]]
    album.api.delete(f"{contact}{ids[0]}/")
    assert album.api.patch(f"{contact}{ids[1]}/", {"is_cover": False}).json()["is_cover"] is True


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
def test_images_make_room_for_one_that_is_moved(
    album: Album, contact: str, moved: int, position: int, order: list[int]
) -> None:
    ids = album.fill(4)
    album.attach(contact, *ids)
    response = album.api.patch(f"{contact}{ids[moved]}/", {"position": position})
    assert response.json()["position"] == min(position, 3)
    assert album.order(contact) == [ids[index] for index in order]
    assert album.covers(contact) == [ids[0]]
    assert sorted(ImageAttachment.objects.values_list("position", flat=True)) == [0, 1, 2, 3]


def test_texts_for_one_object_override_the_images_and_null_gives_them_back(album: Album, contact: str) -> None:
    image = album.add(title="Beach")
    album.attach(contact, image["id"])
    elsewhere = album.contact()
    album.attach(elsewhere, image["id"])
    texts = {"title": "Ada at the beach", "description": "", "alt_text": "Ada"}
    link = album.api.patch(f"{contact}{image['id']}/", texts).json()
    assert {name: link[name] for name in texts} == texts
    assert link["image"] == image
    link = album.api.patch(f"{contact}{image['id']}/", {"title": None}).json()
    assert (link["title"], link["alt_text"]) == (None, "Ada")
    (other,) = album.api.get(elsewhere).json()["items"]
    assert (other["title"], other["alt_text"]) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"is_cover": None}, {"is_cover": "yes"}, {"is_cover": 1}, {"position": -1}, {"position": None},
        {"position": "1"}, {"position": True}, {"position": 2**31}, {"title": "x" * 201}, {"image_id": 1},
        {"obj_id": "x"}, {"cover_of": "x"},
    ],
)  # fmt: skip
def test_nothing_else_of_an_attachment_can_be_set(album: Album, contact: str, body: dict[str, Any]) -> None:
    (link,) = album.attach(contact, *album.fill(1))
    response = album.api.patch(f"{contact}{link['image']['id']}/", body)
    assert (response.status_code, response.json()["code"]) == (422, "validation_error")
    assert album.api.get(contact).json()["items"] == [link]


def test_an_image_that_is_not_attached_has_no_place(album: Album, contact: str) -> None:
    image = album.fill(1)[0]
    assert album.api.patch(f"{contact}{image}/", {"is_cover": True}).status_code == 404


def test_the_admin_passes_covers_on_and_deletes_files(
    album: Album, contact: str, admin_client: Client, run_outbox: Callable[[], int]
) -> None:
    ids = album.fill(3)
    album.attach(contact, *ids)
    for page in ("image", "imageattachment"):
        assert admin_client.get(f"/admin/orgkit_images/{page}/?q=0").status_code == 200
    assert admin_client.get(f"/admin/orgkit_images/image/{ids[0]}/change/").status_code == 200
    chosen = {"action": "delete_selected", "_selected_action": [ids[0]], "post": "yes"}
    assert admin_client.post("/admin/orgkit_images/image/", chosen).status_code == 302
    admin_client.post(f"/admin/orgkit_images/image/{ids[1]}/delete/", {"post": "yes"})
    assert album.covers(contact) == [ids[2]]
    again = {"action": "make_renditions_again", "_selected_action": [ids[2]]}
    assert admin_client.post("/admin/orgkit_images/image/", again).status_code == 302
    assert run_outbox() > 2
