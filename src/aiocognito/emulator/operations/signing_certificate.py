"""The certificate with which a pool signs SAML requests: X.509, self-signed, over a key of the pool."""

from __future__ import annotations

import base64
import datetime
from typing import Any, Final

from anyio import to_thread
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..signing_keys import SigningKey

# Documented (Signing certificate): valid for ten years.
_LIFE: Final = datetime.timedelta(days=3650)


@operation("GetSigningCertificate")
async def get_signing_certificate(context: RequestContext) -> dict[str, Any]:
    """Return the certificate: DER in base64, always the same for a pool."""
    pool = context.pool
    keys = await context.state.keys.of(pool.id)
    return {"Certificate": await to_thread.run_sync(_certificate, pool, keys.id)}


def _certificate(pool: UserPool, key: SigningKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, pool.id)])
    begins = datetime.datetime.fromtimestamp(int(pool.settings["CreationDate"]), datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.private.public_key())
        .serial_number(int.from_bytes(pool.decoy("certificate", pool.id)[:16], "big") | 1)
        .not_valid_before(begins)
        .not_valid_after(begins + _LIFE)
        .sign(key.private, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
