"""Bearer tokens in FastAPI: a security scheme whose Authorize button uses the hosted UI."""

import logging
from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar, cast, overload

from attrs import evolve, frozen
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import HTTPException, WebSocketException
from fastapi.openapi.models import HTTPBearer, OAuth2, OAuthFlowAuthorizationCode, OAuthFlows
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from .._claims import ID, Claims
from .._config import AuthConfig
from .._public import public
from .._verifier import TokenVerifier
from .._web.bearer import (
    ClaimsError,
    Refusal,
    refusal_of,
    required_names,
    required_scopes,
    verified_claims,
)
from .._web.error_responses import close_code, log_failure
from ..errors import AuthConfigError, AuthError
from ._starlette import can_deny

logger = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class BearerRefused(HTTPException):
    """The response to a refused token: FastAPI's own exception, for an application that handles it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status, refusal.document, refusal.headers)


@frozen
class BearerSettings:
    """What a scheme verifies, and how it is described.

    Attributes:
        verifier: Returns the verifier of the running event loop.
        config: Returns the configuration for the description, when OpenAPI is made; None without one.
        token_use: ``access`` or ``id``; None for both.
        groups: The user must be in one of them.
        scopes: The token must have all of them.
        model: The form of the claims.
        optional: Whether a request may have no token.
        scheme_name: The scheme's name in OpenAPI.
        description: The scheme's description.
    """

    verifier: Callable[[], TokenVerifier]
    config: Callable[[], AuthConfig | None]
    token_use: str | None
    groups: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    model: type[BaseModel] | None = None
    optional: bool = False
    scheme_name: str | None = None
    description: str | None = None


@public("aiocognito.integrations.fastapi")
class CognitoBearer(SecurityBase, Generic[T]):
    """Requires a user pool's token in the header ``Authorization``, for a service without sessions.

    It is a dependency for ``Security``, which may name scopes that the route requires::

        bearer = CognitoBearer(TokenVerifier.from_config(config, token_use="access"))


        @app.get("/orders")
        async def orders(claims: Annotated[Claims, Security(bearer, scopes=["orders/read"])]) -> str:
            return claims.sub

    A request without a token, or with one that is refused, gets 401 with ``WWW-Authenticate``; one whose
    token lacks a group or a scope 403; and one whose token could not be verified, because the keys could
    not be fetched, 503. No response repeats any part of the token. ``bearer.optional`` is the same for
    routes that requests without a token may use: it returns None for them.

    In OpenAPI, the scheme is OAuth 2 with the hosted UI if the verifier was made with
    `~aiocognito.TokenVerifier.from_config` of a configuration with ``oauth``. Otherwise it is HTTP bearer.

    Args:
        verifier: Verifies the tokens; `~aiocognito.TokenVerifier.for_pools` makes one for several user
            pools. The caller closes it.
        model: A pydantic model of the claims, which the dependency returns in place of `Claims`.
        scheme_name: The scheme's name in OpenAPI; needed if two schemes of an application differ.
        description: The scheme's description in OpenAPI.

    Raises:
        AuthConfigError: ``verifier`` is not a `TokenVerifier`, or ``model`` not a pydantic model.
    """

    @overload
    def __init__(
        self: "CognitoBearer[Claims]",
        verifier: TokenVerifier,
        *,
        model: None = None,
        scheme_name: str | None = None,
        description: str | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self: "CognitoBearer[M]",
        verifier: TokenVerifier,
        *,
        model: type[M],
        scheme_name: str | None = None,
        description: str | None = None,
    ) -> None: ...

    def __init__(
        self,
        verifier: TokenVerifier,
        *,
        model: type[BaseModel] | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
    ) -> None:
        if not isinstance(verifier, TokenVerifier):
            raise AuthConfigError(
                "must be a TokenVerifier, such as TokenVerifier.from_config(config, token_use='access')",
                field="verifier",
            )
        if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise AuthConfigError("must be a pydantic model, a subclass of BaseModel", field="model")
        self._settings = BearerSettings(
            verifier=lambda: verifier,
            config=lambda: verifier.config,
            token_use=verifier.token_use,
            model=model,
            scheme_name=scheme_name,
            description=description,
        )

    @classmethod
    def _of(cls, settings: BearerSettings) -> "CognitoBearer[Any]":
        made = cls.__new__(cls)
        made._settings = settings
        return made

    async def __call__(self, connection: HTTPConnection, security_scopes: SecurityScopes) -> T:
        """Return the claims of the request's token.

        Args:
            connection: The request or websocket.
            security_scopes: The scopes that the route requires.

        Raises:
            HTTPException: The token is refused or could not be verified.
        """
        settings = self._settings
        try:
            claims = await verified_claims(
                connection.headers.getlist("authorization"),
                settings.verifier(),
                groups=settings.groups,
                scopes=settings.scopes.union(security_scopes.scopes),
                optional=settings.optional,
            )
            return cast("T", claims if claims is None else _in_form(claims, settings.model))
        except AuthError as error:
            refused = error
        # Raised out here: the causes of a refused token are of no use to those who read the log.
        log_failure(connection.scope.get("method", "GET"), connection.scope["path"], refused)
        raise _refused(connection, refusal_of(refused))

    @property
    def optional(self) -> "CognitoBearer[T | None]":
        """The same dependency for requests that may have no token, for which it returns None."""
        return CognitoBearer._of(evolve(self._settings, optional=True))

    @property
    def scheme_name(self) -> str:  # type: ignore[override]  # FastAPI reads it when OpenAPI is made
        """The scheme's name in OpenAPI."""
        names = {"access": "CognitoAccessToken", "id": "CognitoIdToken"}
        return self._settings.scheme_name or names.get(self._settings.token_use or "", "CognitoToken")

    @property
    def model(self) -> SecurityModel:  # type: ignore[override]  # the same
        """The scheme in OpenAPI. The configuration is read now, and not before."""
        description, config = self._settings.description, self._settings.config()
        if config is None or config.oauth is None:
            return HTTPBearer(description=description, bearerFormat="JWT")
        base = config.oauth.base_url
        flow = OAuthFlowAuthorizationCode(
            authorizationUrl=f"{base}/oauth2/authorize",
            tokenUrl=f"{base}/oauth2/token",
            scopes={scope: scope for scope in config.oauth.scopes},
        )
        # Swagger UI sends the access token, unless this extension names another.
        extension: dict[str, Any] = {"x-tokenName": "id_token"} if self._settings.token_use == ID else {}
        return OAuth2(flows=OAuthFlows(authorizationCode=flow), description=description, **extension)

    @property
    def swagger_ui_init_oauth(self) -> dict[str, Any]:
        """The settings of Swagger UI's Authorize button, for ``FastAPI(swagger_ui_init_oauth=…)``.

        The app client must have no secret, and ``/docs/oauth2-redirect`` among its callback URLs.
        """
        config = self._settings.config()
        return {} if config is None else swagger_ui_oauth(config)


