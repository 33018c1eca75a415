"""Tell people by mail what happened to their account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.background.outbox import enqueue_each
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.protocol.throttling import is_first

_HOUR = 3600
_MAX_KNOWN_DEVICES = 50


def send_notice(kind: str, account: Account, *, to: Sequence[str] = (), **details: Any) -> None:
    """Mail a notice about an account in the background, unless ``NOTICES`` turns it off or this hour had one.

    ``kind`` is a key of ``NOTICES``. The mail goes to the address that the account has when it is sent, or to each of
    the addresses in ``to``. ``details`` are plain JSON values for the templates ``orgkit/mail/<kind>_notice.*``. Call
    it in the transaction of the change: a rollback takes the notice back.
    """
    if settings.NOTICES.get(kind) and is_first("notice", f"{kind} {account.slug}", seconds=_HOUR):
        common = {"kind": kind, "account": account.slug, "details": details}
        enqueue_each("orgkit.accounts.mail_notice", [{**common, "to": address} for address in to or ("",)])


def notice_device(account: Account, device: str, *, address: str) -> None:
    """Remember the kind of device that signs in to an account, and tell the owner of one that was never seen.

    ``device`` is a name such as ``Firefox on Windows``. The first sign-in of an account is only remembered. Takes
    no statement for a device that is known.
    """
    if device in account.known_devices:
        return
    with atomic():
        locked = Account.objects.select_for_update().filter(pk=account.pk).first()
        if locked is not None and device not in locked.known_devices:
            known = locked.known_devices
            locked.known_devices = [*known, device][-_MAX_KNOWN_DEVICES:]
            locked.save(update_fields=["known_devices"])
            if known:
                send_notice("new_device", locked, device=device, address=address)
