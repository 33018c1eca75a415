"""Form fields for the JSON columns in the admin, which accept only what the API accepts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from pydantic_core import PydanticCustomError

from ninja_orgkit.custom.fields import check_storable


class JsonObjectField(forms.JSONField):
    """A JSON object that can be stored. An empty field means an empty object."""

    def to_python(self, value: Any) -> Any:
        """Return the object. Raises ValidationError for other JSON, and for text that is not JSON."""
        found = super().to_python(value)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise ValidationError(gettext("Enter a JSON object."), code="no_object")
        try:
            check_storable(found)
        except PydanticCustomError as exc:
            raise ValidationError(gettext(exc.message_template), code=exc.type) from exc
        return found


JSON_OBJECTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {models.JSONField: {"form_class": JsonObjectField}}
"""``formfield_overrides`` of an admin whose JSON columns hold objects."""
