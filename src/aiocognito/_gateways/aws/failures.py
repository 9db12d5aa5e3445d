"""Says of an aiohttp failure what went wrong, and whether the request may have been received."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp

from ..._config import AuthConfig
from ...errors import NetworkError
from ..http import PLAIN_HTTP_ADVICE, TRUST_ADVICE
from ..limits import UnreadableBody


class NoSlot(OSError):
    """All connections were in use for as long as a connection is waited for. Nothing was sent."""


def network_error(failure: Exception, host: str, config: AuthConfig) -> NetworkError:
    """Make the error that stands for a failure.

    Its cause is a plain ``OSError``: aiohttp's own exceptions may quote what was received.

    Args:
        failure: An ``aiohttp.ClientError``, an ``OSError``, or an `UnreadableBody`.
        host: The server's host name.
        config: The timeouts in use.
    """
    sent = not isinstance(
        failure,
        aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError | NoSlot,
    )
    text, cause = _describe(failure, config)
    error = NetworkError(f"{host}: {text}", request_sent=sent, recovery_suggestion=_advice(cause, text))
    # The frames of aiohttp and asyncio add nothing to the text.
    error.__cause__ = cause.with_traceback(None)
    return error


def _advice(cause: OSError, text: str) -> str | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TRUST_ADVICE
    return PLAIN_HTTP_ADVICE if "WRONG_VERSION_NUMBER" in text else None


def _describe(failure: Exception, config: AuthConfig) -> tuple[str, OSError]:
    match failure:
        case UnreadableBody():
            return str(failure), ConnectionError("unreadable")
        case NoSlot():
            text = f"no free connection within {config.connect_timeout:g} s ({failure})"
            return text, TimeoutError("waiting")
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {config.connect_timeout:g} s", TimeoutError("connecting")
        case asyncio.TimeoutError():
            return f"no answer within {config.read_timeout:g} s", TimeoutError("reading")
        case aiohttp.ClientConnectorCertificateError():
            reason = str(failure.certificate_error)
            return f"the certificate is not trusted ({reason})", ssl.SSLCertVerificationError(reason)
        case aiohttp.ClientProxyConnectionError():
            return f"no connection to the proxy ({_reason(failure.os_error)})", failure.os_error
        case aiohttp.ClientConnectorError():
            return f"no connection ({_reason(failure.os_error)})", failure.os_error
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refused (HTTP {failure.status})", ConnectionError("proxy")
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP", ConnectionError(type(failure).__name__)
    return "the connection was lost before the answer was complete", ConnectionError(type(failure).__name__)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
