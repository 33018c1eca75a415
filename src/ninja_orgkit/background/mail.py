"""Mails: rendered from templates that a host can override, and sent by workers."""

from __future__ import annotations

from email.utils import make_msgid, parseaddr
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import punycode

from ninja_orgkit.background.receipts import OnceTask
from ninja_orgkit.conf import settings
from ninja_orgkit.database.addresses import mail_address
from ninja_orgkit.logs import get_logger

logger = get_logger("ninja_orgkit.mail")

# "Authentication required", "mechanism too weak", "invalid", "encryption required" (RFC 4954, section 6; RFC 3207).
_ABOUT_SETTINGS = (530, 534, 535, 538)

# RFC 3834, section 5, and what Exchange knows: no out-of-office program answers such a mail.
_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

MAIL = "mail"
"""The name of the mail server as a service that tasks wait for."""


class MailTask(OnceTask):
    """A task that sends a mail. It runs once, and is tried again for hours while the mail server cannot be reached."""

    retry_on = (OSError,)

    def waits_for(self, error: Exception) -> str:
        """Name the mail server, unless it works and puts off this mail."""
        is_away = isinstance(error, OSError) and not isinstance(error, SMTPRecipientsRefused | SMTPDataError)
        return MAIL if is_away else ""


MAIL_TASK: dict[str, Any] = {"base": MailTask, "ignore_result": True, "acks_late": True, "max_retries": 12}
"""Options of a task that sends a mail."""


def send_mail(name: str, to: str, *, language: str = "", **context: Any) -> None:
    """Send the mail whose templates are ``orgkit/mail/<name>.{subject.txt,txt,html}``.

    ``language`` is the receiver's language tag (BCP 47). When it is empty or unknown, the mail is in the active
    language, which is that of the request that asked for the mail.
    A mail that the server refuses for good is logged, and is not sent. Raises what the mail backend raises otherwise.
    """
    with translation.override(_known(language)):
        subject = " ".join(render_to_string(f"orgkit/mail/{name}.subject.txt", context).split())
        text = render_to_string(f"orgkit/mail/{name}.txt", context)
        headers = {**_AUTOMATIC, "Message-ID": make_msgid(domain=_domain_of(django_settings.DEFAULT_FROM_EMAIL))}
        message = EmailMultiAlternatives(subject, text, to=[mail_address(to)], headers=headers)
        message.attach_alternative(render_to_string(f"orgkit/mail/{name}.html", context), "text/html")
        try:
            message.send()
        except SMTPException as exc:
            if not _is_final(exc):
                raise
            logger.warning("The mail server refused the mail %r for good, so it is not sent: %s", name, _codes(exc))


def _domain_of(sender: str) -> str:
    """Return the domain for the ids of mails, in ASCII. The name of this machine, Django's default, is not public."""
    domain = parseaddr(sender)[1].partition("@")[2]
    return punycode(domain or urlsplit(settings.API_URL).hostname or "localhost")


def _is_final(error: SMTPException) -> bool:
    """Tell whether the server will not take this mail either when it is sent again (RFC 5321, section 4.2.1).

    Only the receiver and the text belong to the mail. A sender or a password that the server does not accept, or
    encryption that it misses, concerns every mail and is put right in the settings. Until then the health check says
    that mails wait for the server.
    """
    if not isinstance(error, SMTPRecipientsRefused | SMTPDataError):
        return False
    return all(500 <= code < 600 and code not in _ABOUT_SETTINGS for code in _codes(error))


def _codes(error: SMTPException) -> list[int]:
    """Return the reply codes of the server."""
    if isinstance(error, SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, SMTPResponseException) else []


def frontend_link(page: str, token: str) -> str:
    """Return the URL of a front-end page with a token. ``page`` is a key of ``FRONTEND_PATHS``."""
    return f"{settings.FRONTEND_URL}{settings.FRONTEND_PATHS[page]}?{urlencode({'token': token})}"


def _known(language: str) -> str:
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return translation.get_language() or django_settings.LANGUAGE_CODE
