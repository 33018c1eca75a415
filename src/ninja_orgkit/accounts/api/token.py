"""``/token/*``: signing in, and the life of a token pair."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ninja_orgkit.accounts import errors, schemas, selectors
from ninja_orgkit.accounts.services import sessions
from ninja_orgkit.errors import Throttled
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.clients import client_address, client_device
from ninja_orgkit.protocol.responses import reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend, spend_address

router = OrgkitRouter(tags=["tokens"])


@router.post(
    "/pair",
    response=schemas.OrgkitTokensOfUser,
    errors=[errors.InvalidCredentials, errors.EmailNotVerified, Throttled],
)
def obtain_token_pair(request: HttpRequest, body: Json[schemas.OrgkitLogin]) -> HttpResponse:
    """Sign in with an e-mail address or a username."""
    spend_address("login.address", request)
    _, key = selectors.login_key(body.login)
    spend("login.account", key or "")
    account, pair = sessions.sign_in(
        login=body.login,
        password=body.password,
        device=client_device(request),
        address=client_address(request),
    )
    user = {"slug": account.slug, "username": account.username}
    return reply(schemas.OrgkitTokensOfUser, {"access": pair.access, "refresh": pair.refresh, "user": user})


@router.post("/refresh", response=schemas.OrgkitTokens, errors=[errors.TokenNotValid])
def refresh_token_pair(request: HttpRequest, body: Json[schemas.OrgkitRefresh]) -> HttpResponse:
    """Spend a refresh token for the next pair."""
    pair = sessions.refresh(body.refresh)
    return reply(schemas.OrgkitTokens, {"access": pair.access, "refresh": pair.refresh})


@router.post("/verify", response=schemas.OrgkitNothing, errors=[errors.TokenNotValid])
def verify_token(request: HttpRequest, body: Json[schemas.OrgkitVerify]) -> HttpResponse:
    """Check that an access or refresh token works."""
    sessions.live_session(body.token)
    return reply(schemas.OrgkitNothing, {})
