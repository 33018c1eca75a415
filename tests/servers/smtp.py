"""An SMTP server that keeps what it gets."""

from __future__ import annotations

import time
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.servers.postgres import free_port


class SmtpServer:
    """Takes mails on a free loopback port; a thread of its own serves it.

    ``refusals`` are the replies to addresses, of senders or receivers, that it refuses, and to the word ``DATA``.
    ``attempts`` counts how often a mail to an address was tried.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.attempts: Counter[str] = Counter()
        from aiosmtpd.controller import Controller  # takes long, and few processes need it

        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    @property
    def address(self) -> str:
        """Return ``host:port``."""
        return f"{self._controller.hostname}:{self._controller.port}"

    def clear(self) -> None:
        """Forget what it got and what it refuses."""
        self.messages.clear()
        self.refusals.clear()
        self.attempts.clear()

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take or refuse a sender; aiosmtpd calls this by its name."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.refusals.get(address, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take or refuse a receiver; aiosmtpd calls this by its name."""
        self.attempts[address] += 1
        if address not in self.refusals:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return self.refusals.get(address, "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a message; aiosmtpd calls this by its name."""
        if refusal := self.refusals.get("DATA"):
            return refusal
        message: EmailMessage = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(message)
        return "250 OK"

    def start(self) -> None:
        """Begin to listen."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    def wait_for(self, recipient: str, *, seconds: float = 20) -> EmailMessage:
        """Return the latest mail to an address, waiting for one if need be. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found: list[EmailMessage] = [message for message in self.messages if recipient in str(message["To"])]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise TimeoutError(f"No mail to {recipient} within {seconds} s.")
