"""The tokens that allauth's headless API answers."""

from __future__ import annotations

from typing import Any

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest

from ninja_orgkit.accounts.errors import InvalidJwt
from ninja_orgkit.accounts.services import sessions
from ninja_orgkit.contrib.allauth import linking


class TokenStrategy(SessionTokenStrategy):
    """Answers the kit's tokens: ``HEADLESS_TOKEN_STRATEGY = "ninja_orgkit.contrib.allauth.tokens.TokenStrategy"``.

    While somebody signs in step by step, allauth's session token stands for them. Once they have signed in, ``meta``
    has ``access_token`` and ``refresh_token``.
    """

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a session of the kit for the user who has just signed in, and return its tokens."""
        return linking.begin(request)

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Return the next pair of tokens, as ``/token/refresh`` does, or None for a token that does not work."""
        try:
            pair = sessions.refresh(refresh_token)
        except InvalidJwt:
            return None
        return pair.access, pair.refresh
