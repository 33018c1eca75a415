"""System checks of ``NINJA_ORGKIT``: the names and the types of its keys, and then what ``values`` finds."""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, register

from ninja_orgkit.checks.values import wrong_values
from ninja_orgkit.conf import Settings

_TYPES = get_type_hints(Settings)


@register(Tags.compatibility)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each setting that is unknown, has the wrong type, or has a value that cannot work."""
    found: list[CheckMessage] = []
    known = Settings.names()
    for key, value in getattr(django_settings, "NINJA_ORGKIT", {}).items():
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Remove it, or correct its name."
            found.append(Error(f"NINJA_ORGKIT has no setting {key!r}.", hint=hint, id="orgkit.E001"))
        elif not _fits_setting(value, key):
            hint = f"Give it the type of its default: {getattr(Settings, key)!r}."
            if getattr(Settings, key) is None:
                hint = f"Give it one of these types: {Settings.__annotations__[key]}."
            found.append(Error(f"NINJA_ORGKIT[{key!r}] has the wrong type.", hint=hint, id="orgkit.E011"))
    # Values are only checked when every type is right.
    return found or list(wrong_values())


def _fits_setting(value: Any, key: str) -> bool:
    """Tell whether a value has the type of a setting."""
    default = getattr(Settings, key)
    if default is None:  # it does not say what else is allowed
        return isinstance(value, _TYPES[key]) and not isinstance(value, bool)
    return _fits(value, default)


def _fits(value: Any, default: Any) -> bool:
    """Tell whether a value of a setting has the type of its default. In a dict, None removes a key."""
    match default:
        case bool() | str() | timedelta():
            return isinstance(value, type(default))
        case int():
            return type(value) is int
        case float():
            return type(value) in (int, float)
        case dict():
            parts = [] if not isinstance(value, dict) else [item for item in value.values() if item is not None]
            return isinstance(value, dict) and all(
                _fits(item, sample) for sample in [*default.values()][:1] for item in parts
            )
    if not isinstance(value, list | tuple) or (isinstance(default, tuple) and len(value) != len(default)):
        return False
    return all(_fits(item, sample) for sample in default[:1] for item in value)
