"""Fields of the admin's forms for what answers hold to be of one shape."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from pydantic_core import PydanticCustomError

from ninja_orgkit.custom.fields import check_storable


class JsonObjectField(forms.JSONField):
    """A JSON object that can be stored; an empty field is the empty one."""

    def to_python(self, value: Any) -> Any:
        """Return the object. Raises ValidationError for other JSON, and for text that is none."""
        found = super().to_python(value)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise ValidationError("Enter a JSON object.", code="no_object")
        try:
            check_storable(found)
        except PydanticCustomError as exc:
            raise ValidationError(exc.message(), code=exc.type) from exc
        return found


JSON_OBJECTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {models.JSONField: {"form_class": JsonObjectField}}
"""``formfield_overrides`` of an admin whose JSON columns hold objects."""
