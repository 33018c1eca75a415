"""The small world that a new demo begins with, made by the services that the API uses."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from example.demo import pictures
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.media.avatars import set_avatar
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.services.organizations import create_organization
from ninja_orgkit.tags.services import assign_tags
from ninja_orgkit.users.services.registration import NewAccount, register
from shop.models import Product, Shop


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    email: str
    first_name: str
    last_name: str
    who: str


ADA = Person("ada@example.org", "Ada", "Lovelace", "owner of analytical-society; may use the admin")
GRACE = Person("grace@example.org", "Grace", "Hopper", "member of analytical-society")

PRODUCTS = [
    ("engine-1", "Difference Engine, kit", "249.00"),
    ("cards-500", "Punched cards, box of 500", "18.50"),
    ("nanosecond", "A nanosecond of wire, 29.98 cm", "2.95"),
]


def is_empty() -> bool:
    """Tell whether nobody has an account yet."""
    return not Account.objects.exists()


def fill(folder: Path) -> None:
    """Make two people, an organization of both, contacts, tags, pictures and products; all of it or nothing.

    Their logins are written to ``logins.json`` in the folder, for nobody but its owner to read.
    """
    with transaction.atomic():
        logins = {person.email: secrets.token_urlsafe(12) for person in (ADA, GRACE)}
        ada, grace = (_join(person, logins[person.email]) for person in (ADA, GRACE))
        ada.user.is_staff = ada.user.is_superuser = True
        ada.user.save(update_fields=["is_staff", "is_superuser"])
        society = create_organization(ada, name="Analytical Society", slug="analytical-society").organization
        Membership.objects.create(organization=society, account=grace, role="member")
        _stock(society)
    _keep(folder / "logins.json", logins)


def _join(person: Person, password: str) -> Account:
    """Register somebody whose address counts as verified, with a picture."""
    wanted = NewAccount(person.email, password, first_name=person.first_name, last_name=person.last_name)
    register(wanted, device="demo")
    account = Account.objects.select_related("user").get(email=person.email)
    account.email_verified_at = timezone.now()
    account.finished_onboarding = True
    account.save(update_fields=["email_verified_at", "finished_onboarding"])
    return set_avatar(account, file=BytesIO(pictures.face(len(person.email) + len(person.first_name))))


def _stock(society: Organization) -> None:
    """Open a shop with products, some of them tagged."""
    shop = Shop.objects.create(organization=society, name="Society Shop")
    for sku, name, price in PRODUCTS:
        product = Product.objects.create(shop=shop, sku=sku, name=name, price=Decimal(price), cost_note="Half of it.")
        assign_tags(society, product, names=["hardware"])


def _keep(file: Path, logins: dict[str, str]) -> None:
    rows = [{"email": who.email, "password": logins[who.email], "who": who.who} for who in (ADA, GRACE)]
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:  # noqa: PTH123
        json.dump(rows, out, indent=1)
