"""Errors that a client is told about: one class each, its docstring the message, its name the ``code``."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.utils.translation import gettext


class OrgKitError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    code: ClassVar[str] = "org_kit_error"
    """The stable, snake_case name that clients compare: the name of the class, unless it or a parent sets a code."""
    _sets_code: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the code of the name of the class, unless the class or a parent sets one."""
        super().__init_subclass__(**kwargs)
        cls._sets_code = cls._sets_code or "code" in vars(cls)
        if not cls._sets_code:
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        """Keep what the client is told: ``detail`` instead of the docstring, ``headers``, and extra members.

        ``detail`` is in the active language already. The docstring is looked up in the catalogues of all apps.
        """
        self.detail = detail or self.translated()
        self.headers = headers or {}
        self.extra = extra
        super().__init__(self.detail)

    @classmethod
    def message(cls) -> str:
        """Return the first paragraph of the docstring on one line, without its markup."""
        return " ".join((cls.__doc__ or "").split("\n\n", 1)[0].replace("`", "").split())

    @classmethod
    def translated(cls) -> str:
        """Return the message in the active language."""
        return gettext(cls.message())


class BadRequest(OrgKitError):
    """The server cannot understand this request."""


class MalformedBody(BadRequest):
    """The server cannot parse the body. Check its syntax and its encoding."""


class InvalidLink(BadRequest):
    """This link is invalid, was already used, or has expired. Ask for a new one."""

    code = "invalid_token"


class Unauthenticated(OrgKitError):
    """Sign in first. The bearer token is missing, malformed, expired or revoked."""

    status = 401
    title = "Unauthorized"
    is_guess = False
    """Whether something was presented that may have been guessed. Such requests are counted."""

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        """Add the challenge that RFC 9110 wants with every 401."""
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer", **(headers or {})}, **extra)


class InvalidApiKey(Unauthenticated):
    """This API key is unknown, malformed, expired or revoked. Use another one."""

    def __init__(self, *, is_guess: bool = True) -> None:
        """Keep whether the key may have been guessed."""
        super().__init__()
        self.is_guess = is_guess


class Forbidden(OrgKitError):
    """Your role does not allow this."""

    status = 403
    title = "Forbidden"


class NotForApiKeys(Forbidden):
    """An API key cannot do this. Sign in as a person."""


class CsrfFailed(Forbidden):
    """Django's CSRF check failed. Send the CSRF token of your session in the header ``X-CSRFToken``."""


class NotFound(OrgKitError):
    """This does not exist, or you are not allowed to see it."""

    status = 404
    title = "Not found"


class MethodNotAllowed(OrgKitError):
    """This URL does not support the method. The ``Allow`` header lists those that it supports."""

    status = 405
    title = "Method not allowed"


class Conflict(OrgKitError):
    """The request conflicts with the current state."""

    status = 409
    title = "Conflict"


class Gone(OrgKitError):
    """This is no longer available."""

    status = 410
    title = "Gone"


class LengthRequired(OrgKitError):
    """Send the length of the body in a ``Content-Length`` header."""

    status = 411
    title = "Length required"


class PreconditionFailed(OrgKitError):
    """The object has changed since you read it. Read it again, then repeat your change."""

    status = 412
    title = "Precondition failed"


class TooLarge(OrgKitError):
    """The request is too large."""

    status = 413
    title = "Content too large"


class UnsupportedMediaType(OrgKitError):
    """This URL does not accept the media type of the body."""

    status = 415
    title = "Unsupported media type"


class RangeNotSatisfiable(OrgKitError):
    """The requested range is beyond the end of the file."""

    status = 416
    title = "Range not satisfiable"


class Invalid(OrgKitError):
    """The request is not valid."""

    status = 422
    title = "Unprocessable content"


class ValidationFailed(Invalid):
    """Some values are not valid. ``errors`` lists them."""

    code = "validation_error"


class Throttled(OrgKitError):
    """Too many requests. Try again after the time in ``Retry-After``."""

    status = 429
    title = "Too many requests"


class Unavailable(OrgKitError):
    """A service that we need is down. Try again later."""

    status = 503
    title = "Service unavailable"

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        """Add when to come back."""
        super().__init__(detail, headers={"Retry-After": "5", **(headers or {})}, **extra)


def field_error(loc: list[str | int], msg: str, kind: str, **values: Any) -> ValidationFailed:
    """Return the error that says that one value is not valid, as the validation of a schema would.

    ``msg`` is a literal, so that it can be translated. ``{name}`` in it stands for one of ``values``.
    """
    return ValidationFailed(errors=[{"loc": loc, "msg": gettext(msg).format(**values), "type": kind}])
