"""A passkey in software: what a browser and an authenticator do together, for one key."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

ORIGIN = "https://testserver"
_PRESENT, _VERIFIED, _WITH_KEY = 0x01, 0x04, 0x40


class Passkey:
    """One passkey, which verifies its user."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(16)
        self._user = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the credential that ``navigator.credentials.create()`` would."""
        asked = options["publicKey"]
        self._user = asked["user"]["id"]
        point = self._key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + cbor.encode(key)
        data = self._data(asked["rp"]["id"], _PRESENT | _VERIFIED | _WITH_KEY) + attested
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            {
                "clientDataJSON": _encode(_client_data("webauthn.create", asked["challenge"])),
                "attestationObject": _encode(attestation),
            },
            extensions={"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the credential that ``navigator.credentials.get()`` would."""
        asked = options["publicKey"]
        client_data = _client_data("webauthn.get", asked["challenge"])
        data = self._data(asked["rpId"], _PRESENT | _VERIFIED)
        signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": _encode(client_data),
                "authenticatorData": _encode(data),
                "signature": _encode(signature),
                "userHandle": self._user,
            }
        )

    def _credential(self, response: dict[str, str], extensions: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "id": _encode(self._id),
            "rawId": _encode(self._id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": extensions or {},
        }

    @staticmethod
    def _data(rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + bytes(4)


def _client_data(kind: str, challenge: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes behind base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
