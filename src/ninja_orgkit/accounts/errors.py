"""What can go wrong with accounts and credentials."""

from __future__ import annotations

from ninja_orgkit.errors import BadRequest, Conflict, Invalid, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """No active account has this name and password."""


class EmailNotVerified(Unauthenticated):
    """Verify your e-mail address first; the link is in the mail we sent."""


class InvalidJwt(Unauthenticated):
    """This token is invalid, expired, revoked, or was already used. Sign in again."""

    @classmethod
    def code(cls) -> str:
        """Return the code for every access or refresh token that does not work."""
        return "token_not_valid"


class EmailTaken(Conflict):
    """An account with this e-mail address exists."""


class UsernameTaken(Conflict):
    """This username is taken."""


class WrongPassword(BadRequest):
    """The password is not right."""


class WeakPassword(Invalid):
    """This password is too easy to guess; ``errors`` says why."""


class AccountInUse(Conflict):
    """Something that has to stay needs this account."""
