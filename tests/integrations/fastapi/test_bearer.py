"""Bearer tokens in FastAPI: `CognitoBearer`, `CognitoAuth.bearer`, and their description."""

import gc
import logging
from typing import Annotated, Any

import pytest
from attrs import evolve
from fastapi import Depends, FastAPI, Request, Security, WebSocket
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer
from openapi_spec_validator import validate
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from aiocognito import ANY, AuthConfig, Claims, MemoryStorage, OAuthConfig, TokenVerifier
from aiocognito.errors import AuthConfigError
from aiocognito.integrations.fastapi import CognitoAuth, CognitoBearer
from helpers.clock import Clock
from helpers.tokens import ISSUER, POOL, access_claims, id_claims, jwks, key

from .conftest import PASSWORD, MakeSite

CONFIG = AuthConfig(
    user_pool_id=POOL,
    user_pool_client_id="client",
    clock=Clock(),
    oauth=OAuthConfig(
        domain="auth.example.com",
        scopes=("openid", "orders/read"),
        redirect_sign_in=("https://shop.example/docs/oauth2-redirect",),
        redirect_sign_out=("https://shop.example/",),
    ),
)


class MyClaims(BaseModel):
    sub: str
    groups: list[str] = Field(alias="cognito:groups", default=[])
    tenant: str = Field(alias="custom:tenant")


def verifier(**options: Any) -> TokenVerifier:
    settings: dict[str, Any] = {
        "user_pool_id": POOL,
        "client_ids": "client",
        "token_use": "access",
        "jwks": jwks(key()),
        "clock": Clock(),
    }
    return TokenVerifier(**{**settings, **options})


def an_app(bearer: CognitoBearer[Any], **options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.get("/orders")
    async def orders(claims: Annotated[Claims, Security(bearer, scopes=["read/all"])]) -> str:
        return claims.sub

    @app.get("/write")
    async def write(claims: Annotated[Claims, Security(bearer, scopes=["orders/write", "read/all"])]) -> str:
        return claims.sub

    @app.get("/any")
    async def whole(claims: Annotated[Claims, Depends(bearer)]) -> Claims:
        return claims

    @app.get("/optional")
    async def maybe(claims: Annotated[Claims | None, Security(bearer.optional)]) -> str | None:
        return claims.sub if claims else None

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, claims: Annotated[Claims, Security(bearer)]) -> None:
        await websocket.accept()
        await websocket.send_text(claims.sub)
        await websocket.close()

    return app


def shown_scopes(*scopes: str) -> Any:
    """Return a route's scopes as this version of FastAPI shows them for its own scheme of HTTP bearer."""
    app = FastAPI()

    @app.get("/", dependencies=[Security(HTTPBearer(), scopes=scopes)])
    async def page() -> None: ...

    return app.openapi()["paths"]["/"]["get"]["security"][0]["HTTPBearer"]


