"""Let a host's own code record events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.audit.acting import current_actor
from ninja_orgkit.audit.actions import ACCOUNT, ACTIONS, ORGANIZATION
from ninja_orgkit.audit.describing import target_of
from ninja_orgkit.audit.recording import add_event

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+", re.ASCII)
_MAX_LENGTH = 64
_OURS = {name.partition(".")[0] for name in ACTIONS}


def record(
    action: str,
    *,
    organization: Any = None,
    account: Any = None,
    target: Any = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Record an event of the host's own in the current transaction.

    ``action`` is ``prefix.what_happened``: lower-case letters, digits and underscores, up to 64 characters, with a
    prefix that no action of the kit has. The event is in the audit trail of the ``organization``, in the security
    events of the ``account`` (a user or an account), or in both. ``target`` is what it happened to: an object of the
    kit or of a registered model, or a mapping with ``kind``, ``id`` and ``name``. Without one it is the organization or
    the account. ``changes`` is ``{field: {"old": …, "new": …}}``. Whoever makes the current request is the actor.

    Raises ValueError for another name, and without an organization and an account; LookupError for a target whose model
    is not registered.
    """
    if not _NAME.fullmatch(action) or len(action) > _MAX_LENGTH or action.partition(".")[0] in _OURS:
        raise ValueError(f"{action!r} cannot be an action of a host: use a prefix of your own, as in shop.order_paid.")
    owners = {ORGANIZATION: organization, ACCOUNT: None if account is None else as_account(account)}
    if not any(owners.values()):
        raise ValueError("record() needs an organization or an account.")
    for scope, owner in owners.items():
        if owner is not None:
            described = target_of(owner if target is None else target)
            add_event(action, scope, owner, actor=current_actor(), target=described, changes=changes)
