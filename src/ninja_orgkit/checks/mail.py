"""System check of the mail templates."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template


@register(Tags.templates)
def check_mail_templates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report templates that cannot be found, before a worker fails to send a mail."""
    try:
        get_template("orgkit/mail/base.html")
    except TemplateDoesNotExist:
        hint = 'Add an engine with "APP_DIRS": True to TEMPLATES.'
        return [Error("No engine in TEMPLATES finds the mails of ninja-orgkit.", hint=hint, id="orgkit.E016")]
    return []
