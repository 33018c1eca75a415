"""``/auth/*``: sessions, password and address of an account."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query
from ninja.decorators import decorate_view

from ninja_orgkit.accounts import errors, schemas, selectors
from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.accounts.services import emails, passwords, sessions
from ninja_orgkit.database.keys import text_key
from ninja_orgkit.errors import InvalidToken, Throttled
from ninja_orgkit.protocol.bodies import Json, OptionalJson
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.responses import empty, kept_private, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend, spend_address

router = OrgkitRouter(tags=["account"])

_SESSIONS = Orderings({"created_at": "created_at", "last_used_at": "last_used_at"}, default="-created_at", tie="id")
MailToken = Annotated[str, Query(description="From the link in the mail.")]

_BEARER_OR_NOT: dict[str, Any] = {"security": [{}, {type(bearer).__name__: []}]}
_RESET_SENT = {"detail": "If an account has this address, a mail with a link is on its way."}
_MAIL_SENT = {"detail": "A mail with a link is on its way, if the address can be used."}


@router.post("/logout", response=schemas.OrgkitNothing, openapi_extra=_BEARER_OR_NOT)
def log_out(request: HttpRequest, body: OptionalJson[schemas.OrgkitLogout | None] = None) -> HttpResponse:
    """End the session of the refresh token or bearer token given, if there is one."""
    caller = bearer.optional(request)
    sessions.log_out(refresh=body.refresh if body else None, session=caller.session if caller else None)
    return reply(schemas.OrgkitNothing, {})


@router.post("/logout-all", auth=bearer, response={204: None})
def log_out_everywhere(request: AuthedRequest) -> HttpResponse:
    """End every session of the caller, this one included."""
    sessions.end_sessions(request.auth.account)
    return empty()


@router.get("/sessions", auth=bearer, response=OrgkitPage[schemas.OrgkitSession])
def list_sessions(request: AuthedRequest, page: PageQuery) -> HttpResponse:
    """List the devices that are signed in."""
    current = request.auth.session

    def present(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "current": row["id"] == current.pk}

    rows = selectors.sessions_beside(current)
    return paginate(request, rows, page, orderings=_SESSIONS, schema=schemas.OrgkitSession, present=present)


@router.delete("/sessions/{session_id}", auth=bearer, response={204: None})
def end_session(request: AuthedRequest, session_id: UuidPart) -> HttpResponse:
    """Sign one device out."""
    selectors.session_of(request.auth.account, session_id).delete()
    return empty()


@router.post(
    "/change-password",
    auth=bearer,
    response=schemas.OrgkitTokens,
    errors=[errors.WrongPassword, errors.WeakPassword],
)
def change_password(request: AuthedRequest, body: Json[schemas.OrgkitPasswordChange]) -> HttpResponse:
    """Set a new password; every other session ends."""
    spend("password_check.user", request.auth.slug)
    pair = passwords.change_password(request.auth.session, old=body.old_password, new=body.new_password)
    return reply(schemas.OrgkitTokens, {"access": pair.access, "refresh": pair.refresh})


@router.patch("/email", auth=bearer, response={202: schemas.OrgkitMessage}, errors=[errors.WrongPassword])
def request_email_change(request: AuthedRequest, body: Json[schemas.OrgkitEmailChange]) -> HttpResponse:
    """Ask for another e-mail address; the link in the mail that goes there makes it so."""
    spend("email_change.user", request.auth.slug)
    if body.password is not None:
        spend("password_check.user", request.auth.slug)
    emails.request_change(request.auth.account, email=body.email, password=body.password)
    return reply(schemas.OrgkitMessage, _MAIL_SENT, status=202)


@router.get("/email/verify", response=schemas.OrgkitMessage, errors=[InvalidToken])
@decorate_view(kept_private)
def verify_email(request: HttpRequest, token: MailToken) -> HttpResponse:
    """Do what a mailed link promises: verify an address, or change to it."""
    emails.verify(token)
    return reply(schemas.OrgkitMessage, {"detail": "The address is verified."})


@router.post("/email/resend", response={202: schemas.OrgkitMessage}, errors=[Throttled])
def resend_verification(request: HttpRequest, body: Json[schemas.OrgkitAddress]) -> HttpResponse:
    """Have the mail that verifies an address sent again."""
    spend_address("resend.address", request)
    spend("resend.email", text_key(body.email))
    emails.resend_verification(body.email)
    return reply(schemas.OrgkitMessage, _MAIL_SENT, status=202)


@router.post("/password-reset/request", response={202: schemas.OrgkitMessage}, errors=[Throttled])
def request_password_reset(request: HttpRequest, body: Json[schemas.OrgkitAddress]) -> HttpResponse:
    """Have a link that resets the password sent to an address, if an account has it."""
    spend_address("reset.address", request)
    spend("reset.email", text_key(body.email))
    passwords.request_reset(body.email)
    return reply(schemas.OrgkitMessage, _RESET_SENT, status=202)


@router.post("/password-reset/confirm", response=schemas.OrgkitMessage, errors=[InvalidToken, errors.WeakPassword])
def confirm_password_reset(request: HttpRequest, body: Json[schemas.OrgkitReset]) -> HttpResponse:
    """Set a new password by the token of a mailed link; every session ends."""
    passwords.confirm_reset(body.token, body.new_password)
    return reply(schemas.OrgkitMessage, {"detail": "The password is changed."})
