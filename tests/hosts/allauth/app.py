"""A client of allauth's headless API, as an app without cookies or as a browser."""

from __future__ import annotations

import json as jsonlib
import re
from typing import Any
from urllib.parse import unquote

from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.core.mail import EmailMessage
from django.test import Client

from tests.client import Api

PASSWORD = "correct horse battery"


class Allauth:
    """One device. It keeps the session token of allauth and the latest tokens of the kit."""

    def __init__(self, client: str = "app") -> None:
        self._base = f"/_allauth/{client}/v1"
        self.client = Client(raise_request_exception=False)
        self.session_token = ""
        self.access = ""
        self.refresh = ""

    @property
    def api(self) -> Api:
        """Return a client of the kit's API with the latest access token."""
        return Api(self.access)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request, and keep the tokens of the answer."""
        headers = {"X-Session-Token": self.session_token} if self.session_token else {}
        data = "" if body is None else jsonlib.dumps(body)
        answer = self.client.generic(method, f"{self._base}/{path}", data, "application/json", headers=headers)
        meta = answer.json().get("meta", {}) if answer["Content-Type"] == "application/json" else {}
        self.session_token = meta.get("session_token", self.session_token)
        self.access = meta.get("access_token", self.access)
        self.refresh = meta.get("refresh_token", self.refresh)
        return answer

    def get(self, path: str) -> Any:
        """GET a path."""
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """POST a JSON body."""
        return self.send("POST", path, body)

    def sign_up(self, email: str, **more: Any) -> Any:
        """Sign up with a password."""
        return self.post("auth/signup", {"email": email, "password": PASSWORD, **more})

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        """Sign in with a password, which may not be enough."""
        return self.post("auth/login", {"email": email, "password": password})

    def is_signed_in(self) -> bool:
        """Tell whether allauth still knows this device."""
        return bool(self.get("auth/session").status_code == 200)


def totp_of(secret: str) -> str:
    """Return the code that an authenticator app shows now."""
    counters = list(yield_hotp_counters_from_time())
    return f"{hotp_value(secret, counters[len(counters) // 2]):06}"


def code_in(mail: EmailMessage) -> str:
    """Return the code in a mail of allauth."""
    found = re.search(r"^[A-Z0-9]{3,}(-[A-Z0-9]{3,})?$", str(mail.body), re.MULTILINE)
    assert found is not None, mail.body
    return found[0]


def key_in(mail: EmailMessage) -> str:
    """Return the key of the link in a mail of allauth that verifies an address."""
    found = re.search(r"/verify-email/(\S+)", str(mail.body))
    assert found is not None, mail.body
    return unquote(found[1])
