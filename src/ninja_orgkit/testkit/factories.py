"""Functions that create what tests work with."""

from __future__ import annotations

import hashlib
import itertools
import struct
import zlib
from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.utils.module_loading import import_string

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import as_account, build_account, create_user
from ninja_orgkit.media.storage import save
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import owner_roles
from ninja_orgkit.organizations.services.members import add_member
from ninja_orgkit.organizations.services.organizations import create_organization

_CREATE_API_KEY = "ninja_orgkit.apikeys.services.create_api_key"
_numbers = itertools.count(1)


class OrgkitFactories:
    """Creates accounts, organizations, members, API keys, contacts and images. What a call does not name is made up."""

    def account(self, *, email: str = "", username: str = "", password: str = "", **profile: Any) -> Account:
        """Return an account with its user, who can sign in if there is a ``password``. Hashing one takes time."""
        number = next(_numbers)
        account = build_account(
            email=email or f"person{number}@example.com",
            username=username or f"person{number}",
            **{"first_name": "", "last_name": "", **profile},
            **({"password": password} if password else {"password_hash": make_password(None)}),
        )
        create_user(account)
        return account

    def organization(self, owner: Any = None, *, name: str = "", slug: str = "") -> Organization:
        """Return a group with an owner: a user, an account, or somebody new."""
        return create_organization(owner=owner or self.account(), name=name or f"Group {next(_numbers)}", slug=slug)

    def member(
        self, organization: Organization | None = None, account: Any = None, *, role: str = "member"
    ) -> Membership:
        """Return the membership of a user, an account or somebody new; ``.account`` is theirs."""
        return add_member(organization or self.organization(), account or self.account(), role=role)

    def api_key(
        self, organization: Organization | None = None, *, permissions: Collection[str], creator: Any = None
    ) -> str:
        """Return the text of an API key with these permissions, created by a member, or else by the first owner."""
        where = organization or self.organization()
        by = creator or where.memberships.filter(role__in=owner_roles()).earliest("joined_at", "pk").account
        create: Any = import_string(_CREATE_API_KEY)  # the app may be left out
        _, text = create(where, by=getattr(by, "account", by), name="Program", permissions=list(permissions))
        return str(text)

    def contact(self, organization: Organization | None = None, *, creator: Any = None, **fields: Any) -> Any:
        """Return a contact with these columns."""
        names = {"first_name", "last_name", "display_name"}
        made_up = {} if names & fields.keys() else {"display_name": f"Contact {next(_numbers)}"}
        return apps.get_model("orgkit_contacts", "Contact").objects.create(
            organization=organization or self.organization(),
            creator=creator and as_account(creator),
            **{**made_up, **fields},
        )

    def image(self, organization: Organization | None = None, *, creator: Any = None, **fields: Any) -> Any:
        """Return an image with these columns. Its file is a PNG of one pixel, and it has no renditions."""
        content = _png(next(_numbers))
        made_up = {
            "filename": "picture.png",
            "format": "png",
            "width": 1,
            "height": 1,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "placeholder": "#000000",
        }
        return apps.get_model("orgkit_images", "Image").objects.create(
            organization=organization or self.organization(),
            creator=creator and as_account(creator),
            file=save("images", "png", content),
            **{**made_up, **fields},
        )


def _png(number: int) -> bytes:
    """Return a PNG of one pixel that differs from all others (PNG, third edition, section 5)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    text = b"Comment\x00" + str(number).encode()
    parts = (chunk(b"IHDR", header), chunk(b"tEXt", text), chunk(b"IDAT", zlib.compress(b"\x00\x00\x00\x00")))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")
