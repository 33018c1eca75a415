"""``/token/*``: signing in, and refreshing and checking tokens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.decorators import decorate_view

from ninja_orgkit.accounts import errors, schemas, selectors
from ninja_orgkit.accounts.schemas import represent_tokens
from ninja_orgkit.accounts.services import sessions
from ninja_orgkit.accounts.services.sign_in import sign_in_with_password
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.responses import not_stored
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import per_client, per_value

router = OrgkitRouter(tags=["tokens"])


@router.post(
    "/pair",
    response=schemas.OrgkitTokensOfUser,
    errors=[errors.InvalidCredentials, errors.EmailNotVerified, errors.MfaRequired],
    throttles=[
        per_client("login.address"),
        per_value("login.account", lambda body: selectors.login_key(body.email or body.username)),
    ],
)
@decorate_view(not_stored)
def obtain_token_pair(request: HttpRequest, body: Json[schemas.OrgkitTokenObtain]) -> dict[str, Any]:
    """Sign in with an e-mail address or a username."""
    signed_in = sign_in_with_password(
        request, email=body.email or "", username=body.username or "", password=body.password
    )
    account = signed_in.account
    return {**represent_tokens(signed_in), "user": {"slug": account.slug, "username": account.username}}


@router.post("/refresh", response=schemas.OrgkitTokens, errors=[errors.InvalidJwt])
@decorate_view(not_stored)
def refresh_token_pair(request: HttpRequest, body: Json[schemas.OrgkitTokenRefresh]) -> dict[str, Any]:
    """Exchange a refresh token for a new pair. Each refresh token works once."""
    return represent_tokens(sessions.refresh(body.refresh))


@router.post("/verify", response=schemas.OrgkitNothing, errors=[errors.InvalidJwt])
def verify_token(request: HttpRequest, body: Json[schemas.OrgkitTokenVerify]) -> dict[str, Any]:
    """Check that an access or refresh token is valid."""
    sessions.live_session(body.token)
    return {}
