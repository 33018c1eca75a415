"""What a route asks for as ``auth``: a caller, whom the callables of ``AUTHENTICATION`` find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from ninja_orgkit.accounts.authentication import Caller, FindCaller, authenticate, caller_of, caller_with_profile
from ninja_orgkit.custom.hooks import enter_request
from ninja_orgkit.errors import OrgKitError, Unauthenticated
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.protocol.throttling import throttle_client


class AuthedRequest(HttpRequest):
    """A request that has a caller. An operation that stores files finds them in ``stored_files``."""

    auth: Caller
    stored_files: StoredFiles


Admit = Callable[[HttpRequest, Caller], Caller]
_NO_HANDLERS = (
    "If this exception is not caught, the API does not answer errors of the kit: "
    "call ninja_orgkit.protocol.problems.add_error_handlers(api)."
)


class OrgkitBearer(HttpBearer):
    """``Authorization: Bearer <access token>``, or whatever else ``AUTHENTICATION`` accepts.

    ``find`` returns the caller that a token of the kit stands for. A route can have more found by the same statement.
    ``admit`` decides whether a caller may enter, and returns the caller with what it has found out.
    """

    def __init__(self, find: FindCaller = caller_of, *, admit: Admit | None = None) -> None:
        super().__init__()
        self._find = find
        self.admit = admit

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller. Raises Unauthenticated for nobody, Throttled after many bad tokens, and as ``admit``."""
        if self.admit is None:
            return self._caller(request)
        try:
            return self.admit(request, self._caller(request))
        except OrgKitError as exc:
            exc.add_note(_NO_HANDLERS)
            raise

    def _caller(self, request: HttpRequest) -> Caller:
        enter_request(request)
        try:
            caller = authenticate(request, find=self._find)
        except Unauthenticated as exc:
            # A token or a key of ours that is over is not a guess.
            if exc.is_guess:
                throttle_client("bearer.address", request)
            raise
        if caller is None:
            raise Unauthenticated
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return the caller that an access token of the kit stands for. Raises Unauthenticated."""
        return self._find(request, token)

    def optional(self, request: HttpRequest) -> Caller | None:
        """Return the caller, or None for nobody and for whoever is refused."""
        try:
            return authenticate(request, find=self._find)
        except OrgKitError:
            return None


bearer: Any = OrgkitBearer()
profile_bearer: Any = OrgkitBearer(caller_with_profile)
