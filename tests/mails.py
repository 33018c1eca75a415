"""Reading mails."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from django.core.mail import EmailMessage


def link_of(mail: EmailMessage) -> tuple[str, str]:
    """Return the link in a mail, and the token in the link."""
    found = re.search(r"https?://\S+", str(mail.body))
    assert found is not None, mail.body
    return found[0], parse_qs(urlsplit(found[0]).query)["token"][0]


def token_in(mail: EmailMessage) -> str:
    """Return the token of the link in a mail."""
    return link_of(mail)[1]