def swagger_ui_oauth(config: AuthConfig) -> dict[str, Any]:
    """Return the settings of Swagger UI's Authorize button: the app client, with PKCE."""
    if config.oauth is None:
        return {}
    return {
        "clientId": config.user_pool_client_id or "",
        "scopes": " ".join(config.oauth.scopes),
        "usePkceWithAuthorizationCodeGrant": True,
    }


def make_bearer(
    *,
    verifier: Callable[[], TokenVerifier],
    config: Callable[[], AuthConfig | None],
    token_use: str,
    groups: str | Collection[str] | None,
    scopes: str | Collection[str] | None,
) -> CognitoBearer[Claims]:
    """Return the scheme of an application with sessions.

    Args:
        verifier: Returns the verifier of the running event loop.
        config: Returns the configuration, when OpenAPI is made.
        token_use: ``access`` or ``id``.
        groups: The user must be in one of them.
        scopes: The token must have all of them.

    Raises:
        AuthConfigError: A value is malformed, or scopes are asked of id tokens, which have none.
    """
    if token_use not in ("access", "id"):
        raise AuthConfigError("must be 'access' or 'id'", field="token_use")
    return CognitoBearer._of(
        BearerSettings(
            verifier=verifier,
            config=config,
            token_use=token_use,
            groups=required_names(groups, "groups"),
            scopes=required_scopes(scopes, token_use),
        )
    )


def _in_form(claims: Claims, model: type[BaseModel] | None) -> object:
    """Return the claims in the form of a model.

    Raises:
        ClaimsError: The model refuses them. The message names the model's own fields only.
    """
    if model is None:
        return claims
    try:
        return model.model_validate(dict(claims))
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors(include_input=False) if each["loc"]}
    own = {alias for name, field in model.model_fields.items() for alias in (name, field.alias)}
    names = ", ".join(sorted(wrong & own)) or "the whole"
    logger.warning("%s refuses the claims of a valid token: %s", model.__name__, names)
    # Raised out here: pydantic's error quotes the claims.
    raise ClaimsError(f"The claims of the token do not fit this service: {names}.")


def _refused(connection: HTTPConnection, refusal: Refusal) -> Exception:
    if connection.scope["type"] == "websocket" and not can_deny(connection):
        return WebSocketException(close_code(refusal.status))
    _handle_refusals(connection)
    return BearerRefused(refusal)


def _handle_refusals(connection: HTTPConnection) -> None:
    """Answer refusals in the form of other errors, unless the application handles HTTPException itself."""
    handlers: dict[Any, Any] = connection.scope.get("starlette.exception_handlers", ({}, {}))[0]
    is_default = handlers.get(StarletteHTTPException) is http_exception_handler
    if is_default and HTTPException not in handlers:
        handlers.setdefault(BearerRefused, _refusal_response)


async def _refusal_response(_: HTTPConnection, error: BearerRefused) -> Response:
    return JSONResponse(error.detail, error.status_code, error.headers)
