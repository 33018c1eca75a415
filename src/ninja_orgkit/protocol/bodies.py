"""Bodies of requests: JSON, or (where a route says so) JSON and forms alike, checked before they are read."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, TypeVar

import pydantic
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.params.models import Body as BodyParam
from ninja.params.models import BodyModel

from ninja_orgkit.conf import settings
from ninja_orgkit.errors import MalformedBody, OrgKitError, TooLarge, UnsupportedMediaType, ValidationFailed
from ninja_orgkit.protocol.fields import FormText
from ninja_orgkit.protocol.validation import field_errors

T = TypeVar("T")

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class JsonModel(BodyModel):
    """Reads one JSON value."""

    @classmethod
    def get_request_data(
        cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Return the body under the name of the endpoint's parameter, None when there is none."""
        return cls._under_name(_read_body(request))

    @classmethod
    def resolve(cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]) -> Any:
        """Return the validated body. Raises ValidationFailed with locations that leave out the parameter's name."""
        try:
            return super().resolve(request, api, path_params)
        except pydantic.ValidationError as exc:
            raise refused(exc, depth=1) from None

    @classmethod
    def _under_name(cls, value: Any) -> dict[str, Any] | None:
        name: str = getattr(cls, "__read_from_single_attr__")  # noqa: B009  # set by ninja under a mangled-looking name
        return None if value is _NOTHING else {name: value}


class AnyBodyModel(JsonModel):
    """Reads one JSON value, or the fields of a form as if they had been one."""

    other_media_types: ClassVar[tuple[str, ...]] = _FORMS

    @classmethod
    def get_request_data(
        cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Return the body; a field that the schema has as a list is one with all its repetitions."""
        if request.content_type not in _FORMS:
            return super().get_request_data(request, api, path_params)
        name = getattr(cls, "__read_from_single_attr__")  # noqa: B009
        schema: type[pydantic.BaseModel] = cls.model_fields[name].annotation  # type: ignore[assignment]
        fields = schema.model_fields
        _refuse_oversize(request)
        try:
            sent = {key: [FormText(text) for text in texts] for key, texts in request.POST.lists()}
        except TooManyFieldsSent:  # more than the thousand ids that a list may have
            errors = [{"loc": ["body"], "msg": "There are too many fields", "type": "too_long"}]
            raise ValidationFailed(errors=errors) from None
        return {name: {key: texts if is_list(fields, key) else texts[-1] for key, texts in sent.items()}}


_NOTHING = object()


def content_length(request: HttpRequest) -> int:
    """Return how many bytes the client says that the body has."""
    length: str = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def has_body(request: HttpRequest) -> bool:
    """Tell whether a request has a body, be it one that does not say how long it is."""
    return bool(content_length(request) or request.body)


def readable_fields(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of a JSON body before they are validated; none of them if it is not an object that we read."""
    try:
        value = _read_body(request)
    except (OrgKitError, RequestDataTooBig):
        return {}
    return value if isinstance(value, dict) else {}


def _read_body(request: HttpRequest) -> Any:
    if request.content_type not in ("", "application/json") and has_body(request):
        raise UnsupportedMediaType
    return read_json(request)


def read_json(request: HttpRequest) -> Any:
    """Return the JSON value of a body, a marker when it is empty. Raises TooLarge and MalformedBody."""
    _refuse_oversize(request)
    if not request.body:
        return _NOTHING
    try:
        # Not from bytes: json would guess an encoding, and JSON in transit is UTF-8 (RFC 8259, section 8.1).
        return json.loads(request.body.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise MalformedBody from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _refuse_oversize(request: HttpRequest) -> None:
    """Raise TooLarge for a body that says that it is too large, or is; a multipart one always says it."""
    if content_length(request) > settings.JSON_MAX_BYTES:
        raise TooLarge
    # On ASGI a body need not say how long it is.
    if request.content_type != "multipart/form-data" and len(request.body) > settings.JSON_MAX_BYTES:
        raise TooLarge


def refused(exc: pydantic.ValidationError, *, depth: int) -> ValidationFailed:
    """Return the error for a body that is not valid; its locations leave out as many parts as ``depth`` says."""
    errors = [{**error, "loc": error["loc"][depth:]} for error in exc.errors(include_url=False)]
    return ValidationFailed(errors=field_errors(errors, source="body"))


def is_list(fields: dict[str, pydantic.fields.FieldInfo], key: str) -> bool:
    """Tell whether a schema has this field as a list, so that a form may repeat it."""
    field = fields.get(key)
    return field is not None and getattr(field.annotation, "__origin__", None) is list


class JsonParam(BodyParam):  # type: ignore[misc]  # as ninja does with its own
    """Marks a parameter that is the JSON body."""

    _model = JsonModel

    @classmethod
    def _param_source(cls) -> str:
        return "body"


class AnyBodyParam(JsonParam):  # type: ignore[misc]
    """Marks a parameter that is the body in any of the formats."""

    _model = AnyBodyModel


Json = Annotated[T, JsonParam(...)]
AnyBody = Annotated[T, AnyBodyParam(...)]
OptionalJson = Annotated[T, JsonParam(None)]
