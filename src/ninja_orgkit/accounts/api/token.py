"""``/token/*``: signing in, and refreshing and checking tokens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ninja_orgkit.accounts import errors, schemas, selectors
from ninja_orgkit.accounts.live_sessions import live_session
from ninja_orgkit.accounts.services import sessions
from ninja_orgkit.accounts.services.sign_in import sign_in_with_password
from ninja_orgkit.accounts.token_delivery import (
    REFRESH,
    forget_refresh_token,
    presented_refresh_token,
    represent_tokens,
    token_delivery,
)
from ninja_orgkit.protocol.bodies import Json, OptionalJson
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
@token_delivery
def obtain_token_pair(request: HttpRequest, body: Json[schemas.OrgkitTokenObtain]) -> dict[str, Any]:
    """Sign in with an e-mail address or a username."""
    signed_in = sign_in_with_password(
        request, email=body.email or "", username=body.username or "", password=body.password
    )
    account = signed_in.account
    return {**represent_tokens(request, signed_in), "user": {"slug": account.slug, "username": account.username}}


@router.post("/refresh", response=schemas.OrgkitTokens, errors=[errors.InvalidJwt], url_name=REFRESH)
@token_delivery
def refresh_token_pair(
    request: HttpRequest, body: OptionalJson[schemas.OrgkitTokenRefresh | None] = None
) -> dict[str, Any]:
    """Exchange a refresh token for a new pair. Each refresh token works once."""
    token = presented_refresh_token(request, body.refresh if body else None)
    try:
        return represent_tokens(request, sessions.refresh(token or ""))
    except errors.InvalidJwt:
        forget_refresh_token(request)
        raise


@router.post("/verify", response=schemas.OrgkitNothing, errors=[errors.InvalidJwt])
def verify_token(request: HttpRequest, body: Json[schemas.OrgkitTokenVerify]) -> dict[str, Any]:
    """Check that an access or refresh token is valid."""
    live_session(body.token)
    return {}
