"""Second factors of allauth, whose app need not be installed. Import this only where it is."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled


def has_second_factor(user: Any) -> bool:
    """Tell whether allauth would ask for a second factor after the password of this user."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))
