"""The small world that a new demo begins with, made by the services that the API uses."""

from __future__ import annotations

import json
import os
import secrets
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from example.demo import pictures, world
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.contacts.services import create_contact
from ninja_orgkit.images.services.attachments import attach_images
from ninja_orgkit.images.services.uploads import upload_image
from ninja_orgkit.media.avatars import set_avatar
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.services.organizations import create_organization
from ninja_orgkit.tags.services import assign_tags, create_tag
from ninja_orgkit.users.services.registration import NewAccount, register
from shop.models import Product, Shop


def is_empty() -> bool:
    """Tell whether nobody has an account yet."""
    return not Account.objects.exists()


def fill(folder: Path) -> None:
    """Make two people, an organization of both, contacts, tags, pictures and products; all of it or nothing.

    Their logins are written to ``logins.json`` in the folder, for nobody but its owner to read.
    """
    passwords = {login.email: secrets.token_urlsafe(12) for login in (world.OWNER, world.MEMBER)}
    with StoredFiles() as stored_files, transaction.atomic():
        owner, member = (
            _join(login, passwords[login.email], stored_files=stored_files) for login in (world.OWNER, world.MEMBER)
        )
        owner.user.is_staff = owner.user.is_superuser = True
        owner.user.save(update_fields=["is_staff", "is_superuser"])
        society = create_organization(owner=owner, name=world.ORGANIZATION, slug=world.SLUG)
        Membership.objects.create(organization=society, account=member, role="member")
        for name, color in world.TAG_COLORS.items():
            create_tag(society, name=name, color=color)
        contacts = _invite_people(society, creator=member, stored_files=stored_files)
        images = _hang_pictures(society, creator=owner)
        attach_images(contacts[0], images)
        attach_images(contacts[1], images[:1])
        _open_shop(society, images)
        _keep(folder / "logins.json", passwords)
        stored_files.keep_on_commit()


def _join(login: world.Login, password: str, *, stored_files: StoredFiles) -> Account:
    """Register somebody with a picture, whose address counts as verified."""
    name = login.email.partition("@")[0]
    names = {"username": name, "first_name": login.first_name, "last_name": login.last_name}
    register(NewAccount(login.email, password, **names), user_agent="demo")
    account = Account.objects.select_related("user").get(email=login.email)
    account.email_verified_at = timezone.now()
    account.finished_onboarding = True
    account.save(update_fields=["email_verified_at", "finished_onboarding"])
    return set_avatar(account, file=BytesIO(pictures.face(len(login.email))), stored_files=stored_files)


def _invite_people(society: Organization, *, creator: Account, stored_files: StoredFiles) -> list[Contact]:
    """Make the contacts, with tags, and a picture for every other one."""
    contacts = []
    for number, person in enumerate(world.PEOPLE):
        fields = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "location": person.location,
            "email": f"person{number + 1}@example.net",
            "phone": f"+44 20 7946 {number:04}",  # a range that Ofcom keeps for fiction
        }
        contact = create_contact(society, creator=creator, **fields)
        assign_tags(contact, person.tags)
        if number % 2 == 0:
            set_avatar(contact, file=BytesIO(pictures.face(number)), stored_files=stored_files)
        contacts.append(contact)
    return contacts


def _hang_pictures(society: Organization, *, creator: Account) -> list[int]:
    """Upload pictures, whose renditions a worker makes, and return their ids."""
    drawn = [(title, "jpg", pictures.landscape(number)) for number, title in enumerate(world.PICTURES)]
    drawn += [("Logo", "png", pictures.logo()), ("Orbit", "gif", pictures.animation())]
    ids = []
    for title, extension, content in drawn:
        file = SimpleUploadedFile(f"{title}.{extension}", content)
        ids.append(upload_image(society, file, creator=creator, title=title).pk)
    return ids


def _open_shop(society: Organization, images: list[int]) -> None:
    """Make the host's own objects: products with tags and pictures."""
    shop = Shop.objects.create(organization=society, name="Society Shop")
    for article, image in zip(world.ARTICLES, images, strict=False):
        product = Product.objects.create(
            shop=shop, sku=article.sku, name=article.name, price=Decimal(article.price), cost_note="Half of the price."
        )
        assign_tags(product, article.tags)
        attach_images(product, [image])


def _keep(file: Path, passwords: dict[str, str]) -> None:
    rows = [
        {"email": who.email, "password": passwords[who.email], "who": who.who} for who in (world.OWNER, world.MEMBER)
    ]
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:  # noqa: PTH123
        json.dump(rows, out, indent=1)
