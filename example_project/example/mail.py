"""Mails as files that people can read: one ``.eml`` for each, in plain UTF-8, so that its links can be copied."""

from __future__ import annotations

import email
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage as Mail
from email.policy import default
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.mail.backends import filebased
from django.utils.text import slugify

_READABLE = default.clone(max_line_length=None, refold_source="all", utf8=True, cte_type="8bit")


class EmailBackend(filebased.EmailBackend):
    """Writes each mail to a file of its own in ``file_path``. The name begins with the time (UTC) and the subject."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the mails and return their number. Raises OSError when one cannot be written."""
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        now = datetime.now(UTC)
        subject = slugify(message.subject)[:50].strip("-") or "mail"
        name = f"{now:%Y%m%d-%H%M%S}-{subject}-{secrets.token_hex(2)}.eml"
        folder = Path(self.file_path)
        # Renamed when it is whole, so that nobody reads half a mail.
        draft = folder / f".{name}"
        try:
            draft.write_bytes(readable(message.message().as_bytes()))
            draft.rename(folder / name)
        finally:
            draft.unlink(missing_ok=True)


def readable(content: bytes) -> bytes:
    """Return a mail with its headers and texts in plain UTF-8, without encoding and without folded lines."""
    mail = read(content)
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            part.set_content(part.get_content(), subtype=part.get_content_subtype(), cte="8bit")
    return mail.as_bytes(policy=_READABLE)


def read(content: bytes) -> Mail:
    """Return the mail that a file holds."""
    return email.message_from_bytes(content, policy=default)
