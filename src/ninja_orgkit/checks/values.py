"""What can be wrong with the value of a setting that has the right type. ``settings`` runs these checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from ninja_orgkit.conf import Settings, settings

_CUSTOM_KEYS = ("contact", "organization", "profile")
# For these, zero has a meaning.
_MAY_BE_ZERO = (
    "REFRESH_GRACE", "INVITATIONS_MAX_PENDING", "PREFERENCES_MAX_KEYS", "BROKER_PAUSE", "TRUSTED_PROXIES",
)  # fmt: skip
_COOKIE_VALUES: dict[str, Callable[[Any], bool]] = {
    "name": lambda value: _matches(r"[\w!#$%&'*+.^`|~-]+", value),
    "path": lambda value: _matches(r"/[!-:<-~]*", value),
    "domain": lambda value: _matches(r"[\w.-]+", value),
    "samesite": lambda value: value in ("Strict", "Lax", "None"),
    "secure": lambda value: isinstance(value, bool),
    "max_age": lambda value: type(value) is int and value > 0,
}
_WEBP_MAX_SIDE = 16_383  # pixels


def wrong_values() -> Iterator[CheckMessage]:
    """Yield what is wrong with the values of the settings."""
    yield from _check_choices()
    yield from _check_custom_fields()
    yield from _check_urls()
    yield from _check_bounds()
    yield from _check_pictures()
    yield from _check_refresh_cookie()
    yield from _check_notices()


def _check_choices() -> Iterator[CheckMessage]:
    """Report values that are not among those allowed."""
    if settings.EMAIL_VERIFICATION not in ("none", "optional", "mandatory"):
        hint = 'Use "none", "optional" or "mandatory".'
        yield Error("EMAIL_VERIFICATION has an unknown value.", hint=hint, id="orgkit.E002")
    if settings.REGISTRATION not in ("open", "invitation", "closed"):
        hint = 'Use "open", "invitation" or "closed".'
        yield Error("REGISTRATION has an unknown value.", hint=hint, id="orgkit.E065")
    if settings.ORGANIZATION_CREATION not in ("anyone", "staff") and "." not in settings.ORGANIZATION_CREATION:
        hint = 'Use "anyone", "staff" or the dotted path of a function.'
        yield Error("ORGANIZATION_CREATION has an unknown value.", hint=hint, id="orgkit.E066")
    if "owners.manage" not in settings.ROLES.get(settings.CREATOR_ROLE, ()):
        hint = "Add owners.manage to that role in ROLES, or name a role that holds it."
        yield Error("CREATOR_ROLE does not hold owners.manage.", hint=hint, id="orgkit.E003")
    if settings.TRANSFER_ROLE not in settings.ROLES:
        hint = f"Use one of these roles: {', '.join(settings.ROLES)}."
        text = f"TRANSFER_ROLE names {settings.TRANSFER_ROLE!r}, which ROLES does not have."
        yield Error(text, hint=hint, id="orgkit.E115")
    if settings.INVITATION_ROLE is not None and settings.INVITATION_ROLE not in settings.ROLES:
        hint = f"Add it to ROLES, or name one of: {', '.join(settings.ROLES)}."
        text = f"INVITATION_ROLE names {settings.INVITATION_ROLE!r}, which ROLES does not have."
        yield Error(text, hint=hint, id="orgkit.E067")
    if settings.STORAGE not in django_settings.STORAGES:
        hint = "Add the alias to STORAGES, or name another one."
        yield Error(f"STORAGE names {settings.STORAGE!r}, which STORAGES does not have.", hint=hint, id="orgkit.E004")
    try:
        re.compile(settings.USERNAME_PATTERN)
    except re.error as exc:
        hint = "Write it in the syntax of Python's re module."
        yield Error(f"USERNAME_PATTERN is not a regular expression: {exc}.", hint=hint, id="orgkit.E013")


def _check_custom_fields() -> Iterator[CheckMessage]:
    """Report models of custom fields that cannot be used."""
    for key, path in settings.CUSTOM_FIELDS.items():
        if key not in _CUSTOM_KEYS:
            hint = 'Use "contact", "organization" or "profile".'
            yield Error(f"CUSTOM_FIELDS has an unknown key: {key!r}.", hint=hint, id="orgkit.E012")
        elif not _imports(path):
            hint = "Give the dotted path of a Pydantic model."
            yield Error(f"CUSTOM_FIELDS[{key!r}] cannot be imported: {path}.", hint=hint, id="orgkit.E031")


def _check_urls() -> Iterator[CheckMessage]:
    """Report URLs and paths that links cannot be made of."""
    for name, url in (("API_URL", settings.API_URL), ("FRONTEND_URL", settings.FRONTEND_URL)):
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc or url.endswith("/"):
            hint = "Begin it with https:// or http://, and leave out the slash at the end."
            yield Error(f"{name} cannot be the start of a link: {url!r}.", hint=hint, id="orgkit.E014")
    for page in Settings.FRONTEND_PATHS:
        if not settings.FRONTEND_PATHS.get(page, "").startswith("/"):
            hint = "Give it a path that begins with a slash."
            yield Error(f"FRONTEND_PATHS has no path for {page!r}, which mails link to.", hint=hint, id="orgkit.E015")


def _check_bounds() -> Iterator[CheckMessage]:
    """Report sizes, counts and durations that cannot work."""
    for name in Settings.names():
        value = getattr(settings, name)
        if isinstance(value, int | float | timedelta) and not isinstance(value, bool):
            zero: Any = type(value)()
            if value < zero or (value == zero and name not in _MAY_BE_ZERO):
                hint = f"Raise it. The default is {getattr(Settings, name)!r}."
                yield Error(f"{name} is too small: {value!r}.", hint=hint, id="orgkit.E018")
    for small, large in (("PAGE_SIZE", "PAGE_MAX_SIZE"), ("USERNAME_MIN_LENGTH", "USERNAME_MAX_LENGTH")):
        if getattr(settings, small) > getattr(settings, large):
            hint = f"Lower {small}, or raise {large}."
            yield Error(f"{small} is greater than {large}.", hint=hint, id="orgkit.E032")


def _check_pictures() -> Iterator[CheckMessage]:
    """Report pictures that cannot be rendered."""
    if not settings.RENDITIONS:
        yield Error("RENDITIONS is empty.", hint="Keep at least one rendition.", id="orgkit.E033")
    sides = [*settings.AVATAR_SIZES, *(side for side, _ in settings.RENDITIONS.values())]
    if not all(0 < side <= _WEBP_MAX_SIDE for side in sides):
        hint = f"Use 1 to {_WEBP_MAX_SIDE} pixels."
        yield Error("AVATAR_SIZES or RENDITIONS has a side that WebP does not allow.", hint=hint, id="orgkit.E034")
    if not all(0 <= quality <= 100 for _, quality in settings.RENDITIONS.values()):
        hint = "Use a quality from 0 to 100."
        yield Error("RENDITIONS has a quality that WebP does not have.", hint=hint, id="orgkit.E035")


def _check_refresh_cookie() -> Iterator[CheckMessage]:
    """Report attributes of the cookie that browsers or the kit would not understand."""
    chosen = settings.REFRESH_COOKIE
    for key, value in chosen.items():
        if key not in _COOKIE_VALUES:
            hint = f"Use one of: {', '.join(_COOKIE_VALUES)}."
            yield Error(f"REFRESH_COOKIE has an unknown key: {key!r}.", hint=hint, id="orgkit.E053")
        elif not _COOKIE_VALUES[key](value):
            hint = "See what the settings reference says about it."
            yield Error(f"REFRESH_COOKIE[{key!r}] cannot be used: {value!r}.", hint=hint, id="orgkit.E054")
    if chosen.get("samesite") == "None" and chosen.get("secure") is False:
        hint = "Leave out one of the two."
        yield Error('REFRESH_COOKIE has samesite "None" without secure.', hint=hint, id="orgkit.E055")


def _check_notices() -> Iterator[CheckMessage]:
    """Report notices that the kit does not send."""
    for kind in settings.NOTICES:
        if kind not in Settings.NOTICES:
            hint = f"Use one of: {', '.join(Settings.NOTICES)}."
            yield Error(f"NOTICES has an unknown key: {kind!r}.", hint=hint, id="orgkit.E110")


def _matches(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def _imports(path: Any) -> bool:
    try:
        import_string(path)
    except (ImportError, AttributeError):  # AttributeError: the path is not a string
        return False
    return True
