"""``/auth/register`` and ``/auth/delete``: creating and deleting an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from pydantic import ValidationError

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.accounts.errors import (
    AccountInUse,
    EmailTaken,
    RegistrationByInvitation,
    RegistrationClosed,
    UsernameTaken,
    WeakPassword,
)
from ninja_orgkit.accounts.schemas import OrgkitMessage
from ninja_orgkit.accounts.token_delivery import forget_refresh_token, represent_tokens, token_delivery
from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.organizations.errors import LastOwner, TooManyMembers, TooManyOrganizations, WrongRecipient
from ninja_orgkit.protocol.bodies import Json, readable_fields
from ninja_orgkit.protocol.clients import client_address, client_user_agent
from ninja_orgkit.protocol.fields import Email
from ninja_orgkit.protocol.responses import Reply, adapter
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import per_client, throttle_client
from ninja_orgkit.users.schemas import (
    OrgkitDeletionPreview,
    OrgkitRegistered,
    OrgkitRegistration,
    represent_deletion,
    represent_user,
)
from ninja_orgkit.users.services import deletion, registration

router = OrgkitRouter(tags=["account"], people_only=True)

_THROTTLE = "register.address"


def _policy(request: HttpRequest) -> None:
    """Ask ``REGISTRATION``. Whatever else is wrong with a body, it does not change a refusal."""
    sent = readable_fields(request)
    invitation = sent.get("invitation")
    try:
        registration.require_open(email=_email_of(sent), invitation=invitation if isinstance(invitation, str) else "")
    except WrongRecipient:
        throttle_client(_THROTTLE, request)  # whoever has somebody's link may guess the address that it was sent to
        raise


def _email_of(sent: dict[str, Any]) -> str | None:
    """Return the address as validation will, None for what is not one."""
    try:
        email: str = adapter(Email).validate_python(sent.get("email"))
    except ValidationError:
        return None
    return email


@router.post(
    "/register",
    response={201: OrgkitRegistered, 202: OrgkitMessage},
    errors=[
        RegistrationClosed,
        RegistrationByInvitation,
        EmailTaken,
        UsernameTaken,
        WeakPassword,
        InvalidLink,
        WrongRecipient,
        TooManyMembers,
        TooManyOrganizations,
    ],
    policy=_policy,
    throttles=[per_client(_THROTTLE)],
)
@token_delivery
def register_user(request: HttpRequest, body: Json[OrgkitRegistration]) -> Reply:
    """Register a user, who gets a personal organization unless the server gives none.

    Where addresses must be verified first, the answer is 202 and a mail, whether the address is known or not. Where
    only invited people may register, send the `invitation` of the mail along.
    """
    wanted = registration.NewAccount(**body.model_dump())
    made = registration.register(
        wanted, request=request, user_agent=client_user_agent(request), address=client_address(request)
    )
    if made is None:
        return Reply({"detail": gettext("We have sent you a mail. It says how to continue.")}, status=202)
    return Reply({**represent_tokens(request, made.pair), "user": represent_user(made.account)}, status=201)


@router.get("/delete/preview", auth=bearer, response=OrgkitDeletionPreview)
def preview_deletion(request: AuthedRequest) -> Any:
    """Say what deleting the caller's account would do now: what goes with it, what stays, and what is in the way."""
    return represent_deletion(deletion.preview_deletion(request.auth.account))


@router.delete("/delete", auth=bearer, response={204: None}, errors=[LastOwner, AccountInUse])
@token_delivery
def delete_user(request: AuthedRequest) -> None:
    """Delete the caller's account, and the organizations that nobody else belongs to with all their data."""
    deletion.delete_account(request.auth.account)
    forget_refresh_token(request)
