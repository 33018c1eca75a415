"""Mails: rendered from templates that a host can override, and sent by workers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from ninja_orgkit.background.receipts import DATABASE_DOWN, OnceTask
from ninja_orgkit.conf import settings

MAIL_TASK: dict[str, Any] = {
    "base": OnceTask,
    "ignore_result": True,
    "acks_late": True,
    "autoretry_for": (OSError, *DATABASE_DOWN),
    "retry_backoff": 5,
    "retry_backoff_max": 3600,
    "max_retries": 12,
}
"""Options of a task that sends a mail: it runs once, and is retried for hours while the mail server (an ``OSError``) or
the database cannot be reached."""


def send_mail(name: str, to: str, *, language: str = "", **context: Any) -> None:
    """Send the mail whose templates are ``orgkit/mail/<name>.{subject.txt,txt,html}``.

    ``language`` is the receiver's language tag (BCP 47). The default language is used when it is empty or unknown.
    Raises what the mail backend raises.
    """
    with translation.override(_known(language)):
        subject = " ".join(render_to_string(f"orgkit/mail/{name}.subject.txt", context).split())
        message = EmailMultiAlternatives(subject, render_to_string(f"orgkit/mail/{name}.txt", context), to=[to])
        message.attach_alternative(render_to_string(f"orgkit/mail/{name}.html", context), "text/html")
        message.send()


def frontend_link(page: str, token: str) -> str:
    """Return the URL of a front-end page with a token. ``page`` is a key of ``FRONTEND_PATHS``."""
    return f"{settings.FRONTEND_URL}{settings.FRONTEND_PATHS[page]}?{urlencode({'token': token})}"


def _known(language: str) -> str:
    try:
        return translation.get_supported_language_variant(language or django_settings.LANGUAGE_CODE)
    except LookupError:
        return django_settings.LANGUAGE_CODE
