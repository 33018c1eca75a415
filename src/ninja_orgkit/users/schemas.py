"""What goes in and out of the registration and profile routes."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field, StrictBool
from pydantic_core import PydanticCustomError

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.schemas import RefreshToken
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.fields import bounded, custom_field, custom_shown
from ninja_orgkit.organizations.selectors.organizations import organizations_of_account
from ninja_orgkit.protocol.fields import (
    Email,
    Line,
    Moment,
    OrgkitInput,
    Password,
    Text,
    Token,
    example,
)
from ninja_orgkit.protocol.urls import FileLink
from ninja_orgkit.users.services.deletion import DeletionPreview

# RFC 5646, section 2.1: language, script, region, variants, extensions, private use; or what was registered before.
_LANGUAGE = re.compile(
    r"""
    (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4,8} )
    (?: -[a-z]{4} )?
    (?: -(?:[a-z]{2}|[0-9]{3}) )?
    (?: -(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}) )*
    (?: -[a-wyz0-9](?:-[a-z0-9]{2,8})+ )*
    (?: -x(?:-[a-z0-9]{1,8})+ )?
    | x(?:-[a-z0-9]{1,8})+
    | i-[a-z]{3,8} | en-gb-oed | sgn-(?:be-fr|be-nl|ch-de)
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_NO_ZONES = {"Factory", "localtime", "posixrules"}
"""Files that some systems keep beside those of the time zones."""


def _language(value: str) -> str:
    if value and not _LANGUAGE.fullmatch(value):
        raise PydanticCustomError("language", "This is not a language tag (BCP 47)")
    return value


@cache
def _timezones() -> set[str]:
    return available_timezones() - _NO_ZONES


def _timezone(value: str) -> str:
    if value and value not in _timezones():
        raise PydanticCustomError("timezone", "This is not a time zone (IANA)")
    return value


def _preferences(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > settings.PREFERENCES_MAX_KEYS:
        raise PydanticCustomError("too_many_keys", "Too many keys")
    return bounded(value, settings.PREFERENCES_MAX_BYTES)


PersonName = Annotated[str, Line(150)]
ShortText = Annotated[str, Line(255)]
Theme = Literal["light", "dark", "system"]
Language = Annotated[str, Line(35), AfterValidator(_language)]
Timezone = Annotated[str, Line(64), AfterValidator(_timezone)]
Preferences = Annotated[dict[str, Any], AfterValidator(_preferences)]
ProfileFields: Any = custom_field("profile")
ShownProfileFields: Any = custom_shown("profile")


class OrgkitRegistration(OrgkitInput):
    """A registration."""

    model_config = example(
        email="ada@example.com", password="correct horse battery", first_name="Ada", last_name="Lovelace"
    )

    email: Email
    password: Password
    username: PersonName = ""
    first_name: PersonName = ""
    last_name: PersonName = ""
    invitation: Token = ""


class OrgkitUserOrganization(BaseModel):
    """An organization that the user belongs to."""

    model_config = example(slug="ada-k3m5x7qz", name="Ada Lovelace", type="personal", role="owner")

    slug: str
    name: str
    type: str
    role: str


class OrgkitUser(BaseModel):
    """A user's own profile."""

    model_config = example(
        slug="ada-5kq2m7xa",
        username="ada",
        email="ada@example.com",
        email_verified=True,
        first_name="Ada",
        last_name="Lovelace",
        display_name="",
        location="London",
        about="",
        avatar_url=None,
        avatar_large_url=None,
        preferred_language="en",
        preferred_theme="system",
        timezone="Europe/London",
        notification_preferences={},
        finished_onboarding=False,
        custom={},
        organizations=[{"slug": "ada-k3m5x7qz", "name": "Ada Lovelace", "type": "personal", "role": "owner"}],
        created_at="2026-01-31T09:30:00Z",
    )

    slug: str
    username: str
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    display_name: str
    location: str
    about: str
    avatar_url: FileLink | None
    avatar_large_url: FileLink | None
    preferred_language: str
    preferred_theme: Theme
    timezone: str
    notification_preferences: dict[str, Any]
    finished_onboarding: bool
    custom: ShownProfileFields
    organizations: list[OrgkitUserOrganization]
    created_at: Moment


class OrgkitRegistered(BaseModel):
    """A new user, and the tokens of the first session."""

    access: str = Field(examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"])
    refresh: RefreshToken = Field(examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"])
    user: OrgkitUser


class OrgkitProfileChange(OrgkitInput):
    """The fields of the profile to change."""

    model_config = example(display_name="Ada", location="London", preferred_language="en-GB", timezone="Europe/London")

    username: Annotated[str, Line(150, min_length=1)] = ""
    first_name: PersonName = ""
    last_name: PersonName = ""
    display_name: ShortText = ""
    location: ShortText = ""
    about: Text = ""
    preferred_language: Language = ""
    preferred_theme: Theme = "system"
    timezone: Timezone = ""
    notification_preferences: Preferences = {}
    finished_onboarding: StrictBool = False
    custom: ProfileFields = {}


class OrgkitDeletedWithAccount(BaseModel):
    """What is deleted with an account: organizations (slugs), and how much is in them."""

    model_config = example(organizations=["ada-k3m5x7qz"], contacts=12, images=3)

    organizations: list[str]
    contacts: int
    images: int


class OrgkitKeptWithoutAccount(BaseModel):
    """What goes on without an account: organizations (slugs)."""

    model_config = example(organizations=["acme"])

    organizations: list[str]


class OrgkitDeletionPreview(BaseModel):
    """What deleting the account would do now. It is refused while `blocked_by` lists organizations (slugs)."""

    model_config = example(
        deletes={"organizations": ["ada-k3m5x7qz"], "contacts": 12, "images": 3},
        keeps={"organizations": ["acme"]},
        blocked_by=[],
    )

    deletes: OrgkitDeletedWithAccount
    keeps: OrgkitKeptWithoutAccount
    blocked_by: list[str]


class OrgkitUsernameCheck(BaseModel):
    """Whether a username is available, and if not, why."""

    model_config = example(username="ada", available=False, reason="taken")

    username: str
    available: bool
    reason: Literal["invalid", "reserved", "taken"] | None


def represent_deletion(preview: DeletionPreview) -> dict[str, Any]:
    """Return what deleting an account would do."""
    deleted = {"organizations": preview.deleted, "contacts": preview.contacts, "images": preview.images}
    return {"deletes": deleted, "keeps": {"organizations": preview.kept}, "blocked_by": preview.blocked_by}


def represent_user(account: Account) -> dict[str, Any]:
    """Return a user as they see their own profile."""
    return {
        **{name: getattr(account, name) for name in _PLAIN},
        "email_verified": account.email_verified_at is not None,
        "avatar_url": account.avatar or None,
        "avatar_large_url": account.avatar_large or None,
        "organizations": organizations_of_account(account),
    }


_PLAIN = (
    "slug", "username", "email", "first_name", "last_name", "display_name", "location", "about", "preferred_language",
    "preferred_theme", "timezone", "notification_preferences", "finished_onboarding", "custom", "created_at",
)  # fmt: skip
