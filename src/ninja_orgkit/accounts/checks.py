"""System check of the host's user model."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Tags, Warning, register

from ninja_orgkit.accounts import host_user

_SERIAL = ("AutoField", "BigAutoField", "SmallAutoField")


@register(Tags.models)
def check_user_model(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about columns of the user model that registering cannot fill."""
    model = get_user_model()
    filled = {"password", host_user.email_field(), host_user.username_field(), "first_name", "last_name"}
    hint = "Give it a default or null=True, or create users through routes of your own."
    return [
        Warning(
            f"Nobody can register, because {field.name!r} of the user model gets no value.",
            hint=hint,
            obj=model,
            id="orgkit.W021",
        )
        for field in model._meta.concrete_fields
        if field.name not in filled and not _fills_itself(field)
    ]


def _fills_itself(field: Any) -> bool:
    """Tell whether a column gets a value by itself. The same empty text twice does not do for a unique column."""
    if field.null or field.has_default() or field.has_db_default() or field.generated:
        return True
    if (
        getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or field.get_internal_type() in _SERIAL
        or (field.is_relation and field.remote_field.parent_link)
    ):
        return True
    return field.empty_strings_allowed and not field.unique
