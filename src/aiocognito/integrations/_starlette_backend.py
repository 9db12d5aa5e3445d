"""Starlette's ``request.user`` and ``request.auth``, from the session or from a bearer token."""

from typing import Any, Final

from attrs import frozen
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response

from .._claims import Claims
from .._public import public
from .._verifier import TokenVerifier
from .._web.bearer import Refusal, refusal_of, verified_claims
from .._web.error_responses import log_failure
from .._web.guards import is_signed_out, user_and_claims
from .._web.service import WebService
from ..errors import AuthConfigError, AuthError
from ._starlette import client_of

AUTHENTICATED: Final = "authenticated"


@public("aiocognito.integrations.starlette")
@frozen
class CognitoUser(BaseUser):
    """The signed-in user, as ``request.user``.

    Attributes:
        user_id: The user's id, the ``sub`` of the tokens.
        username: The name that Cognito knows the user by; for a machine's token, its app client.
        claims: The claims of the access token, or of the token that was sent.
    """

    user_id: str
    username: str
    claims: Claims

    @property
    def is_authenticated(self) -> bool:
        """True."""
        return True

    @property
    def display_name(self) -> str:
        """The username."""
        return self.username

    @property
    def identity(self) -> str:
        """The user's id."""
        return self.user_id


class _RefusedError(AuthenticationError):
    """A bearer token is refused, or could not be verified."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.document["message"])
        self.refusal = refusal


@public("aiocognito.integrations.starlette")
class CognitoBackend(AuthenticationBackend):
    """Sets ``request.user`` and ``request.auth``, for Starlette's ``AuthenticationMiddleware``.

    With a `CognitoAuth` they come from the browser's session, which is then read for each request. With a
    `TokenVerifier` they come from the token in the header ``Authorization``, and the service needs no
    sessions::

        backend = CognitoBackend(verifier)
        Middleware(AuthenticationMiddleware, backend=backend, on_error=backend.on_error)

    The credentials are ``authenticated``, the user's groups and the access token's scopes, for
    ``@requires("admins")``. Without a session or a token the user is Starlette's ``UnauthenticatedUser``.
    A token that is refused is an error, which `on_error` answers.

    Args:
        verifier_or_auth: Verifies the tokens; or the application's `CognitoAuth`, whose ``install`` is
            called after this middleware was added.

    Raises:
        AuthConfigError: The argument is neither.
    """

    def __init__(self, verifier_or_auth: object) -> None:
        self._verifier = verifier_or_auth if isinstance(verifier_or_auth, TokenVerifier) else None
        is_auth = isinstance(getattr(verifier_or_auth, "_service", None), WebService)
        if self._verifier is None and not is_auth:
            raise AuthConfigError("must be a TokenVerifier or a CognitoAuth", field="verifier_or_auth")

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Return the credentials and the user; None without a session or a token.

        Args:
            conn: The request or websocket.

        Raises:
            starlette.authentication.AuthenticationError: The token is refused, or could not be verified.
            CsrfError: Another site may have sent the request.
            AuthError: The storage or Cognito failed.
        """
        if self._verifier is not None:
            return await _of_token(conn, self._verifier)
        return await _of_session(conn)

    @staticmethod
    def on_error(conn: HTTPConnection, error: Exception) -> Response:  # noqa: ARG004 - Starlette's form
        """Answer a refused token: 401 with ``WWW-Authenticate`` (RFC 6750), or 503 without the keys.

        Pass it as ``AuthenticationMiddleware(…, on_error=backend.on_error)``; Starlette's default answers
        400.

        Args:
            conn: The request.
            error: What `authenticate` raised.
        """
        if not isinstance(error, _RefusedError):
            return PlainTextResponse(str(error), 400)
        refusal = error.refusal
        return JSONResponse(refusal.document, refusal.status, refusal.headers)


async def _of_session(conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
    try:
        user, payload = await user_and_claims(client_of(conn))
    except AuthError as error:
        if not is_signed_out(error):
            raise
        return None
    return _signed_in(user.user_id, user.username, Claims(payload))


async def _of_token(conn: HTTPConnection, verifier: TokenVerifier) -> tuple[AuthCredentials, BaseUser] | None:
    try:
        claims = await verified_claims(conn.headers.getlist("authorization"), verifier, optional=True)
    except AuthError as error:
        refused = error
    else:
        return None if claims is None else _signed_in(claims.sub, claims.username or claims.client_id, claims)
    # Raised out here: the causes of a refused token are of no use to those who read the log.
    log_failure(conn.scope.get("method", "GET"), conn.scope["path"], refused)
    raise _RefusedError(refusal_of(refused))


def _signed_in(user_id: str, username: str, claims: Claims) -> tuple[AuthCredentials, BaseUser]:
    credentials: list[Any] = [AUTHENTICATED, *claims.groups, *claims.scopes]
    return AuthCredentials(credentials), CognitoUser(user_id, username, claims)
