"""``/auth/register`` and ``/auth/delete``: what begins and ends an account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.accounts.errors import AccountInUse, EmailTaken, UsernameTaken, WeakPassword
from ninja_orgkit.accounts.schemas import OrgkitMessage
from ninja_orgkit.errors import InvalidToken, Throttled
from ninja_orgkit.organizations.errors import LastOwner, WrongRecipient
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.clients import client_address, client_device
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend_address
from ninja_orgkit.protocol.urls import file_urls
from ninja_orgkit.users import schemas
from ninja_orgkit.users.services import deletion, registration

router = OrgkitRouter(tags=["account"])

_MAIL_SENT = {"detail": "A mail tells how to go on."}


@router.post(
    "/register",
    response={201: schemas.OrgkitRegistered, 202: OrgkitMessage},
    errors=[EmailTaken, UsernameTaken, WeakPassword, InvalidToken, WrongRecipient, Throttled],
)
def register_user(request: HttpRequest, body: Json[schemas.OrgkitRegistration]) -> HttpResponse:
    """Register a user, with a personal organization.

    Answers 202 instead of 201 where addresses have to be verified first: the same for a known address, and a mail
    either way.
    """
    spend_address("register.address", request)
    wanted = registration.NewAccount(**body.model_dump())
    made = registration.register(wanted, device=client_device(request), address=client_address(request))
    if made is None:
        return reply(OrgkitMessage, _MAIL_SENT, status=202)
    user = schemas.present_user(made.account, file_urls(request))
    tokens = {"access": made.pair.access, "refresh": made.pair.refresh}
    return reply(schemas.OrgkitRegistered, {**tokens, "user": user}, status=201)


@router.delete("/delete", auth=bearer, response={204: None}, errors=[LastOwner, AccountInUse])
def delete_user(request: AuthedRequest) -> HttpResponse:
    """Delete the caller's account, with the personal organization and all its data."""
    deletion.delete_account(request.auth.account)
    return empty()
