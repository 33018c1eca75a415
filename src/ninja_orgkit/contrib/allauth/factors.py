"""Second factors of allauth, whose app need not be installed. Import this only where it is."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from allauth.mfa.utils import is_mfa_enabled
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from ninja_orgkit.accounts.selectors import account_of_user
from ninja_orgkit.accounts.services.sign_in import announce_refusal
from ninja_orgkit.audit.actions import SECOND_FACTOR_ADDED, SECOND_FACTOR_REMOVED, Action
from ninja_orgkit.audit.announcing import announce


def has_second_factor(user: Any) -> bool:
    """Tell whether allauth would ask for a second factor after the password of this user."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def connect() -> None:
    """Connect the receivers."""
    post_save.connect(tell_of_new, sender=Authenticator, dispatch_uid="orgkit.allauth.tell_of_new")
    post_delete.connect(tell_of_removal, sender=Authenticator, dispatch_uid="orgkit.allauth.tell_of_removal")
    authentication_failed.connect(tell_of_wrong_factor, dispatch_uid="orgkit.allauth.tell_of_wrong_factor")


def tell_of_new(
    sender: type[Authenticator], instance: Authenticator, created: bool, raw: bool = False, **_kwargs: Any
) -> None:
    """Tell that somebody has set up a second factor, recovery codes included."""
    if created and not raw:
        _tell(SECOND_FACTOR_ADDED, instance, {"old": None, "new": instance.type})


def tell_of_removal(sender: type[Authenticator], instance: Authenticator, **_kwargs: Any) -> None:
    """Tell that a second factor is gone, whoever has removed it."""
    _tell(SECOND_FACTOR_REMOVED, instance, {"old": instance.type, "new": None})


def tell_of_wrong_factor(
    sender: type[Authenticator], request: HttpRequest, user: Any, reauthentication: bool = False, **_kwargs: Any
) -> None:
    """Announce a wrong second factor as a refused sign-in, unless the user is signed in and only proves it again."""
    if not reauthentication:
        announce_refusal(user.get_username(), request)


def _tell(action: Action, authenticator: Authenticator, change: dict[str, Any]) -> None:
    account = account_of_user(authenticator.user)
    if account is not None:
        announce(action, account, changes={"type": change})
