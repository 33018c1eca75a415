"""Every exception becomes a problem (RFC 9457), in this module only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest as DjangoBadRequest
from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import got_request_exception
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError

from ninja_orgkit.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    LengthRequired,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    OrgKitError,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
)
from ninja_orgkit.logs import get_logger
from ninja_orgkit.protocol.openapi.document import MEDIA_TYPE, complete_document
from ninja_orgkit.protocol.request_ids import current_request_id, with_request_id
from ninja_orgkit.protocol.responses import FOR_ITS_CALLER, json_bytes
from ninja_orgkit.protocol.validation import field_errors

logger = get_logger("ninja_orgkit")

_MAX_UNREAD_BYTES = 4 * 2**20
_CHUNK = 2**16


def problem(exc: OrgKitError) -> HttpResponse:
    """Return the response that tells a client about an error."""
    body = {
        "type": "about:blank",
        "title": gettext(exc.title),
        "status": exc.status,
        "detail": exc.detail,
        "code": exc.code,
        **_request_id(),
        **exc.extra,
    }
    headers = {**FOR_ITS_CALLER, **exc.headers}
    return HttpResponse(json_bytes(body), status=exc.status, content_type=MEDIA_TYPE, headers=headers)


def _request_id() -> dict[str, str]:
    """Return what names the request in its problem, if a request is being answered."""
    request_id = current_request_id()
    return {"request_id": request_id} if request_id else {}


def translate(exc: Exception) -> OrgKitError | None:
    """Return the kit's error for an exception of Django or ninja; None for a defect."""
    match exc:
        case OrgKitError():
            return exc
        case ValidationError():
            return ValidationFailed(errors=field_errors(exc.errors))
        case Http404():
            return NotFound()
        case AuthenticationError():
            return Unauthenticated()
        case AuthorizationError():
            return Forbidden()
        case HttpError():
            return _from_status(exc)
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return TooLarge()
        case MultiPartParserError() | UnreadablePostError() | DjangoBadRequest():
            return MalformedBody()
        case SuspiciousOperation():
            return BadRequest()
        case OperationalError() | InterfaceError():
            return Unavailable()
        case IntegrityError():
            return Conflict()  # what the request builds on was deleted at the same moment
    return None


def _from_status(exc: HttpError) -> OrgKitError:
    known: dict[int, type[OrgKitError]] = {400: MalformedBody, 404: NotFound, 413: TooLarge, 429: Throttled}
    error = known.get(exc.status_code, BadRequest)()
    error.status = exc.status_code  # type: ignore[misc]  # an error of the host's own keeps its status
    return error


def report(request: HttpRequest, exc: BaseException | None = None) -> None:
    """Log and signal an exception as Django would."""
    logger.error("Unhandled exception at %s %s", request.method, request.path, exc_info=exc or True)
    got_request_exception.send(sender=None, request=request)


def defect(request: HttpRequest, exc: BaseException | None = None) -> HttpResponse:
    """Return the response to a defect: it is reported, and the body tells nothing."""
    report(request, exc)
    body = {
        "type": "about:blank",
        "title": gettext("Internal server error"),
        "status": 500,
        "detail": gettext("Something went wrong on our side. Please try again later."),
        "code": "internal_error",
        **_request_id(),
    }
    return HttpResponse(json_bytes(body), status=500, content_type=MEDIA_TYPE, headers=FOR_ITS_CALLER)


@with_request_id
def on_exception(request: HttpRequest, exc: Any) -> HttpResponse:
    """Answer an exception with its problem, or with a 500 that tells nothing."""
    error = translate(exc)
    if error is None:
        return defect(request, exc)
    if isinstance(exc, DatabaseError | InterfaceError):
        report(request, exc)
    return problem(error)


def add_error_handlers(api: NinjaAPI, *, everything: bool = False) -> None:
    """Make an API answer with problems: for the kit's errors, or (``everything``) for every exception."""
    api.add_exception_handler(OrgKitError, on_exception)
    complete_document(api)
    if everything:
        for kind in (ValidationError, HttpError, Http404, SuspiciousOperation, MultiPartParserError, Exception):
            api.add_exception_handler(kind, on_exception)


def speaks_problems(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a view so that failures outside its operations (405, a broken body) are problems too."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            _require_length(request)
            response = view(request, *args, **kwargs)
        except Exception as exc:
            response = on_exception(request, exc)
        _drain(request)
        if isinstance(response, HttpResponseNotAllowed):
            return problem(MethodNotAllowed(headers={"Allow": response["Allow"]}))
        return response

    return wrapped


def _require_length(request: HttpRequest) -> None:
    """Raise LengthRequired for a body of which Django would not see a byte: any on WSGI, one with files on ASGI."""
    if request.META.get("CONTENT_LENGTH"):
        return
    if isinstance(request, WSGIRequest):
        is_unseen = "Transfer-Encoding" in request.headers
    else:
        is_unseen = request.method == "POST" and request.content_type == "multipart/form-data"
    if is_unseen:
        raise LengthRequired


def _drain(request: HttpRequest) -> None:
    """Read what is left of a body, up to 4 MiB.

    A server that finds more than a little of it unread closes a connection that the client takes for kept.
    """
    left = _MAX_UNREAD_BYTES if request.META.get("CONTENT_LENGTH") else 0
    with suppress(OSError):  # the client may have gone
        while left > 0 and (chunk := request.read(_CHUNK)):
            left -= len(chunk)


@with_request_id
def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an unknown URL with a problem: a ``handler404`` for the host's URLconf."""
    return problem(NotFound())


@with_request_id
def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a defect outside the API with a problem: a ``handler500`` for the host's URLconf."""
    return defect(request)


@with_request_id
def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that Django refuses with a problem: a ``handler400`` for the host's URLconf."""
    error = translate(exception) if exception else None
    return problem(error or BadRequest())
