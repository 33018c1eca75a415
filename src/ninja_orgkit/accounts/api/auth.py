"""``/auth/*``: sessions, password and address of an account."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from ninja import Query
from ninja.decorators import decorate_view

from ninja_orgkit.accounts import errors, schemas, selectors
from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.accounts.schemas import OrgkitMessage
from ninja_orgkit.accounts.services import emails, passwords, sessions, sign_out
from ninja_orgkit.accounts.token_delivery import (
    LOG_OUT,
    forget_refresh_token,
    presented_refresh_token,
    represent_tokens,
    token_delivery,
)
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.protocol.bodies import Json, OptionalJson
from ninja_orgkit.protocol.openapi.security import PEOPLE_ONLY
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.responses import kept_private
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import per_account, per_client, per_value, throttle

router = OrgkitRouter(tags=["account"], people_only=True)

_SESSIONS = Orderings({"created_at": "created_at", "last_used_at": "last_used_at"}, default="-created_at", tie="id")
MailToken = Annotated[str, Query(description="From the link in the mail.")]

_BEARER_OR_NOT: dict[str, Any] = {"security": [{}, {type(bearer).__name__: []}], PEOPLE_ONLY: True}
_RESET_SENT = gettext_noop("If an account has this address, we have sent a link to it.")
_MAIL_SENT = gettext_noop("If this address can be used, we have sent a link to it.")


@router.post("/logout", response=schemas.OrgkitNothing, openapi_extra=_BEARER_OR_NOT, url_name=LOG_OUT)
@token_delivery
def log_out(request: HttpRequest, body: OptionalJson[schemas.OrgkitLogout | None] = None) -> dict[str, Any]:
    """End the session of the given refresh token or bearer token, if there is one."""
    caller = bearer.optional(request)
    session = caller.session if caller else None
    account = caller.account if caller and session is None and caller.key is None else None
    refresh = presented_refresh_token(request, body.refresh if body else None)
    sign_out.log_out(request, refresh=refresh, session=session, account=account)
    forget_refresh_token(request)
    return {}


@router.post("/logout-all", auth=bearer, response={204: None})
@token_delivery
def log_out_everywhere(request: AuthedRequest) -> None:
    """End every session of the caller, this one included."""
    sign_out.log_out_everywhere(request.auth.account, request)
    forget_refresh_token(request)


@router.get("/sessions", auth=bearer, response=OrgkitPage[schemas.OrgkitSession])
def list_sessions(request: AuthedRequest, page: PageQuery) -> dict[str, Any]:
    """List the devices that are signed in."""
    represent = partial(schemas.represent_session, current=request.auth.session)
    rows = selectors.live_sessions_of(request.auth.account)
    return paginate(request, rows, page, orderings=_SESSIONS, represent=represent)


@router.patch("/sessions/{session_id}", auth=bearer, response=schemas.OrgkitSession)
def name_session(
    request: AuthedRequest, session_id: UuidPart, body: Json[schemas.OrgkitSessionChange]
) -> dict[str, Any]:
    """Name one of the devices that are signed in."""
    row = sessions.name_session(request.auth.account, session_id, name=body.name)
    return schemas.represent_session(row, current=request.auth.session)


@router.delete("/sessions/{session_id}", auth=bearer, response={204: None})
@token_delivery
def end_session(request: AuthedRequest, session_id: UuidPart) -> None:
    """Sign out one device."""
    ended, current = selectors.session_of(request.auth.account, session_id), request.auth.session
    if ended == current:
        forget_refresh_token(request)
    sessions.end_session(ended)


@router.post(
    "/change-password",
    auth=bearer,
    response=schemas.OrgkitRenewedTokens,
    errors=[errors.WrongPassword, errors.WeakPassword],
    throttles=[per_account("password_check.user")],
)
@token_delivery
def change_password(request: AuthedRequest, body: Json[schemas.OrgkitPasswordChange]) -> dict[str, Any]:
    """Change the password. Every other session ends."""
    account, session = request.auth.account, request.auth.session
    pair = passwords.change_password(account, session=session, old=body.old_password, new=body.new_password)
    if session is None:
        sign_out.keep_django_session(request, account)
    return represent_tokens(request, pair)


@router.patch(
    "/email",
    auth=bearer,
    response={202: OrgkitMessage},
    errors=[errors.WrongPassword],
    throttles=[per_account("email_change.user")],
)
def request_email_change(request: AuthedRequest, body: Json[schemas.OrgkitEmailChange]) -> dict[str, Any]:
    """Request a change of the e-mail address. It takes effect when the link mailed to the new address is opened."""
    if body.password is not None:
        throttle("password_check.user", request.auth.slug)
    emails.request_change(request.auth.account, email=body.email, password=body.password)
    return {"detail": gettext(_MAIL_SENT)}


@router.get("/email/verify", response=OrgkitMessage, errors=[InvalidLink], any_query=True)
@decorate_view(kept_private)
def verify_email(request: HttpRequest, token: MailToken) -> dict[str, Any]:
    """Verify an e-mail address, or complete a change to it, with the token of a mailed link."""
    # Mail scanners ask by HEAD: only opening the link has an effect.
    emails.verify(token, dry_run=request.method == "HEAD")
    return {"detail": gettext("Your e-mail address is verified.")}


@router.post(
    "/email/resend",
    response={202: OrgkitMessage},
    throttles=[per_client("resend.address"), per_value("resend.email", lambda body: email_key(body.email) or "")],
)
def resend_verification(request: HttpRequest, body: Json[schemas.OrgkitAddress]) -> dict[str, Any]:
    """Send the verification mail again."""
    emails.resend_verification(body.email)
    return {"detail": gettext(_MAIL_SENT)}


@router.post(
    "/password-reset/request",
    response={202: OrgkitMessage},
    throttles=[per_client("reset.address"), per_value("reset.email", lambda body: email_key(body.email) or "")],
)
def request_password_reset(request: HttpRequest, body: Json[schemas.OrgkitAddress]) -> dict[str, Any]:
    """Send a password-reset link to an address, if an account has it."""
    passwords.request_reset(body.email)
    return {"detail": gettext(_RESET_SENT)}


@router.post("/password-reset/confirm", response=OrgkitMessage, errors=[InvalidLink, errors.WeakPassword])
def confirm_password_reset(request: HttpRequest, body: Json[schemas.OrgkitPasswordReset]) -> dict[str, Any]:
    """Set a new password with the token of a mailed link. Every session ends."""
    passwords.confirm_reset(body.token, body.new_password)
    return {"detail": gettext("Your password has been changed.")}
