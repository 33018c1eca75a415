"""Ask other apps whether a user needs a second factor, which the kit itself does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_asked: list[Callable[[Any], bool]] = []


def ask_for_second_factors(needs_more: Callable[[Any], bool]) -> None:
    """Let a function tell, from now on, whether a password is not enough for a user.

    An app that manages second factors calls this once, from its ``ready()``. Whoever needs one signs in through that
    app, because ``/token/pair`` answers ``mfa_required``.
    """
    if needs_more not in _asked:
        _asked.append(needs_more)


def needs_second_factor(user: Any) -> bool:
    """Tell whether an app says that a password is not enough for this user."""
    return any(needs_more(user) for needs_more in _asked)
