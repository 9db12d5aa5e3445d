"""A browser and its authenticator, in software: makes passkeys and proves them (WebAuthn Level 3)."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """Holds one passkey per credential id."""

    def __init__(self, origin: str = "https://app.example.com") -> None:
        self.origin = origin
        self.count = 0
        self.verifies_user = True
        self._keys: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}

    async def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """``navigator.credentials.create``: options in, RegistrationResponseJSON out."""
        key = ec.generate_private_key(ec.SECP256R1())
        credential_id = secrets.token_bytes(16)
        self._keys[encode(credential_id)] = (key, decode(options["user"]["id"]))
        numbers = key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(credential_id)) + credential_id + cbor.encode(cose)
        auth_data = self._auth_data(options["rp"]["id"], 0x40) + attested
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data})
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
            "attestationObject": encode(attestation),
            "transports": ["internal"],
        }
        return self._credential(encode(credential_id), response)

    def passkey(self, sub: str) -> dict[str, str]:
        """Make a passkey without a server; return its id and its public key, as a browser writes them."""
        key = ec.generate_private_key(ec.SECP256R1())
        credential_id = encode(secrets.token_bytes(16))
        self._keys[credential_id] = (key, sub.encode())
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public = key.public_key().public_bytes(serialization.Encoding.DER, form)
        return {"id": credential_id, "public_key": encode(public)}

    async def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """``navigator.credentials.get``: options in, AuthenticationResponseJSON out."""
        self.count += 1
        credential_id = options["allowCredentials"][0]["id"]
        key, user_handle = self._keys[credential_id]
        auth_data = self._auth_data(options["rpId"], 0)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = auth_data + hashlib.sha256(decode(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": encode(auth_data),
            "signature": encode(key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": encode(user_handle),
        }
        return self._credential(credential_id, response)

    def _credential(self, credential_id: str, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }

    def _client_data(self, kind: str, challenge: str) -> str:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return encode(json.dumps(data).encode())

    def _auth_data(self, rp_id: str, extra: int) -> bytes:
        flags = 0x01 | (0x04 if self.verifies_user else 0) | extra
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)
