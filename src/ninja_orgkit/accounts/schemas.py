"""What goes in and out of the token and account routes."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from ninja_orgkit.accounts.models import Session
from ninja_orgkit.protocol.clients import device_name
from ninja_orgkit.protocol.fields import (
    AnyPassword,
    Email,
    Line,
    Moment,
    OrgkitInput,
    Password,
    Token,
    example,
)

Login = Annotated[str, Line(254)]

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


RefreshToken = Annotated[
    str | None, Field(description="Exchange it for a new pair. It works once. Null if a cookie carries it.")
]


class OrgkitTokenObtain(OrgkitInput):
    """Sign in with an e-mail address or a username."""

    model_config = example(email="ada@example.com", password="correct horse battery")

    email: Login | None = None
    username: Login | None = None
    password: AnyPassword

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if bool(self.email) == bool(self.username):
            raise PydanticCustomError("one_login", "Give either an email or a username")
        return self


class OrgkitSignedIn(BaseModel):
    """The user who signed in."""

    model_config = example(slug="ada-5kq2m7xa", username="ada")

    slug: str
    username: str


class OrgkitTokens(BaseModel):
    """The two tokens of a session."""

    model_config = example(
        access=_JWT,
        refresh=_JWT,
    )

    access: str = Field(description="Send it as the bearer token of your requests.")
    refresh: RefreshToken


class OrgkitRenewedTokens(BaseModel):
    """The new tokens of a session. Both are null for a caller without a session of the kit."""

    model_config = example(access=_JWT, refresh=_JWT)

    access: str | None = Field(description="Send it as the bearer token of your requests.")
    refresh: RefreshToken


class OrgkitTokensOfUser(OrgkitTokens):
    """The two tokens of a session, and its user."""

    model_config = example(access=_JWT, refresh=_JWT, user={"slug": "ada-5kq2m7xa", "username": "ada"})

    user: OrgkitSignedIn


class OrgkitTokenRefresh(OrgkitInput):
    """A refresh token to exchange. Leave it out if a cookie carries it."""

    model_config = example(refresh=_JWT)

    refresh: Token | None = None


class OrgkitLogout(OrgkitInput):
    """The refresh token of the session to end."""

    model_config = example(refresh=_JWT)

    refresh: Token | None = None


class OrgkitTokenVerify(OrgkitInput):
    """A token to check."""

    model_config = example(token=_JWT)

    token: Token


class OrgkitNothing(BaseModel):
    """An empty object."""


class OrgkitMessage(BaseModel):
    """A message for people."""

    model_config = example(detail="If this address can be used, we have sent a link to it.")

    detail: str


class OrgkitPasswordChange(OrgkitInput):
    """The current password and the new one."""

    model_config = example(old_password="correct horse battery", new_password="staple battery horse")

    old_password: AnyPassword
    new_password: Password


class OrgkitEmailChange(OrgkitInput):
    """The new e-mail address."""

    model_config = example(email="ada@example.org")

    email: Email
    password: AnyPassword | None = None


class OrgkitAddress(OrgkitInput):
    """An e-mail address. No account needs to have it."""

    model_config = example(email="ada@example.com")

    email: Annotated[str, Line(1024)]


class OrgkitPasswordReset(OrgkitInput):
    """A mailed token and the new password."""

    model_config = example(token="WyJhZGEtNWtxMm03eGEiLCIuLi4iXQ.c2lnbmF0dXJl", new_password="staple battery horse")

    token: Token
    new_password: Password


class OrgkitSessionChange(OrgkitInput):
    """The name of a session. An empty one takes the name away."""

    model_config = example(name="Laptop at work")

    name: Annotated[str, Line(100)]


class OrgkitSession(BaseModel):
    """A signed-in device."""

    model_config = example(
        id="018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
        name="Laptop at work",
        device="Firefox on Windows",
        user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
        address="192.0.2.1",
        created_at="2026-01-31T09:30:00Z",
        last_used_at="2026-01-31T09:30:00Z",
        current=True,
    )

    id: UUID
    name: str = Field(description="What its owner calls it.")
    device: str = Field(description="Browser and system, for people. Empty if they are unknown.")
    user_agent: str = Field(description="What the program that signed in called itself.")
    address: str
    created_at: Moment
    last_used_at: Moment
    current: bool


def represent_session(row: dict[str, Any], *, current: Session | None) -> dict[str, Any]:
    """Return a session as clients see it. ``row`` is of ``live_sessions_of``, and ``current`` the caller's session."""
    is_current = current is not None and row["id"] == current.pk
    return {**row, "device": device_name(row["user_agent"]), "current": is_current}
