"""System checks of the functions of the host that settings name."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from ninja_orgkit.conf import settings
from ninja_orgkit.custom.callables import authentication_paths, host_callable
from ninja_orgkit.custom.hooks import HOOK_NAMES


@register(Tags.compatibility)
def check_callables(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each dotted path in a setting that does not lead to a function."""
    found: list[CheckMessage] = []
    for setting, path in _dotted_paths():
        try:
            host_callable(path)
        except Exception as exc:  # the module may raise anything while it is imported
            reason = f"{type(exc).__name__}: {exc}"
            hint = "Give the dotted path of a function that can be imported."
            found.append(Error(f"{setting} cannot be used: {path!r}. {reason}", hint=hint, id="orgkit.E061"))
    return found


@register(Tags.compatibility)
def check_hooks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each hook that nothing calls."""
    found: list[CheckMessage] = []
    for name in sorted(_hooks().keys() - set(HOOK_NAMES)):
        near = get_close_matches(str(name), HOOK_NAMES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Use one of: {', '.join(HOOK_NAMES)}."
        found.append(Error(f"HOOKS has an unknown name: {name!r}.", hint=hint, id="orgkit.E060"))
    return found


def _dotted_paths() -> Iterator[tuple[str, Any]]:
    """Yield each setting that names a function, with the path that it gives."""
    for name, path in _hooks().items():
        yield f"HOOKS[{name!r}]", path
    authentication: Any = settings.AUTHENTICATION
    for path in authentication_paths() if isinstance(authentication, list | tuple) else ():
        yield "AUTHENTICATION", path
    rule: Any = settings.ORGANIZATION_CREATION
    if isinstance(rule, str) and "." in rule:  # another check reports an unknown word
        yield "ORGANIZATION_CREATION", rule
    for name in ("ORGANIZATIONS_MAX", "MEMBERS_MAX"):
        if isinstance(limit := getattr(settings, name), str):
            yield name, limit


def _hooks() -> dict[str, Any]:
    hooks: Any = settings.HOOKS
    return hooks if isinstance(hooks, dict) else {}  # its type is reported by another check