def token(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {key().token(access_claims(**claims))}"}


@pytest.fixture
def http() -> TestClient:
    return TestClient(an_app(CognitoBearer(verifier())))


def test_claims_of_a_good_token(http: TestClient) -> None:
    assert http.get("/orders", headers=token()).json() == "b0b0b0b0-0000"
    assert http.get("/any", headers=token()).json() == access_claims()
    assert http.get("/optional", headers=token()).json() == "b0b0b0b0-0000"


@pytest.mark.parametrize("path", ["/orders", "/any"])
def test_no_token(http: TestClient, path: str) -> None:
    """A request without a bearer token is refused with 401."""
    answer = http.get(path, headers={"Accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert set(answer.json()) == {"name", "message", "recoverySuggestion", "requestId"}


def test_an_optional_token(http: TestClient) -> None:
    """Without a token, an optional route gets None."""
    assert http.get("/optional").json() is None
    assert http.get("/optional", headers={"Authorization": "Basic x"}).json() is None
    assert http.get("/optional", headers=token(exp=1)).status_code == 401


def test_a_refused_token_is_not_repeated(http: TestClient) -> None:
    headers = token(client_id="evil-client")
    answer = http.get("/orders", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="The token was issued to another app client."'
    )
    assert answer.json()["name"] == "TokenClientError"
    shown = f"{answer.text}{answer.headers}"
    assert "evil-client" not in shown
    assert not any(part in shown for part in headers["Authorization"].split()[1].split("."))


def test_two_headers_are_refused(http: TestClient) -> None:
    good = token()["Authorization"]
    answer = http.get("/orders", headers=[("Authorization", good), ("Authorization", good)])
    assert answer.status_code == 401
    assert "more than once" in answer.headers["www-authenticate"]


def test_scopes_of_the_route(http: TestClient) -> None:
    answer = http.get("/write", headers=token())
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"].endswith('scope="orders/write read/all"')
    assert http.get("/write", headers=token(scope="read/all orders/write")).status_code == 200


class Unreachable:
    async def request(self, *_: Any, **__: Any) -> Any:
        raise OSError("10.0.0.7 unreachable")


def test_keys_that_cannot_be_fetched(caplog: pytest.LogCaptureFixture) -> None:
    http = TestClient(an_app(CognitoBearer(verifier(jwks=None, http_client=Unreachable()))))
    answer = http.get("/orders", headers=token())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["name"] == "JwksUnavailableError"
    assert http.get("/optional", headers=token()).status_code == 503
    assert http.get("/optional").status_code == 200


def test_several_pools_and_clients() -> None:
    other = "eu-west-1_Other"
    issuer = f"https://cognito-idp.eu-west-1.amazonaws.com/{other}"
    both = TokenVerifier.for_pools(
        [
            verifier(client_ids=["client", "second"]),
            verifier(user_pool_id=other, client_ids=ANY, token_use="id", jwks=jwks(key("other"))),
        ]
    )
    http = TestClient(an_app(CognitoBearer(both)))
    assert http.get("/any", headers=token(client_id="second")).status_code == 200
    assert http.get("/any", headers=token(client_id="third")).status_code == 401
    foreign = key("other").token(id_claims(iss=issuer, aud="x"))
    assert http.get("/any", headers={"Authorization": f"Bearer {foreign}"}).json()["iss"] == issuer
    mixed = key("other").token(access_claims(iss=ISSUER))
    assert http.get("/any", headers={"Authorization": f"Bearer {mixed}"}).status_code in (401, 503)


def test_a_model_of_the_claims(caplog: pytest.LogCaptureFixture) -> None:
    bearer = CognitoBearer(verifier(), model=MyClaims)
    app = FastAPI()

    @app.get("/tenant")
    async def tenant(claims: Annotated[MyClaims, Security(bearer)]) -> list[Any]:
        return [claims.tenant, claims.groups]

    http = TestClient(app)
    good = token(**{"custom:tenant": "blue"})
    assert http.get("/tenant", headers=good).json() == ["blue", ["admins", "staff"]]
    caplog.set_level(logging.WARNING)
    wrong = http.get("/tenant", headers=token(**{"custom:tenant": {"evil": "value"}}))
    assert wrong.status_code == 401
    assert wrong.json()["message"] == "The claims of the token do not fit this service: custom:tenant."
    assert wrong.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert "evil" not in f"{wrong.text}{wrong.headers}{caplog.text}"
    assert "MyClaims refuses the claims of a valid token: custom:tenant" in caplog.text


def test_a_model_that_forbids_other_claims_names_none_of_them() -> None:
    class Strict(BaseModel, extra="forbid"):
        sub: str

    bearer = CognitoBearer(verifier(), model=Strict)
    app = FastAPI()

    @app.get("/")
    async def page(claims: Annotated[Strict, Security(bearer)]) -> str:
        return claims.sub

    answer = TestClient(app).get("/", headers=token(evil="1"))
    assert answer.json()["message"] == "The claims of the token do not fit this service: the whole."


@pytest.mark.parametrize(
    "arguments",
    [
        {"verifier": "not a verifier"},
        {"verifier": TokenVerifier},
        {"verifier": verifier(), "model": dict},
        {"verifier": verifier(), "model": MyClaims.model_construct(sub="1")},
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments: dict[str, Any]) -> None:
    name = "model" if "model" in arguments else "verifier"
    with pytest.raises(AuthConfigError, match=f"^{name}: "):
        CognitoBearer(**arguments)


def test_a_websocket_is_refused_before_it_is_accepted() -> None:
    http = TestClient(an_app(CognitoBearer(verifier())))
    with http.websocket_connect("/socket", headers=token()) as socket:
        assert socket.receive_text() == "b0b0b0b0-0000"
    with pytest.raises(WebSocketDenialResponse) as refused, http.websocket_connect("/socket"):
        raise AssertionError
    assert refused.value.status_code == 401
    assert refused.value.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("options", "code"), [({}, 1008), ({"http_client": Unreachable(), "jwks": None}, 1011)]
)
def test_a_websocket_is_closed_where_the_server_cannot_respond(options: dict[str, Any], code: int) -> None:
    app = an_app(CognitoBearer(verifier(**options)))

    async def without_extension(scope: Any, receive: Any, send: Any) -> None:
        scope.pop("extensions", None)
        await app(scope, receive, send)

    connect = TestClient(without_extension).websocket_connect
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        connect("/socket", headers=token() if options else {}),
    ):
        raise AssertionError
    assert closed.value.code == code


class TestHandlersOfTheApplication:
    @pytest.mark.parametrize("kind", ["starlette", "fastapi", 401])
    def test_a_handler_of_its_own_is_used(self, kind: Any) -> None:
        import fastapi

        app = an_app(CognitoBearer(verifier()))
        handled = {"starlette": HTTPException, "fastapi": fastapi.HTTPException}.get(kind, kind)

        @app.exception_handler(handled)
        async def mine(_: Request, error: HTTPException) -> PlainTextResponse:
            return PlainTextResponse(f"mine {error.status_code}", error.status_code, error.headers)

        answer = TestClient(app).get("/orders")
        assert answer.text == "mine 401"
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_other_http_exceptions_are_left_alone(self, http: TestClient) -> None:
        assert http.get("/orders").status_code == 401
        assert http.get("/absent").json() == {"detail": "Not Found"}

    def test_the_dependency_can_be_overridden(self) -> None:
        bearer = CognitoBearer(verifier())
        app = an_app(bearer)
        app.dependency_overrides[bearer] = lambda: Claims({"sub": "of the test"})
        assert TestClient(app).get("/orders").json() == "of the test"


class TestDescription:
    def test_a_verifier_without_oauth_is_http_bearer(self) -> None:
        document = an_app(CognitoBearer(verifier(), description="A token of the shop")).openapi()
        validate(document)
        assert document["components"]["securitySchemes"] == {
            "CognitoAccessToken": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A token of the shop",
            }
        }
        operation = document["paths"]["/write"]["get"]
        assert operation["security"] == [{"CognitoAccessToken": shown_scopes("orders/write", "read/all")}]
        assert CognitoBearer(verifier()).swagger_ui_init_oauth == {}

    def test_a_verifier_of_a_configuration_with_oauth_has_the_hosted_ui(self) -> None:
        bearer = CognitoBearer(TokenVerifier.from_config(CONFIG, token_use="access"))
        document = an_app(bearer).openapi()
        validate(document)
        assert document["components"]["securitySchemes"] == {
            "CognitoAccessToken": {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "https://auth.example.com/oauth2/authorize",
                        "tokenUrl": "https://auth.example.com/oauth2/token",
                        "scopes": {"openid": "openid", "orders/read": "orders/read"},
                    }
                },
            }
        }
        assert bearer.swagger_ui_init_oauth == {
            "clientId": "client",
            "scopes": "openid orders/read",
            "usePkceWithAuthorizationCodeGrant": True,
        }

    def test_the_button_sends_the_id_token_where_one_is_required(self) -> None:
        bearer = CognitoBearer(TokenVerifier.from_config(CONFIG, token_use="id"), scheme_name="Shop")
        (scheme,) = an_app(bearer).openapi()["components"]["securitySchemes"].items()
        assert scheme[0] == "Shop"
        assert scheme[1]["x-tokenName"] == "id_token"

    @pytest.mark.parametrize(("use", "name"), [("id", "CognitoIdToken"), (ANY, "CognitoToken")])
    def test_the_schemes_name(self, use: Any, name: str) -> None:
        """The name of the security scheme says which token is expected."""
        assert CognitoBearer(verifier(token_use=use)).scheme_name == name

    def test_of_several_pools_none_has_the_button(self) -> None:
        both = TokenVerifier.for_pools(
            [TokenVerifier.from_config(CONFIG, token_use="id"), verifier(user_pool_id="eu-west-1_Other")]
        )
        assert both.config is None
        assert both.token_use is None
        (scheme,) = an_app(CognitoBearer(both)).openapi()["components"]["securitySchemes"].values()
        assert scheme["type"] == "http"


