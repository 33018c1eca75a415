"""Answer a sign-in alike for an address that was free and for one that was taken, where registering told neither.

With ``EMAIL_VERIFICATION = "mandatory"``, whoever registers with a free address and signs in with the password that was
chosen learns that the address is not verified. So the same must be said where the address was taken.
"""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from ninja_orgkit.accounts.models import Account, ChosenPassword

_NOBODY = 0


def remember_chosen_password(account: Account, password: str) -> None:
    """Remember with which password somebody registered again under the address of an account."""
    chosen = ChosenPassword(account=account, digest=_digest(password))
    ChosenPassword.objects.bulk_create([chosen], ignore_conflicts=True)


def was_chosen(account: Account | None, password: str) -> bool:
    """Tell whether somebody registered again with this password. Takes one statement, for nobody's account too."""
    return ChosenPassword.objects.filter(account=account.pk if account else _NOBODY, digest=_digest(password)).exists()


def _digest(password: str) -> str:
    return salted_hmac("ninja_orgkit.accounts.unseen", password, algorithm="sha256").hexdigest()[:4]
