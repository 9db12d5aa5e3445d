"""Says of an aiohttp failure what went wrong, and whether the request may have been received."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp

from ..config import AuthConfig
from ..errors import NetworkError


def network_error(failure: Exception, host: str, config: AuthConfig) -> NetworkError:
    """Make the error that stands for a failure.

    Its cause is a plain ``OSError``: aiohttp's own exceptions may quote what was received.

    Args:
        failure: What aiohttp raised, an ``aiohttp.ClientError`` or an ``OSError``.
        host: Who was asked.
        config: The timeouts that were kept.
    """
    sent = not isinstance(
        failure,
        aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError,
    )
    text, cause = _describe(failure, config)
    error = NetworkError(f"{host}: {text}", request_sent=sent)
    error.__cause__ = cause
    return error


def _describe(failure: Exception, config: AuthConfig) -> tuple[str, OSError]:
    match failure:
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {config.connect_timeout:g} s", TimeoutError("connecting")
        case asyncio.TimeoutError():
            return f"no answer within {config.read_timeout:g} s", TimeoutError("reading")
        case aiohttp.ClientConnectorCertificateError():
            reason = str(failure.certificate_error)
            return f"the certificate is not trusted ({reason})", ssl.SSLCertVerificationError(reason)
        case aiohttp.ClientConnectorError():
            return f"no connection ({_reason(failure.os_error)})", failure.os_error
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refused (HTTP {failure.status})", ConnectionError("proxy")
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP", ConnectionError(type(failure).__name__)
    return "the connection was lost before the answer was complete", ConnectionError(type(failure).__name__)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