class TestWithSessions:
    """`CognitoAuth.bearer`."""

    def test_tokens_of_the_pool(self, make_site: MakeSite) -> None:
        site = make_site()
        site.app.include_router(site.cognito.json_router(tokens=True), prefix="/auth")

        @site.app.get("/orders")
        async def orders(claims: Annotated[Claims, Security(site.cognito.bearer())]) -> str | None:
            return claims.username

        @site.app.post("/change")
        async def change(
            claims: Annotated[Claims, Security(site.cognito.bearer(token_use="id", groups="admins"))],
        ) -> str | None:
            return claims.username

        browser = site.browser()
        tokens = {}
        for name in ("ana", "ben"):
            browser.cookies.clear()
            browser.post("/auth/sign-in", json={"username": name, "password": PASSWORD})
            tokens[name] = browser.get("/auth/session").json()["tokens"]
        browser.cookies.clear()
        access = {"Authorization": f"Bearer {tokens['ana']['accessToken']}"}
        assert browser.get("/orders", headers=access).json() == "ana"
        assert browser.post("/change", headers=access).status_code == 401
        # No session, so another site's page is not refused: it cannot send the header.
        identity = {"Authorization": f"Bearer {tokens['ana']['idToken']}", "Origin": "https://evil.example"}
        answer = browser.post("/change", headers=identity)
        assert answer.json() == "ana"
        assert "set-cookie" not in answer.headers
        other = {"Authorization": f"Bearer {tokens['ben']['idToken']}"}
        refused = browser.post("/change", headers=other)
        assert (refused.status_code, refused.json()["name"]) == (403, "TokenGroupError")
        missing = browser.get("/orders", headers={"Accept": "text/html"}, follow_redirects=False)
        assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "Bearer")
        assert missing.headers["content-type"] == "application/json"

    def test_two_runs_one_after_the_other_have_verifiers_of_their_own(self, make_site: MakeSite) -> None:
        site = make_site()

        @site.app.get("/orders")
        async def orders(claims: Annotated[Claims, Security(site.cognito.bearer())]) -> str:
            return claims.sub

        for _ in range(2):
            with TestClient(site.app, base_url="https://testserver") as browser:
                assert browser.get("/orders", headers=token()).json()["name"] == "TokenIssuerError"
        gc.collect()

    def test_without_a_lifespan_the_error_names_it(self, make_site: MakeSite) -> None:
        site = make_site()

        @site.app.get("/orders")
        async def orders(claims: Annotated[Claims, Security(site.cognito.bearer())]) -> str:
            return claims.sub

        with pytest.raises(RuntimeError, match="lifespan="):
            TestClient(site.app).get("/orders", headers=token())

    def test_the_configuration_is_made_when_the_description_is(self) -> None:
        made: list[AuthConfig] = []

        def config() -> AuthConfig:
            made.append(CONFIG)
            return CONFIG

        cognito = CognitoAuth(config, storage=MemoryStorage())
        app = FastAPI(lifespan=cognito.lifespan)
        cognito.install(app)

        @app.get("/orders")
        async def orders(claims: Annotated[Claims, Security(cognito.bearer(), scopes=["x/y"])]) -> str:
            return claims.sub

        assert made == []
        document = app.openapi()
        assert made == [CONFIG]
        validate(document)
        (scheme,) = document["components"]["securitySchemes"].values()
        assert scheme["type"] == "oauth2"
        assert document["paths"]["/orders"]["get"]["security"] == [
            {"CognitoAccessToken": shown_scopes("x/y")}
        ]

    def test_the_button_is_set_up_at_start_up(self) -> None:
        configs = [CONFIG, evolve(CONFIG, user_pool_client_id="second"), evolve(CONFIG, oauth=None)]
        cognito = CognitoAuth(lambda: configs[0], storage=MemoryStorage())
        app = FastAPI(lifespan=cognito.lifespan)
        cognito.install(app)
        found = []
        while configs:
            with TestClient(app, base_url="https://testserver") as browser:
                page = browser.get("/docs").text
                found.append([each for each in ("client", "second") if f'"clientId": "{each}"' in page])
                assert ("usePkceWithAuthorizationCodeGrant" in page) is (configs[0].oauth is not None)
            del configs[0]
        assert found == [["client"], ["second"], []]

    def test_a_button_of_the_applications_own_is_left(self) -> None:
        cognito = CognitoAuth(CONFIG, storage=MemoryStorage())
        app = FastAPI(lifespan=cognito.lifespan, swagger_ui_init_oauth={"clientId": "mine"})
        cognito.install(app)
        with TestClient(app):
            assert app.swagger_ui_init_oauth == {"clientId": "mine"}

    @pytest.mark.parametrize(
        ("arguments", "name"),
        [
            ({"token_use": "refresh"}, "token_use"),
            ({"token_use": "id", "scopes": ["openid"]}, "scopes"),
            ({"groups": []}, "groups"),
            ({"groups": [""]}, "groups"),
            ({"groups": 7}, "groups"),
            ({"scopes": ()}, "scopes"),
        ],
    )
    def test_arguments_that_do_not_fit_are_named(self, arguments: dict[str, Any], name: str) -> None:
        cognito = CognitoAuth(CONFIG, storage=MemoryStorage())
        with pytest.raises(AuthConfigError, match=f"^{name}: "):
            cognito.bearer(**arguments)

    def test_a_callable_that_returns_something_else_is_named(self) -> None:
        cognito = CognitoAuth(lambda: "config", storage=MemoryStorage())  # type: ignore[arg-type,return-value]  # what is not a configuration is refused
        app = FastAPI()

        @app.get("/orders")
        async def orders(claims: Annotated[Claims, Security(cognito.bearer(scopes="a/b"))]) -> str:
            return claims.sub

        with pytest.raises(AuthConfigError, match=r"^config: the callable returned str"):
            app.openapi()
