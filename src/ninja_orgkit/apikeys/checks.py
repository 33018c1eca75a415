"""System checks of API keys."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from ninja_orgkit.conf import settings

_TOKENS = "ninja_orgkit.accounts.authentication.bearer_token"
_CALLABLE = "ninja_orgkit.apikeys.authentication.api_key"


@register(Tags.security)
def check_authentication(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that API keys can be created, but authenticate nobody."""
    named = settings.AUTHENTICATION
    # Whoever leaves out the kit's own tokens, too, has callables of their own. Other checks report a wrong type.
    if not isinstance(named, list | tuple) or _TOKENS not in named or _CALLABLE in named:
        return []
    text = "API keys authenticate nobody: AUTHENTICATION does not name the callable that finds their callers."
    hint = f"Add {_CALLABLE!r} to AUTHENTICATION, or remove 'ninja_orgkit.apikeys' from INSTALLED_APPS."
    return [Warning(text, hint=hint, id="orgkit.W105")]
