"""Keep registrations until a worker carries them out, where registering must not tell whether an address was taken.

With ``EMAIL_VERIFICATION = "mandatory"``, a request does the same for a free address and for a taken one: it writes one
row. A worker creates the account later. Before and after that, whoever signs in with the password that was chosen is
told that the address is not verified, and a username that was asked for is taken.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ninja_orgkit.accounts.models import Account, Registration
from ninja_orgkit.accounts.selectors import login_keys
from ninja_orgkit.database.addresses import email_key
from ninja_orgkit.database.keys import username_key

_KEPT_UNDONE = timedelta(days=30)
_KEPT_DONE = timedelta(days=365)


def remember(
    *,
    email: str,
    username: str,
    password: str,
    password_hash: str,
    first_name: str,
    last_name: str,
    invitation: UUID | None,
    device: str,
) -> Registration:
    """Write down a registration. Takes one statement. Of the ``password`` only the hash and a short digest stay."""
    return Registration.objects.create(
        email=email,
        email_key=email_key(email),
        username=username,
        username_key=username_key(username),
        password=password_hash,
        digest=_digest(password),
        first_name=first_name,
        last_name=last_name,
        invitation=invitation,
        device=device,
    )


def was_chosen(account: Account | None, *, login: str, password: str) -> bool:
    """Tell whether somebody registered with this password, and with this address or username, or for this account.

    Takes one statement, for nobody's account too.
    """
    either = [Q(**{column: key}) for column, key in login_keys(login).items()]
    if account is not None:
        either.append(Q(account=account.pk))
    if not either:
        return False
    return Registration.objects.filter(reduce(or_, either), digest=_digest(password)).exists()


def lock_registration(key: str) -> Registration | None:
    """Lock a registration that no worker has carried out, and return it, or None."""
    return Registration.objects.select_for_update().filter(pk=key).exclude(email="").first()


def settle(registration: Registration, owner: Account | None) -> None:
    """Record that the address of a registration is taken, by the account ``owner`` if it has one.

    Keep only what answers a sign-in and a question for the username as if the address had been free.
    """
    registration.account = owner
    registration.email_key = None if owner else registration.email_key
    for column in ("email", "password", "first_name", "last_name", "device"):
        setattr(registration, column, "")
    registration.invitation = None
    registration.save(force_update=True)


def purge_registrations() -> int:
    """Delete old registrations: the failed ones after 30 days, all others after a year. Return their number."""
    now = timezone.now()
    failed = Q(created_at__lt=now - _KEPT_UNDONE) & ~Q(email="")
    return Registration.objects.filter(failed | Q(created_at__lt=now - _KEPT_DONE)).delete()[0]


def _digest(password: str) -> str:
    """Return what is enough to recognise a password, and too little to find it: 16 bits of a keyed digest."""
    return salted_hmac("ninja_orgkit.accounts.registrations", password, algorithm="sha256").hexdigest()[:4]
