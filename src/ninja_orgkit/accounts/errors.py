"""The errors of accounts and credentials."""

from __future__ import annotations

from ninja_orgkit.errors import BadRequest, Conflict, Forbidden, Invalid, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """No active account has this e-mail address or username and this password."""


class EmailNotVerified(Unauthenticated):
    """Verify your e-mail address first. The link is in the mail that we sent you."""


class MfaRequired(Unauthenticated):
    """A password is not enough for this account. Sign in where you can give your second factor."""


class InvalidJwt(Unauthenticated):
    """This token is invalid, expired, revoked, or was already used. Sign in again."""

    code = "token_not_valid"

    def __init__(self, *, is_genuine: bool = False) -> None:
        """Keep whether the kit signed the token, so that presenting it was not a guess."""
        super().__init__()
        self.is_genuine = is_genuine
        self.is_guess = not is_genuine


class RegistrationClosed(Forbidden):
    """Nobody can register here. Ask the people who run this service for an account."""


class RegistrationByInvitation(Forbidden):
    """Only invited people can register here. Use the link in the mail that invites you."""


class EmailTaken(Conflict):
    """An account with this e-mail address already exists."""


class UsernameTaken(Conflict):
    """This username is taken. Choose another one."""


class WrongPassword(BadRequest):
    """The password is wrong."""


class WeakPassword(Invalid):
    """This password is too easy to guess. ``errors`` says why."""


class AccountInUse(Conflict):
    """This account cannot be deleted: something that must be kept refers to it."""
