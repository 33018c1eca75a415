"""Check the values that a host's code passes to a service as those of a client are checked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from ninja_orgkit.errors import ValidationFailed
from ninja_orgkit.protocol.validation import field_errors


def valid(schema: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    """Return values as the schema of a request body has them: cleaned, bounded, and only those that were given.

    Raises ValidationFailed for an unknown name and for a value that a route would refuse.
    """
    try:
        return schema.model_validate(values).model_dump(exclude_unset=True)
    except ValidationError as exc:
        raise ValidationFailed(errors=field_errors(exc.errors(), source="body")) from None
