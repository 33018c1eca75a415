"""What a route asks for as ``auth``: a caller, whom the callables of ``AUTHENTICATION`` find."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from ninja_orgkit.accounts.authentication import Caller, FindCaller, authenticate, caller_of, caller_with_profile
from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.errors import Forbidden, Unauthenticated
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.protocol.throttling import throttle_client


class AuthedRequest(HttpRequest):
    """A request that has a caller. An operation that stores files finds them in ``stored_files``."""

    auth: Caller
    stored_files: StoredFiles


class OrgkitBearer(HttpBearer):
    """``Authorization: Bearer <access token>``, or whatever else ``AUTHENTICATION`` accepts.

    ``find`` returns the caller that a token of the kit stands for. A route can have more found by the same statement.
    """

    def __init__(self, find: FindCaller = caller_of) -> None:
        super().__init__()
        self._find = find

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller. Raises Unauthenticated for nobody, and Throttled after many bad tokens."""
        try:
            caller = authenticate(request, find=self._find)
        except InvalidJwt as exc:
            # A token of ours that is over is not a guess.
            if not exc.is_genuine:
                throttle_client("bearer.address", request)
            raise
        if caller is None:
            raise Unauthenticated
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return the caller that an access token of the kit stands for. Raises Unauthenticated."""
        return self._find(request, token)

    def optional(self, request: HttpRequest) -> Caller | None:
        """Return the caller, or None where nobody has the right to call."""
        try:
            return authenticate(request, find=self._find)
        except (Unauthenticated, Forbidden):
            return None


bearer: Any = OrgkitBearer()
profile_bearer: Any = OrgkitBearer(caller_with_profile)
