"""The emulator's certificate, for https: read it, and the names that it is for."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import field, frozen
from cryptography import x509

_PREFERRED: Final = ("127.0.0.1", "localhost", "::1")


@frozen
class Certificate:
    """A certificate that is ready to serve.

    Args:
        context: With the certificate and its key.
        names: The host names and addresses that it is for, in lower case.
    """

    context: ssl.SSLContext = field(repr=False)
    names: tuple[str, ...]

    def host(self, bound: str) -> str:
        """Return the host of the emulator's URL: the address, or a name of this machine that clients verify.

        Args:
            bound: The address on which the emulator listens.
        """
        if bound in self.names:
            return bound
        local = [name for name in self.names if name in _PREFERRED or name.endswith(".localhost")]
        others = [name for name in self.names if "*" not in name]
        return next(iter([*sorted(local, key=_rank), *others]), bound)


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def load(files: Sequence[str | Path]) -> Certificate:
    """Read a certificate, with its chain, and its private key. Blocks: call it in a thread.

    Args:
        files: The paths of both, in PEM.

    Raises:
        ValueError: There are not two paths, or a file cannot be read or does not fit.
    """
    if isinstance(files, str | Path) or len(files) != 2:
        raise ValueError("tls= must be two paths: of a certificate and of its key, in PEM")
    certificate, key = map(Path, files)
    content = _read(certificate)
    _read(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        names = tuple(_names(x509.load_pem_x509_certificate(content)))
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError):
        problem = (
            f"tls=: {certificate} and {key} must be a certificate and its key, both in PEM and without a "
            "password, such as `mkcert -cert-file cert.pem -key-file key.pem localhost 127.0.0.1` writes them"
        )
    else:
        return Certificate(context, names)
    raise ValueError(problem)


def _no_password() -> str:
    # Without this, OpenSSL asks on the terminal.
    raise ValueError("the key has a password")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"tls=: {path} cannot be read: {error.strerror}") from None


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return [name.lower() for name in (*found.get_values_for_type(x509.DNSName), *addresses)]
