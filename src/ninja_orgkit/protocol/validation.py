"""Say what is wrong with the values of a request, in the language of the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext, gettext_noop

_BODY_SOURCES = {"form", "file"}
_AN_OBJECT = gettext_noop("Input should be an object")
# These of Pydantic name our classes.
_MESSAGES = dict.fromkeys(("model_type", "model_attributes_type", "dataclass_type"), _AN_OBJECT)
# What Pydantic says of values that are not valid: with a value in it, and without.
_WITH_VALUE = {
    "string_too_short": gettext_noop("String should have at least {min_length} characters"),
    "string_too_long": gettext_noop("String should have at most {max_length} characters"),
    "greater_than_equal": gettext_noop("Input should be greater than or equal to {ge}"),
    "less_than_equal": gettext_noop("Input should be less than or equal to {le}"),
    "literal_error": gettext_noop("Input should be {expected}"),
}
_PLAIN = (
    gettext_noop("Field required"),
    gettext_noop("Extra inputs are not permitted"),
    gettext_noop("Input should be a valid string"),
    gettext_noop("Input should be a valid boolean"),
    gettext_noop("Input should be a valid dictionary"),
    gettext_noop("Input should be a valid list"),
)
_MAX_NAME_LENGTH = 64


def field_errors(errors: Sequence[Any], *, source: str = "") -> list[dict[str, Any]]:
    """Return validation errors as clients see them: where, what and of which type, never the submitted value."""
    shown = []
    for error in errors:
        loc = [*([source] if source else []), *error["loc"]]
        loc[0] = "body" if loc[0] in _BODY_SOURCES else loc[0]
        shown.append({"loc": [_name(part) for part in loc], "msg": _message(error), "type": error["type"]})
    return shown


def _message(error: Any) -> str:
    """Return what a validation error says, in the active language if it is known there."""
    template = _WITH_VALUE.get(error["type"], "")
    translated = gettext(template)
    if translated != template:
        return translated.format(**error["ctx"])
    return gettext(_MESSAGES.get(error["type"], error["msg"]))


def _name(part: str | int) -> str | int:
    """Return a part of a location; a name that the client made up is cut and made printable."""
    if isinstance(part, int):
        return part
    return "".join(char if char.isprintable() else "?" for char in part[:_MAX_NAME_LENGTH])
