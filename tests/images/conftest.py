"""Somebody with an organization, pictures, and objects to attach them to."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.images.models import Image
from ninja_orgkit.media.storage import save
from ninja_orgkit.organizations.models import Membership, Organization
from tests.client import Api, Person
from tests.media.pictures import quarters, written

_numbers = itertools.count(1)


def picture(name: str = "photo.png", width: int = 40, height: int = 30) -> SimpleUploadedFile:
    """Return the file of a picture that is like no other."""
    number = next(_numbers)
    image = quarters(width, height)
    image.putpixel((0, 0), (number // 65536 % 256, number // 256 % 256, number % 256))
    return SimpleUploadedFile(name, written(image, "PNG").getvalue(), "image/png")


def files_in(folder: Path) -> list[str]:
    """Return the names of all files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Album:
    """An organization with its images, as one of its members sees it."""

    api: Api
    org: str

    @property
    def root(self) -> str:
        """Return where everything about images is."""
        return f"/images/orgs/{self.org}"

    @property
    def path(self) -> str:
        """Return where its images are."""
        return f"{self.root}/images/"

    @property
    def row(self) -> Organization:
        """Return the organization."""
        return Organization.objects.get(slug=self.org)

    def add(self, file: SimpleUploadedFile | None = None, **texts: str) -> dict[str, Any]:
        """Upload a picture."""
        response = self.api.upload(self.path, file=file or picture(), **texts)
        assert response.status_code == 201, response.content
        image: dict[str, Any] = response.json()
        return image

    def fill(self, count: int) -> list[int]:
        """Make images the short way, with a file each, and return their ids."""
        rows = []
        for _ in range(count):
            number = next(_numbers)
            name = save("images", "png", b"picture %d" % number)
            sha = hashlib.sha256(name.encode()).hexdigest()
            rows.append(
                Image(
                    organization=self.row,
                    title=f"{number:05}",
                    format="png",
                    width=1,
                    height=1,
                    size=1,
                    sha256=sha,
                    file=name,
                )
            )
        return [image.pk for image in Image.objects.bulk_create(rows)]

    def one(self, image_id: int) -> str:
        """Return the path of an image."""
        return f"{self.path}{image_id}/"

    def contact(self, name: str = "Ada") -> str:
        """Create a contact and return the path of its images."""
        response = self.api.post("/contacts/", {"organization": self.org, "display_name": name})
        assert response.status_code == 201, response.content
        return f"{self.path}contacts/contact/{response.json()['slug']}/"

    def attach(self, target: str, *image_ids: int) -> list[dict[str, Any]]:
        """Attach images and return all that the object has."""
        response = self.api.post(target, {"image_ids": list(image_ids)})
        assert response.status_code == 200, response.content
        links: list[dict[str, Any]] = response.json()
        return links

    def order(self, target: str) -> list[int]:
        """Return the ids of an object's images, by position."""
        return [link["image"]["id"] for link in self.api.get(target).json()["items"]]

    def covers(self, target: str) -> list[int]:
        """Return the ids of the images that are an object's cover."""
        return [link["image"]["id"] for link in self.api.get(target).json()["items"] if link["is_cover"]]


@pytest.fixture
def album(register: Callable[..., Person]) -> Album:
    """Return the personal organization of somebody."""
    person = register("ann@example.com", username="ann")
    return Album(person.api, person.org)


@pytest.fixture
def foreign(register: Callable[..., Person]) -> Album:
    """Return the organization of somebody else."""
    person = register("bob@example.com", username="bob")
    return Album(person.api, person.org)


@pytest.fixture
def viewer(register: Callable[..., Person], album: Album) -> Album:
    """Return the album as somebody sees it who may only look."""
    person = register()
    account = Account.objects.get(slug=person.slug)
    Membership.objects.create(organization=album.row, account=account, role="viewer")
    return Album(person.api, album.org)


@pytest.fixture
def contact(album: Album) -> str:
    """Return the path of a contact's images."""
    return album.contact()
