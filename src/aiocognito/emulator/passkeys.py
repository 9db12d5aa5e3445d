"""Passkeys (WebAuthn Level 3), verified by the fido2 library: challenge, origin, relying party, signature.

fido2 is imported when the first passkey is made: it reads the public suffix list then, so callers run
these functions in a thread.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from . import base64url
from .errors import ApiError, invalid_parameter, not_authorized
from .records import Ceremony, Passkey

if TYPE_CHECKING:
    from .pool import UserPool

# Documented (A new passkey): at most 20 for a user.
MOST: Final = 20
ALGORITHMS: Final = (-7, -257)
"""ES256 and RS256 (RFC 9053, RFC 8812)."""
REQUIRED: Final = "required"
_MALFORMED: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    struct.error,
)
"""What fido2 and its CBOR reader raise for malformed bytes."""


def relying_party(pool: UserPool) -> str:
    """Return the domain that passkeys are made for.

    Raises:
        ApiError: The pool takes no passkeys, or has no domain for them.
    """
    if "WEB_AUTHN" not in pool.first_factors:
        raise ApiError("WebAuthnNotEnabledException", "WebAuthn is not enabled for the user pool.")
    rp_id = _configuration(pool).get("RelyingPartyId")
    if not rp_id:
        text = "The user pool has neither a relying party id nor a domain."
        raise ApiError("WebAuthnConfigurationMissingException", text)
    return str(rp_id)


def user_verification(pool: UserPool) -> str:
    """``required`` or ``preferred``; a passkey that counts as two factors always verifies its user."""
    if pool.passkeys_are_mfa:
        return REQUIRED
    return str(_configuration(pool).get("UserVerification", "preferred"))


def _configuration(pool: UserPool) -> Mapping[str, Any]:
    return pool.mfa.get("WebAuthnConfiguration") or {}


def register(ceremony: Ceremony, credential: Mapping[str, Any], now: float) -> Passkey:
    """Verify a new credential (WebAuthn, 7.1), and return what to keep of it.

    Raises:
        ApiError: It is malformed, or answers another challenge, page or relying party.
    """
    from fido2.webauthn import RegistrationResponse

    response = credential.get("response")
    client_data = _client_data(response)
    try:
        _check_challenge(client_data, ceremony, "webauthn.create")
    except ValueError:
        raise ApiError("WebAuthnChallengeNotFoundException", "The challenge is not the one sent.") from None
    _require_origin(ceremony, client_data)
    try:
        registration = RegistrationResponse.from_dict(credential)
        auth_data = registration.response.attestation_object.auth_data
        kept = auth_data.credential_data
        attachment = _attachment(credential.get("authenticatorAttachment"))
        transports = _transports(response)
    except _MALFORMED:
        raise invalid_parameter("The credential is malformed.") from None
    if auth_data.rp_id_hash != hashlib.sha256(ceremony.rp_id.encode()).digest():
        text = "The credential was made for another relying party."
        raise ApiError("WebAuthnRelyingPartyMismatchException", text)
    if kept is None or kept.public_key.get(3) not in ALGORITHMS:
        raise ApiError("WebAuthnCredentialNotSupportedException", "The kind of key is not supported.")
    if not _is_present(auth_data, ceremony):
        raise invalid_parameter("The user was not verified.")
    return Passkey(
        id=base64url.encode(kept.credential_id),
        data=bytes(kept),
        count=auth_data.counter,
        rp_id=ceremony.rp_id,
        created=now,
        attachment=attachment,
        transports=transports,
    )


def from_public_key(credential_id: bytes, public_key: bytes, rp_id: str, now: float) -> Passkey:
    """Return a passkey that was made elsewhere.

    Args:
        credential_id: The credential's id.
        public_key: SubjectPublicKeyInfo in DER, as ``getPublicKey()`` of a browser returns it.
        rp_id: The relying party's id.
        now: When, in seconds since 1970.

    Raises:
        ValueError: It is not such a key, or not one of ES256 or RS256.
    """
    from fido2.cose import CoseKey
    from fido2.webauthn import Aaguid, AttestedCredentialData

    key = CoseKey.parse(_cose_members(public_key))
    data = AttestedCredentialData.create(Aaguid.NONE, credential_id, key)
    return Passkey(base64url.encode(credential_id), bytes(data), 0, rp_id, now)


def _cose_members(public_key: bytes) -> dict[int, Any]:
    """Return a public key as COSE_Key (RFC 9053, 7.1; RFC 8230, section 4)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key: object = None
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_der_public_key(public_key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        point = key.public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {1: 3, 3: -257, -1: _big_endian(numbers.n), -2: _big_endian(numbers.e)}
    raise ValueError("not a key of ES256 (on the curve P-256) or RS256")


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _attachment(given: object) -> str | None:
    if not isinstance(given, str | None):
        raise TypeError("not text")
    return given


def _transports(response: Any) -> tuple[str, ...]:
    given = response.get("transports") or []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise TypeError("not a list of texts")
    return tuple(given)


def authenticate(
    ceremony: Ceremony, passkeys: Mapping[str, Passkey], user_handle: bytes, text: str
) -> Passkey:
    """Verify an assertion (WebAuthn, 7.2), and return the passkey that made it, its counter moved on.

    Args:
        ceremony: What was begun.
        passkeys: The user's passkeys, by credential id.
        user_handle: The user's id in their passkeys.
        text: The credential, as JSON.

    Raises:
        ApiError: It is malformed, or proves nothing.
    """
    from cryptography.exceptions import InvalidSignature
    from fido2.webauthn import AuthenticationResponse

    try:
        credential = json.loads(text)
        client_data = _client_data(credential.get("response"))
        _check_challenge(client_data, ceremony, "webauthn.get")
        assertion = AuthenticationResponse.from_dict(credential)
        passkey = passkeys[base64url.encode(assertion.raw_id)]
        _check_origin(ceremony, client_data)
        _check_assertion(ceremony, passkey, user_handle, assertion)
    except (*_MALFORMED, InvalidSignature):
        raise not_authorized("The passkey could not be verified.") from None
    passkey.count = assertion.response.authenticator_data.counter
    return passkey


def _check_assertion(ceremony: Ceremony, passkey: Passkey, user_handle: bytes, assertion: Any) -> None:
    from fido2.webauthn import AttestedCredentialData

    response = assertion.response
    auth_data = response.authenticator_data
    if auth_data.rp_id_hash != hashlib.sha256(ceremony.rp_id.encode()).digest():
        raise ValueError("another relying party")
    if not _is_present(auth_data, ceremony):
        raise ValueError("the user was not verified")
    if response.user_handle and response.user_handle != user_handle:
        raise ValueError("the passkey of another user")
    # A counter that does not increase is the sign of a copied authenticator (WebAuthn, 7.2, step 22).
    if (auth_data.counter or passkey.count) and auth_data.counter <= passkey.count:
        raise ValueError("the counter did not increase")
    public_key = AttestedCredentialData(passkey.data).public_key
    public_key.verify(bytes(auth_data) + response.client_data.hash, response.signature)


def _client_data(response: Any) -> dict[str, Any]:
    try:
        document = json.loads(base64url.decode(response["clientDataJSON"]))
    except _MALFORMED:
        document = None
    if not isinstance(document, dict):
        raise invalid_parameter("The credential is malformed.")
    return document


def _check_challenge(client_data: Mapping[str, Any], ceremony: Ceremony, kind: str) -> None:
    if client_data.get("type") != kind or client_data.get("challenge") != ceremony.challenge:
        raise ValueError("another challenge")


def _check_origin(ceremony: Ceremony, client_data: Mapping[str, Any]) -> None:
    from fido2.rpid import verify_rp_id

    origin = client_data.get("origin")
    if not isinstance(origin, str) or not verify_rp_id(ceremony.rp_id, origin):
        raise ValueError("another origin")


def _require_origin(ceremony: Ceremony, client_data: Mapping[str, Any]) -> None:
    try:
        _check_origin(ceremony, client_data)
    except ValueError:
        text = "The page's origin is not allowed for the relying party."
        raise ApiError("WebAuthnOriginNotAllowedException", text) from None


def _is_present(auth_data: Any, ceremony: Ceremony) -> bool:
    verified = ceremony.user_verification != REQUIRED or auth_data.is_user_verified()
    return bool(auth_data.is_user_present() and verified)
