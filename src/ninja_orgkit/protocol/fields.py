"""Types of input values that all bodies share: lines, texts, addresses, ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ninja_orgkit.database.addresses import MAX_EMAIL_LENGTH, require_email
from ninja_orgkit.database.keys import MAX_ID
from ninja_orgkit.database.visible import visible

LOWER_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LINE_BREAK = re.compile(r"[\u2028\u2029]")
_CONTROL_BUT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_SURROGATE_OR_NUL = re.compile(r"[\x00\ud800-\udfff]")


class OrgkitInput(BaseModel):
    """A request body. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Leave out the defaults: a client that sends them would clear what a change was to leave alone."""
        shown = handler(schema)
        for field in handler.resolve_ref_schema(shown).get("properties", {}).values():
            field.pop("default", None)
            if list(field) == ["allOf"] and len(field["allOf"]) == 1:  # a reference that stood beside the default
                field.update(field.pop("allOf")[0])
        return shown


def example(**values: Any) -> ConfigDict:
    """Return the configuration of a schema with this example in OpenAPI."""
    return ConfigDict(json_schema_extra={"examples": [values]})


def clean_line(value: str) -> str:
    """Return one line of text stripped and NFC-normalised, "" if nothing can be seen of it.

    Raises for control characters, and for the line and paragraph separators of Unicode, at the ends too.
    """
    if _LINE_BREAK.search(value):
        raise PydanticCustomError("line_separators", "Line and paragraph separators are not allowed")
    return _normal(value.strip(_WHITE_SPACE), _CONTROL)


def clean_text(value: str) -> str:
    """Return a multi-line text NFC-normalised, CRLF as LF, "" if nothing can be seen of it.

    Raises for control characters except TAB and LF.
    """
    return _normal(value.replace("\r\n", "\n"), _CONTROL_BUT_TEXT)


def _normal(value: str, refused: re.Pattern[str]) -> str:
    if refused.search(value):
        raise PydanticCustomError("control_characters", "Control characters are not allowed")
    return unicodedata.normalize("NFC", visible(value))


def clean_secret(value: str) -> str:
    """Return a password or token as it is. Raises for NUL and lone surrogates."""
    if _SURROGATE_OR_NUL.search(value):
        raise PydanticCustomError("unencodable", "NUL and lone surrogates are not allowed")
    return value


def clean_email(value: str) -> str:
    """Return an e-mail address. Raises for anything else."""
    try:
        require_email(value)
    except ValueError:
        raise PydanticCustomError("email", "This is not an e-mail address") from None
    return value


def _ascii_local(value: Any) -> Any:
    """Return the address of an account as it was sent: NFC makes ASCII of some characters, so look before it does."""
    if isinstance(value, str) and not value.rpartition("@")[0].isascii():
        raise PydanticCustomError("email", "The part of the address before the @ must be ASCII")
    return value


@dataclass(frozen=True)
class Line:
    """Marks a ``str`` as one line: stripped, NFC, with a length in characters, without control characters."""

    max_length: int
    min_length: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _cleaned(
            core_schema.str_schema(),
            clean_line,
            core_schema.str_schema(min_length=self.min_length, max_length=self.max_length),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        at_least = {"minLength": self.min_length} if self.min_length else {}
        return {"type": "string", **at_least, "maxLength": self.max_length}


@dataclass(frozen=True)
class Lines:
    """Marks a ``str`` as a text of several lines: NFC, at most ``max_length`` characters, TAB and LF allowed."""

    max_length: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _cleaned(core_schema.str_schema(), clean_text, core_schema.str_schema(max_length=self.max_length))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "maxLength": self.max_length}


def _cleaned(raw: CoreSchema, clean: Callable[[str], str], bounded: CoreSchema) -> CoreSchema:
    """Return a schema that measures a text as it is kept: NFC makes some longer and some shorter."""
    return core_schema.chain_schema([raw, core_schema.no_info_plain_validator_function(clean), bounded])


class FormText(str):
    """A value of a form, where numbers are text too."""


def _number(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and not isinstance(value, FormText)):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return _digits(value) if isinstance(value, FormText) else value


def _utc(value: datetime) -> datetime:
    return value if value.tzinfo is UTC else value.astimezone(UTC)


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


_FLAGS = ("true", "false", "1", "0")


def _instant(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value
    return _rfc3339(value if isinstance(value, str) and len(value) <= _MAX_INSTANT else None)


def _rfc3339(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise PydanticCustomError("datetime", "Input should be a date-time with an offset, like 2026-01-31T09:30:00Z")
    return value


def _digits(value: str) -> str:
    if not (value.isascii() and value.isdigit()):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


def _flag(value: Any) -> Any:
    if isinstance(value, str) and value not in _FLAGS:
        raise PydanticCustomError("bool_type", "Input should be true or false")
    return value


def _aware(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_range", "This time is out of range") from None


AnyEmail = Annotated[str, Line(MAX_EMAIL_LENGTH, min_length=3), AfterValidator(clean_email)]
"""The address of anybody, with letters of any script (RFC 6531)."""
Email = Annotated[AnyEmail, BeforeValidator(_ascii_local)]
"""The address of an account or an invitation."""
Password = Annotated[str, StringConstraints(min_length=8, max_length=128), AfterValidator(clean_secret)]
AnyPassword = Annotated[str, StringConstraints(max_length=1024), AfterValidator(clean_secret)]
Token = Annotated[str, AfterValidator(clean_secret)]
Id = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_number)]
Moment = Annotated[datetime, AfterValidator(_utc)]
"""A time in responses: RFC 3339, UTC, with ``Z``."""
Since = Annotated[datetime, AfterValidator(_aware), BeforeValidator(_rfc3339)]
"""A time in queries: an RFC 3339 date-time with an offset."""
_MAX_INSTANT = 64
Instant = Annotated[
    datetime,
    AfterValidator(_aware),
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": _MAX_INSTANT}),
]
"""A time in bodies, or that a host's code passes: an RFC 3339 date-time with an offset, or an aware ``datetime``."""
ONLY_DIGITS = BeforeValidator(_digits)
"""Marks a number in queries as digits only. It stands last, or JSON Schema would not know the limits."""
Digits = Annotated[int, ONLY_DIGITS]
Flag = Annotated[bool, BeforeValidator(_flag)]
"""A choice in queries: ``true``, ``false``, ``1`` or ``0``."""
Text = Annotated[str, Lines(10_000)]
