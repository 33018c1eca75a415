"""Bodies of the token and account routes."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from ninja_orgkit.protocol.fields import AnyPassword, Email, Line254, Line1024, Moment, OrgkitInput, Password, Token


class OrgkitLogin(OrgkitInput):
    """Sign in with an e-mail address or a username."""

    email: Line254 | None = None
    username: Line254 | None = None
    password: AnyPassword

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if bool(self.email) == bool(self.username):
            raise PydanticCustomError("one_login", "Give either email or username")
        return self

    @property
    def login(self) -> str:
        """Whichever was given."""
        return self.email or self.username or ""


class OrgkitSignedIn(BaseModel):
    """Who signed in."""

    slug: str
    username: str


class OrgkitTokens(BaseModel):
    """The two tokens of a session."""

    access: str = Field(description="Bearer token of the next requests.")
    refresh: str = Field(description="Spent once, for the next pair.")


class OrgkitTokensOfUser(OrgkitTokens):
    """The two tokens of a session, and whose it is."""

    user: OrgkitSignedIn


class OrgkitRefresh(OrgkitInput):
    """A refresh token to spend."""

    refresh: Token


class OrgkitLogout(OrgkitInput):
    """The session to end, by its refresh token."""

    refresh: Token | None = None


class OrgkitVerify(OrgkitInput):
    """A token to check."""

    token: Token


class OrgkitNothing(BaseModel):
    """An empty object."""


class OrgkitMessage(BaseModel):
    """A sentence for people."""

    detail: str


class OrgkitPasswordChange(OrgkitInput):
    """The present password and the next one."""

    old_password: AnyPassword
    new_password: Password


class OrgkitEmailChange(OrgkitInput):
    """The next e-mail address."""

    email: Email
    password: AnyPassword | None = None


class OrgkitAddress(OrgkitInput):
    """An e-mail address, whether anybody has it or not."""

    email: Line1024


class OrgkitReset(OrgkitInput):
    """A mailed token and the next password."""

    token: Token
    new_password: Password


class OrgkitSession(BaseModel):
    """A signed-in device."""

    id: UUID
    device: str
    address: str
    created_at: Moment
    last_used_at: Moment
    current: bool
