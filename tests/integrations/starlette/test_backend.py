"""``request.user`` and ``request.auth`` in Starlette."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.authentication import UnauthenticatedUser, requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from aiocognito import Claims, MemoryStorage, TokenVerifier
from aiocognito.emulator import ThreadedUserPool, run_in_thread
from aiocognito.errors import AuthConfigError, StorageError
from aiocognito.integrations import fastapi
from aiocognito.integrations.starlette import CognitoAuth, CognitoBackend, CognitoUser, auth_client
from helpers.clock import Clock
from helpers.tokens import POOL, access_claims, jwks, key

PASSWORD = "Correct-Horse-7"


async def who(request: Request) -> JSONResponse:
    user = request.user
    shown = {"name": user.display_name, "scopes": list(request.auth.scopes)}
    return JSONResponse({**shown, "id": user.identity} if user.is_authenticated else shown)


@requires("admins")
async def admin(request: Request) -> JSONResponse:
    return JSONResponse({"ok": True})


@requires("read/all")
async def orders(request: Request) -> JSONResponse:
    return JSONResponse({"sub": request.user.claims.sub})


async def sign_in(request: Request) -> JSONResponse:
    return JSONResponse((await auth_client(request).sign_in("ana", PASSWORD)).to_dict())


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.user.display_name)
    await websocket.close()


ROUTES = [
    Route("/who", who),
    Route("/admin", admin),
    Route("/orders", orders),
    Route("/sign-in", sign_in, methods=["POST"]),
    WebSocketRoute("/socket", socket),
]


def verifier(**options: Any) -> TokenVerifier:
    settings: dict[str, Any] = {
        "user_pool_id": POOL,
        "client_ids": "client",
        "token_use": "access",
        "jwks": jwks(key()),
        "clock": Clock(),
    }
    return TokenVerifier(**{**settings, **options})


def bearer_app(verifier: TokenVerifier, **options: Any) -> TestClient:
    backend = CognitoBackend(verifier)
    options.setdefault("on_error", backend.on_error)
    middleware = [Middleware(AuthenticationMiddleware, backend=backend, **options)]
    return TestClient(Starlette(routes=ROUTES, middleware=middleware))


def token(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {key().token(access_claims(**claims))}"}


@pytest.fixture
def http() -> TestClient:
    return bearer_app(verifier())


def test_a_token_gives_its_user_groups_and_scopes(http: TestClient) -> None:
    headers = token(**{"cognito:groups": ["admins", "staff"]})
    shown = http.get("/who", headers=headers).json()
    assert shown["scopes"][:3] == ["authenticated", "admins", "staff"]
    assert "read/all" in shown["scopes"]
    assert shown["id"] == "b0b0b0b0-0000"
    assert http.get("/admin", headers=headers).json() == {"ok": True}
    assert http.get("/orders", headers=headers).json() == {"sub": "b0b0b0b0-0000"}


def test_a_token_without_the_group_or_scope_is_403(http: TestClient) -> None:
    assert http.get("/admin", headers=token(**{"cognito:groups": ["staff"]})).status_code == 403
    assert http.get("/orders", headers=token(scope="other")).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic x"}], ids=str)
def test_without_a_token_the_user_is_not_authenticated(http: TestClient, headers: dict[str, str]) -> None:
    assert http.get("/who", headers=headers).json() == {"name": "", "scopes": []}
    assert http.get("/admin", headers=headers).status_code == 403


def test_a_refused_token_is_401_and_not_repeated(http: TestClient) -> None:
    headers = token(client_id="evil-client")
    answer = http.get("/who", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert answer.json()["name"] == "TokenClientError"
    assert "evil-client" not in f"{answer.text}{answer.headers}"
    assert http.get("/who", headers=token(exp=1)).status_code == 401


def test_starlettes_own_answer_repeats_no_token() -> None:
    answer = bearer_app(verifier(), on_error=None).get("/who", headers=token(client_id="evil-client"))
    assert (answer.status_code, answer.text) == (400, "The token was issued to another app client.")


def test_a_machines_token_is_named_after_its_app_client(http: TestClient) -> None:
    claims = {name: value for name, value in access_claims().items() if name != "username"}
    headers = {"Authorization": f"Bearer {key().token(claims)}"}
    assert http.get("/who", headers=headers).json()["name"] == "client"


class Unreachable:
    """An HTTP client that reaches nothing."""

    async def request(self, *_: Any, **__: Any) -> Any:
        """Fail."""
        raise OSError("10.0.0.7 unreachable")


def test_keys_that_cannot_be_fetched_are_503(caplog: pytest.LogCaptureFixture) -> None:
    http = bearer_app(verifier(jwks=None, http_client=Unreachable()))
    with caplog.at_level(logging.ERROR):
        answer = http.get("/who", headers=token())
    assert (answer.status_code, answer.json()["name"]) == (503, "JwksUnavailableError")
    assert answer.headers["retry-after"]
    assert "10.0.0.7" not in answer.text
    assert "JwksUnavailableError" in caplog.text


def test_a_websocket_with_a_refused_token_is_closed(http: TestClient) -> None:
    with http.websocket_connect("/socket", headers=token()) as opened:
        assert opened.receive_text() == "ana"
    with pytest.raises(WebSocketDisconnect), http.websocket_connect("/socket", headers=token(exp=1)):
        pass


def test_other_errors_have_starlettes_answer() -> None:
    answer = CognitoBackend.on_error(None, ValueError("a reason"))  # type: ignore[arg-type]  # not used
    assert (answer.status_code, answer.body) == (400, b"a reason")


@pytest.mark.parametrize("bad", [None, "verifier", CognitoBackend])
def test_another_argument_is_refused(bad: object) -> None:
    with pytest.raises(AuthConfigError, match="verifier_or_auth: must be a TokenVerifier or a CognitoAuth"):
        CognitoBackend(bad)


def test_fastapis_object_is_taken_as_well() -> None:
    cognito = fastapi.CognitoAuth(lambda: None, storage=MemoryStorage())  # type: ignore[arg-type,return-value]  # never called
    assert isinstance(CognitoBackend(cognito), CognitoBackend)


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadedUserPool]:
    with run_in_thread() as emulator:
        pool = emulator.create_user_pool()
        pool.add_user("ana", PASSWORD, groups=("admins",))
        yield pool


@contextmanager
def session_app(pool: ThreadedUserPool, **options: Any) -> Iterator[TestClient]:
    options.setdefault("storage", MemoryStorage(clock=pool.config.clock))
    cognito = CognitoAuth(pool.config, **options)
    middleware = [Middleware(AuthenticationMiddleware, backend=CognitoBackend(cognito))]
    app = Starlette(routes=ROUTES, middleware=middleware, lifespan=cognito.lifespan)
    cognito.install(app)
    with TestClient(app, base_url="https://testserver") as browser:
        yield browser


def test_a_session_gives_its_user_groups_and_scopes(pool: ThreadedUserPool) -> None:
    with session_app(pool) as browser:
        assert browser.get("/who").json() == {"name": "", "scopes": []}
        browser.post("/sign-in")
        shown = browser.get("/who").json()
        assert shown["name"] == "ana"
        assert shown["scopes"][:2] == ["authenticated", "admins"]
        assert "aws.cognito.signin.user.admin" in shown["scopes"]
        assert browser.get("/admin").json() == {"ok": True}
        with browser.websocket_connect("wss://testserver/socket") as opened:
            assert opened.receive_text() == "ana"


def test_another_sites_request_is_refused(pool: ThreadedUserPool) -> None:
    with session_app(pool) as browser:
        answer = browser.post("/sign-in", headers={"origin": "https://evil.example"})
        assert (answer.status_code, answer.json()["name"]) == (403, "CsrfError")


def test_a_storage_that_fails_is_503(pool: ThreadedUserPool) -> None:
    class Broken(MemoryStorage):
        async def get(self, key: str) -> bytes | None:
            raise StorageError("refused")

    with session_app(pool, storage=Broken()) as browser:
        answer = browser.get("/who", headers={"cookie": "__Host-aiocognito=" + "A" * 43})
        assert (answer.status_code, answer.json()["name"]) == (503, "StorageError")


def test_the_user_is_a_value() -> None:
    user = CognitoUser("1", "ana", Claims({"sub": "1"}))
    assert user == CognitoUser("1", "ana", Claims({"sub": "1"}))
    assert not isinstance(user, UnauthenticatedUser)
