"""Bodies with files: ``multipart/form-data``, with limits that act while the body streams in.

``file: AvatarUpload`` is one file alone; ``body: ImageForm[Schema]`` and ``body: BulkForm[Schema]`` read a schema that
has files among its fields (``Picture``, ``list[Picture]``).
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import pydantic
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, UploadedFile
from ninja.params.models import File as FileParam
from ninja.params.models import FileModel
from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.errors import MalformedBody, UnsupportedMediaType
from ninja_orgkit.media.uploads import limit_bulk_upload, limit_upload
from ninja_orgkit.protocol.bodies import has_body, is_list, refused

T = TypeVar("T")


def _is_file(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError("file_type", "A file is expected")
    return value


Picture = Annotated[UploadedFile, BeforeValidator(_is_file)]
"""A file in a schema of form fields, or as a parameter."""


class UploadModel(FileModel):
    """Reads files and form fields within limits. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def limit(cls, request: HttpRequest) -> None:
        """Install the limits."""
        raise NotImplementedError

    @classmethod
    def get_request_data(cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of the form, below the parameter's name if it is a schema."""
        name, schema = cls._schema()
        data = cls._read(request, cls if schema is None else schema)
        return data if schema is None else {name: data}

    @classmethod
    def resolve(cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]) -> Any:
        """Return the validated fields. Raises ValidationFailed with locations that leave out the parameter's name."""
        try:
            return super().resolve(request, api, path_params)
        except pydantic.ValidationError as exc:
            depth = 0 if cls._schema()[1] is None else 1
            raise refused(exc, depth=depth) from None

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema of the form: one level, as it is sent."""
        schema = cls._schema()[1]
        return (
            super().model_json_schema(*args, **kwargs) if schema is None else schema.model_json_schema(*args, **kwargs)
        )

    @classmethod
    def _schema(cls) -> tuple[str, type[BaseModel] | None]:
        name, field = next(iter(cls.model_fields.items()))
        kind = field.annotation
        return name, kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None

    @classmethod
    def _read(cls, request: HttpRequest, schema: type[BaseModel]) -> dict[str, Any]:
        if request.content_type != "multipart/form-data":
            if has_body(request):
                raise UnsupportedMediaType
            return {}
        cls.limit(request)
        try:
            files, texts = request.FILES, request.POST
        except (MultiPartParserError, UnreadablePostError) as exc:
            raise MalformedBody from exc
        data: dict[str, Any] = {}
        for form in (texts, files):
            for key in form:
                data[key] = form.getlist(key) if is_list(schema.model_fields, key) else form[key]
        return data


class AvatarModel(UploadModel):
    """Reads an avatar."""

    @classmethod
    def limit(cls, request: HttpRequest) -> None:
        """Install the limit of avatars."""
        limit_upload(request, max_bytes=settings.AVATAR_MAX_BYTES)


class ImageModel(UploadModel):
    """Reads one picture."""

    @classmethod
    def limit(cls, request: HttpRequest) -> None:
        """Install the limit of pictures."""
        limit_upload(request, max_bytes=settings.IMAGE_MAX_BYTES)


class BulkModel(UploadModel):
    """Reads many pictures."""

    @classmethod
    def limit(cls, request: HttpRequest) -> None:
        """Install the limits of bulk uploads."""
        limit_bulk_upload(request)


class UploadParam(FileParam):  # type: ignore[misc]  # as ninja does with its own
    """Marks a parameter that is a body with files."""

    _model: type[UploadModel]

    @classmethod
    def _param_source(cls) -> str:
        return "file"


class AvatarParam(UploadParam):  # type: ignore[misc]
    """Marks a parameter that is an avatar."""

    _model = AvatarModel


class ImageParam(UploadParam):  # type: ignore[misc]
    """Marks a parameter that holds one picture."""

    _model = ImageModel


class BulkParam(UploadParam):  # type: ignore[misc]
    """Marks a parameter that holds many pictures."""

    _model = BulkModel


AvatarUpload = Annotated[UploadedFile, BeforeValidator(_is_file), AvatarParam(...)]
ImageForm = Annotated[T, ImageParam(...)]
BulkForm = Annotated[T, BulkParam(...)]
