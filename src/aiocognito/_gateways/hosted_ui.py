"""The gateway to a user pool's hosted UI (managed login): OAuth 2.0 (RFC 6749) with PKCE (RFC 7636)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from attrs import field, frozen

from .._config import AuthConfig, OAuthConfig
from .._config_checks import is_number
from .._models import Metadata
from .._responses import TokenSet
from ..errors import InvalidTokens, OAuthSignInException, ServiceError
from ..errors._service import TRANSIENT_STATUS
from .aws.responses import UNKNOWN_ERROR
from .aws.retry import RetryPolicy
from .http import Http, RawResponse
from .redaction import mask

OPERATION = "Token"
# Parameters of a grant that no message may quote.
_SECRET = ("code", "code_verifier", "refresh_token", "aws_client_metadata")
_ERROR_CODE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}")


@frozen
class MachineToken:
    """The result of the client-credentials grant: a token, and how many seconds it lives."""

    access_token: str = field(repr=False)
    expires_in: float | None = None


class HostedUi:
    """The endpoints of one user pool's hosted UI, for one app client.

    Args:
        config: Names the app client, with its secret if it has one.
        oauth: The hosted UI.
        http: The HTTP client.
        retries: When to retry; by default up to ``config.max_attempts``.
    """

    def __init__(
        self, config: AuthConfig, oauth: OAuthConfig, http: Http, *, retries: RetryPolicy | None = None
    ) -> None:
        self._client_id = config.user_pool_client_id or ""
        self._client_secret = config.user_pool_client_secret
        self._base = oauth.base_url
        # OpenID Connect Core 1.0, 3.1.2.1. A request without scopes gets all that the app client has.
        self.gives_id_tokens = not oauth.scopes or "openid" in oauth.scopes
        # OpenID Connect Core 1.0, 3.1.3.3: the response to a request with this scope has an id token.
        self.must_give_id_tokens = "openid" in oauth.scopes
        self._http = http
        self._retries = retries or RetryPolicy(config.max_attempts)

    def authorize_url(self, parameters: Iterable[tuple[str, str]]) -> str:
        """Return the URL where a sign-in begins, its parameters in this order."""
        return f"{self._base}/oauth2/authorize?{form(parameters)}"

    def logout_url(self, redirect_uri: str) -> str:
        """Return the URL that ends the hosted UI's own session and comes back to ``redirect_uri``."""
        client_id, back = _component(self._client_id), _component(redirect_uri)
        return f"{self._base}/logout?client_id={client_id}&logout_uri={back}"

    async def exchange_code(self, code: str, *, redirect_uri: str, code_verifier: str) -> TokenSet:
        """Exchange an authorization code for tokens. It can be done once.

        Args:
            code: The code of the callback.
            redirect_uri: The redirect URI that the authorization request had.
            code_verifier: The secret whose hash it had as ``code_challenge`` (RFC 7636).

        Raises:
            OAuthSignInException: The hosted UI refused.
            NetworkError: No response came.
        """
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        try:
            response = await self._token(grant, repeatable=False)
        except ServiceError as refusal:
            error = None if refusal.name == UNKNOWN_ERROR else refusal.name
            is_described = error is not None and refusal.message != error
            raise OAuthSignInException(
                refusal.message,
                error=error,
                error_description=refusal.message if is_described else None,
                service_status=refusal.service_status,
                retryable=refusal.retryable,
            ) from refusal
        return TokenSet(
            _access_token(response), _text(response.get("id_token")), _text(response.get("refresh_token"))
        )

    async def client_credentials(
        self, scopes: Iterable[str], client_metadata: Metadata = None
    ) -> MachineToken:
        """Fetch a token for the app client itself (RFC 6749, 4.4).

        Args:
            scopes: The scopes to ask for; none for all that the app client has.
            client_metadata: For the user pool's triggers (``aws_client_metadata``).

        Raises:
            ServiceError: The token endpoint refused; ``.name`` is its ``error``.
            NetworkError: No response came.
        """
        grant = {"grant_type": "client_credentials"}
        if scope := " ".join(scopes):
            grant["scope"] = scope
        if client_metadata is not None:
            grant["aws_client_metadata"] = json.dumps(dict(client_metadata))
        response = await self._token(grant, repeatable=True)
        return MachineToken(_access_token(response), _seconds(response.get("expires_in")))

    async def _token(self, grant: Mapping[str, str], *, repeatable: bool) -> Mapping[str, Any]:
        headers, data = {"Accept": "application/json"}, dict(grant)
        secrets = [grant[name] for name in _SECRET if name in grant]
        if self._client_secret is not None:
            pair = f"{self._client_id}:{self._client_secret}".encode()
            proof = base64.b64encode(pair).decode()
            headers["Authorization"] = f"Basic {proof}"
            secrets += [self._client_secret, proof]
        else:
            data["client_id"] = self._client_id

        async def attempt() -> Mapping[str, Any]:
            return _read(
                await self._http.request("POST", f"{self._base}/oauth2/token", data=data, headers=headers),
                secrets,
            )

        return await self._retries.run(attempt, repeatable=repeatable)


def form(parameters: Iterable[tuple[str, str]]) -> str:
    """Return parameters as browsers write forms: all but letters, digits and ``*-._`` is escaped."""
    return "&".join(f"{_escape(name)}={_escape(value)}" for name, value in parameters)


def _component(text: str) -> str:
    return quote(text, safe="!*'()")  # as JavaScript's encodeURIComponent, and so Amplify


def _escape(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")


def _read(response: RawResponse, secrets: Iterable[str]) -> Mapping[str, Any]:
    """Return the members of a response.

    Raises:
        ServiceError: The response is an error. Its message has none of the request's secrets.
    """
    try:
        members = json.loads(response.body)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        members = {}
    # Cognito returns errors with status 400; other servers have returned them with 200.
    if response.status == 200 and members and "error" not in members:
        return members
    error, description = _error_code(members.get("error")), _text(members.get("error_description"))
    error = None if error is None or mask(error, secrets) != error else error
    description = None if description is None else mask(description, secrets)
    # What is not OAuth's form of an error is not quoted: it may hold secrets.
    raise ServiceError(
        description or error or f"the token endpoint answered with HTTP {response.status}",
        name=error or UNKNOWN_ERROR,
        operation=OPERATION,
        has_service_message=description is not None,
        service_status=response.status,
        retryable=response.status in TRANSIENT_STATUS,
    )


def _error_code(value: object) -> str | None:
    """Return an error's code if it has the form of one (RFC 6749, 5.2)."""
    return value if isinstance(value, str) and _ERROR_CODE.fullmatch(value) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(value: object) -> float | None:
    return float(value) if is_number(value) and 0 < value < 1e9 else None


def _access_token(response: Mapping[str, Any]) -> str:
    token = _text(response.get("access_token"))
    if token is None:
        raise InvalidTokens("the token endpoint reported success without an access token")
    return token
