"""A client of the host's API, for tests."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.accounts.services.sessions import begin_session
from ninja_orgkit.conf import settings

_BEARER = "ninja_orgkit.accounts.authentication.bearer_token"


class OrgkitClient:
    """Sends JSON to absolute paths of the host, such as ``/api/v1/contacts/``, and returns Django's test responses.

    An exception that a view does not catch is raised in the test.
    """

    def __init__(self) -> None:
        self._client = Client()
        self._headers: dict[str, str] = {}

    def as_(self, account: Any) -> OrgkitClient:
        """Return a client that is signed in as an account, a user, or the account of a membership.

        It sends an access token of the kit, or Django's session cookie if ``AUTHENTICATION`` accepts no such token.
        """
        signed_in = OrgkitClient()
        who = as_account(getattr(account, "account", account))
        if _BEARER in settings.AUTHENTICATION:
            signed_in._headers = {"Authorization": f"Bearer {begin_session(who).access}"}
        else:
            signed_in._client.force_login(who.user)
        return signed_in

    def as_key(self, key: str) -> OrgkitClient:
        """Return a client that sends an API key, as ``orgkit.api_key()`` returns it."""
        program = OrgkitClient()
        program._headers = {"Authorization": f"Bearer {key}"}
        return program

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send a GET. A list in ``query`` repeats its parameter."""
        address = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return self.request("GET", address, headers=headers)

    def post(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """Send a POST with a JSON body; without ``json`` the body is empty."""
        return self.request("POST", path, json=json, headers=headers)

    def put(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """Send a PUT with a JSON body."""
        return self.request("PUT", path, json=json, headers=headers)

    def patch(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """Send a PATCH with a JSON body."""
        return self.request("PATCH", path, json=json, headers=headers)

    def delete(self, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """Send a DELETE, with a JSON body if one is given."""
        return self.request("DELETE", path, json=json, headers=headers)

    def upload(self, path: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Any:
        """Send a POST of ``multipart/form-data``. A field is a text, a file, or a list of them."""
        return self._client.post(path, fields, headers={**self._headers, **(headers or {})})

    def request(self, method: str, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Send a request with any method."""
        sent = {**self._headers, **(headers or {})}
        if json is None:
            return self._client.generic(method, path, headers=sent)
        return self._client.generic(method, path, jsonlib.dumps(json), "application/json", headers=sent)
