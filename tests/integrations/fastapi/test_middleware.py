"""The middleware among others: compression, CORS, BaseHTTPMiddleware, mounted applications, and handlers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from aiocognito import AuthClient, AuthUser, FileStorage, MemoryStorage, UserContext
from aiocognito.emulator import ThreadedEmulator
from aiocognito.errors import AuthConfigError, AuthError, UserUnAuthenticatedException
from aiocognito.integrations.fastapi import (
    Auth,
    CognitoAuth,
    CookiePolicy,
    CurrentUser,
    OptionalUser,
    auth_client,
    current_user,
    optional_user,
    require_groups,
)

from .conftest import PASSWORD, MakeSite, Site, add_routes, user_context_of
from .test_bad_input import COOKIE, set_cookies, signed_in


async def passes(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers["x-passed"] = "yes"
    return response


def test_other_middleware_around_and_inside(emulator: ThreadedEmulator, pool: Any) -> None:
    cognito = CognitoAuth(pool.config, storage=MemoryStorage(clock=pool.config.clock))
    app = FastAPI(lifespan=cognito.lifespan)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    app.add_middleware(BaseHTTPMiddleware, dispatch=passes)
    cognito.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    app.add_middleware(BaseHTTPMiddleware, dispatch=passes)
    app.add_middleware(
        CORSMiddleware, allow_origins=["https://front.example"], allow_credentials=True, allow_methods=["*"]
    )
    add_routes(app)
    site = Site(emulator, pool, cognito, app)
    with site.stack:
        browser = site.browser()
        response = browser.post("/sign-in")
        assert len(set_cookies(response)) == 2
        assert response.headers["x-passed"] == "yes"
        page = browser.get("/profile", headers={"origin": "https://front.example"})
        assert page.json() == {"username": "ana"}
        assert {part.strip() for part in page.headers["vary"].split(",")} >= {"Cookie", "Accept-Encoding"}
        assert page.headers["access-control-allow-origin"] == "https://front.example"
        streamed = site.browser().get("/stream")
        assert streamed.text == "begin  end"
        assert len(set_cookies(streamed)) == 2


def test_responses_of_the_routes_own_have_the_cookie(site: Site) -> None:
    router = APIRouter()

    @router.post("/redirect")
    async def redirect(auth: Auth) -> RedirectResponse:
        await auth.sign_in("ana", PASSWORD)
        return RedirectResponse("/me", 303)

    @router.post("/refuse")
    async def refuse(auth: Auth) -> None:
        await auth.sign_in("ana", PASSWORD)
        raise HTTPException(418)

    site.app.include_router(router)
    browser = site.browser()
    assert browser.post("/redirect").json() == {"username": "ana"}
    other = site.browser()
    assert other.post("/refuse").status_code == 418
    assert other.get("/me").json() == {"username": "ana"}


@pytest.mark.parametrize(
    ("cache_control", "expected"),
    [(None, "private, no-store"), ("max-age=60", "max-age=60"), ("public, max-age=60", "public, max-age=60")],
)
def test_the_routes_cache_control_stays(site: Site, cache_control: str | None, expected: str) -> None:
    @site.app.get("/cached")
    async def cached(user: OptionalUser, response: Response) -> dict[str, bool]:
        if cache_control is not None:
            response.headers["cache-control"] = cache_control
        response.headers["vary"] = "Accept-Language"
        return {"ok": True}

    response = site.browser().get("/cached")
    assert response.headers["cache-control"] == expected
    assert response.headers["vary"] == "Accept-Language, Cookie"


def test_a_shared_cache_stores_no_cookie(site: Site) -> None:
    @site.app.post("/cached")
    async def cached(auth: Auth, response: Response) -> dict[str, bool]:
        await auth.sign_in("ana", PASSWORD)
        response.headers["cache-control"] = "public, max-age=60"
        return {"ok": True}

    response = site.browser().post("/cached")
    assert response.headers["cache-control"] == "private, no-store"


def test_a_handler_of_the_application_stays(site: Site) -> None:
    @site.app.exception_handler(UserUnAuthenticatedException)
    async def signed_out(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"ours": 2}, 498)

    assert site.browser().get("/profile").json() == {"ours": 2}


@pytest.mark.parametrize("is_before", [True, False])
def test_the_applications_own_handler_answers(pool: Any, is_before: bool) -> None:
    async def answer(request: Request, error: Any) -> JSONResponse:
        return JSONResponse({"ours": error.name}, 499)

    cognito = CognitoAuth(pool.config, storage=MemoryStorage())
    app = FastAPI(lifespan=cognito.lifespan)
    if is_before:
        app.add_exception_handler(AuthError, answer)
    cognito.install(app)
    cognito.install(app)
    assert len(app.user_middleware) == 1
    if not is_before:
        app.add_exception_handler(AuthError, answer)
    add_routes(app)
    with TestClient(app, base_url="https://testserver") as browser:
        response = browser.get("/profile")
        assert (response.status_code, response.json()) == (499, {"ours": "UserUnAuthenticatedException"})


@pytest.mark.parametrize("kind", ["default", "plain", "async"])
def test_an_error_in_a_middleware_is_answered_by_the_handler(pool: Any, kind: str) -> None:
    async def needs_user(request: Request, call_next: Any) -> Response:
        await current_user(request)
        raise AssertionError("not reached")

    cognito = CognitoAuth(pool.config, storage=MemoryStorage())
    app = FastAPI(lifespan=cognito.lifespan)
    app.add_middleware(BaseHTTPMiddleware, dispatch=needs_user)
    cognito.install(app)
    if kind == "plain":
        app.add_exception_handler(AuthError, lambda request, error: JSONResponse({"ours": 1}, 499))
    if kind == "async":

        async def answer(request: Request, error: Exception) -> JSONResponse:
            return JSONResponse({"ours": 1}, 499)

        app.add_exception_handler(AuthError, answer)
    with TestClient(app, base_url="https://testserver") as browser:
        response = browser.get("/")
        assert response.status_code == (401 if kind == "default" else 499)
        assert ("ours" in response.json()) is (kind != "default")


def test_an_error_in_a_middleware_refuses_a_websocket(pool: Any) -> None:
    class NeedsUser:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "websocket":
                raise UserUnAuthenticatedException("no user is signed in")
            await self.app(scope, receive, send)

    cognito = CognitoAuth(pool.config, storage=MemoryStorage())
    app = FastAPI(lifespan=cognito.lifespan)
    app.add_middleware(NeedsUser)
    cognito.install(app)
    with (
        TestClient(app, base_url="https://testserver") as browser,
        pytest.raises(WebSocketDenialResponse) as refused,
        browser.websocket_connect("wss://testserver/x"),
    ):
        pass
    assert refused.value.status_code == 401


def test_dependencies_can_be_overridden(site: Site) -> None:
    site.app.dependency_overrides[current_user] = lambda: AuthUser("tess", "1")
    site.app.dependency_overrides[optional_user] = lambda: None
    browser = site.browser()
    assert browser.get("/profile").json() == {"username": "tess"}
    assert browser.get("/me").json() == {"username": None}
    assert browser.get("/admin").status_code == 401


def test_overriding_the_client_overrides_all(site: Site, pool: Any) -> None:
    async def of_ana(request: Request) -> AsyncIterator[AuthClient]:
        client = site.cognito.sessions.client(site.cognito.sessions.new_session_key())
        await client.sign_in("ana", PASSWORD)
        yield client

    site.app.dependency_overrides[auth_client] = of_ana
    browser = site.browser()
    for path in ("/profile", "/me"):
        assert browser.get(path).json() == {"username": "ana"}
    for path in ("/admin", "/danger"):
        assert browser.get(path).json() == {"ok": True}


async def test_the_dependencies_are_plain_coroutine_functions(pool: Any) -> None:
    cognito = CognitoAuth(pool.config, storage=MemoryStorage())
    app = FastAPI()
    cognito.install(app)
    seen: dict[str, Any] = {}

    @app.get("/")
    async def route(request: Request) -> None:
        seen["client"] = await auth_client(request)
        seen["same"] = await auth_client(request) is seen["client"]
        seen["user"] = await optional_user(request)
        with pytest.raises(UserUnAuthenticatedException):
            await current_user(request)

    async with cognito.lifespan(app), client_of(app) as client:
        assert (await client.get("/")).status_code == 200
    assert isinstance(seen["client"], AuthClient)
    assert seen["same"] is True
    assert seen["user"] is None


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://testserver")


async def test_lifespans_of_one_loop_share_the_sessions(pool: Any) -> None:
    made: list[ClosableStorage] = []

    def make() -> ClosableStorage:
        made.append(ClosableStorage())
        return made[-1]

    cognito = CognitoAuth(lambda: pool.config, storage=make)
    app = FastAPI()
    async with cognito.lifespan(app):
        first = cognito.sessions
        async with cognito.lifespan(app):
            assert cognito.sessions is first
        assert cognito.sessions is first
        assert not made[0].closed
    assert [storage.closed for storage in made] == [True]
    with pytest.raises(RuntimeError, match="lifespan="):
        _ = cognito.sessions
    async with cognito.lifespan(app):
        assert cognito.sessions is not first
    assert len(made) == 2


class ClosableStorage(MemoryStorage):
    """A storage that says whether it was closed."""

    closed = False

    async def aclose(self) -> None:
        """Close the storage."""
        self.closed = True


async def test_a_storage_that_was_given_is_left_open(pool: Any) -> None:
    storage = ClosableStorage()
    cognito = CognitoAuth(pool.config, storage=storage)
    async with cognito.lifespan(FastAPI()):
        pass
    assert not storage.closed


def test_sessions_outside_of_a_loop_are_a_clear_error(pool: Any) -> None:
    cognito = CognitoAuth(pool.config, storage=MemoryStorage())
    with pytest.raises(RuntimeError, match=r"lifespan=cognito\.lifespan"):
        _ = cognito.sessions


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"cookies": "lax"}, "cookies"),
        ({"csrf": "off"}, "csrf"),
        ({"login_path": "login"}, "login_path"),
        ({"login_path": "//evil"}, "login_path"),
        ({"login_path": "https://x/login"}, "login_path"),
        ({"public_url": "shop.example"}, "public_url"),
        ({"public_url": "https://shop.example/app"}, "public_url"),
        ({"trusted_origins": "https://x"}, "trusted_origins"),
        ({"user_context": 1}, "user_context"),
        ({"config": None}, "config"),
        ({"storage": None}, "storage"),
        ({"session_ttl": 5}, "session_ttl"),
        ({"max_session_age": 5}, "max_session_age"),
    ],
    ids=str,
)
def test_malformed_settings_are_refused(pool: Any, options: dict[str, Any], field: str) -> None:
    arguments = {"config": pool.config, "storage": MemoryStorage(), **options}
    with pytest.raises(AuthConfigError, match=f"^{field}: "):
        CognitoAuth(arguments.pop("config"), **arguments)


@pytest.mark.parametrize(
    ("source", "made"), [("config", None), ("storage", None), ("storage", MemoryStorage)], ids=str
)
async def test_a_function_that_returns_something_else_is_refused(
    pool: Any, source: str, made: object
) -> None:
    arguments: dict[str, Any] = {"config": pool.config, "storage": MemoryStorage(), source: lambda: made}
    cognito = CognitoAuth(arguments.pop("config"), **arguments)
    name = type(made).__name__
    with pytest.raises(AuthConfigError, match=f"^{source}: the callable returned {name}"):
        async with cognito.lifespan(FastAPI()):
            pass


async def test_the_class_of_a_storage_makes_one(pool: Any) -> None:
    cognito = CognitoAuth(pool.config, storage=ClosableStorage)
    async with cognito.lifespan(FastAPI()):
        storage = cognito.sessions._context.storage
        assert isinstance(storage, ClosableStorage)
        assert not storage.closed
    assert storage.closed


def test_without_the_middleware_the_error_names_it(pool: Any) -> None:
    app = FastAPI()
    add_routes(app)
    with TestClient(app) as browser, pytest.raises(RuntimeError, match=r"cognito\.install\(app\)"):
        browser.get("/profile")


def test_a_mounted_application_can_have_its_own_sessions(site: Site, pool: Any) -> None:
    inner_auth = CognitoAuth(pool.config, storage=MemoryStorage(), cookies=CookiePolicy(name="inner"))
    inner = FastAPI()
    inner_auth.install(inner)
    add_routes(inner)
    site.app.mount("/inner", inner)

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[None]:
        async with site.cognito.lifespan(app), inner_auth.lifespan(inner):
            yield

    site.app.router.lifespan_context = both
    browser = site.browser()
    assert browser.post("/inner/sign-in", params={"username": "ben"}).status_code == 200
    assert "inner" in browser.cookies
    assert COOKIE not in browser.cookies
    assert browser.get("/me").json() == {"username": None}
    assert browser.get("/inner/me").json() == {"username": "ben"}


def test_the_end_users_address_goes_along(pool: Any, make_site: MakeSite) -> None:
    seen: list[UserContext] = []

    def context(connection: Any) -> UserContext:
        seen.append(user_context_of(connection))
        return seen[-1]

    signed_in(make_site(user_context=context))
    assert seen == [UserContext(ip_address="testclient")]


def test_a_cancelled_call_still_sends_its_cookie(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The response waits for a sign-in that its route gave up."""
    monkeypatch.setattr("aiocognito._web.request_session.SETTLE_SECONDS", 60.0)

    @site.app.post("/impatient")
    async def impatient(auth: Auth) -> dict[str, bool]:
        task = asyncio.create_task(auth.sign_in("ana", PASSWORD))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        return {"ok": True}

    browser = site.browser()
    assert len(set_cookies(browser.post("/impatient"))) == 2
    assert browser.get("/me").json() == {"username": "ana"}


def test_a_call_that_takes_too_long_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiocognito._web.request_session.SETTLE_SECONDS", 0.0)
    tasks = []

    @site.app.post("/impatient")
    async def impatient(auth: Auth) -> dict[str, bool]:
        tasks.append(asyncio.create_task(auth.sign_in("ana", PASSWORD)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return {"ok": True}

    browser = site.browser()
    assert set_cookies(browser.post("/impatient")) == []


def test_files_as_storage_made_at_start_up(make_site: MakeSite, tmp_path: Any) -> None:
    site = make_site(storage=lambda: FileStorage(tmp_path / "sessions", encryption_key=b"k" * 32))
    browser = signed_in(site)
    assert browser.get("/profile").json() == {"username": "ana"}


def test_guards_serve_websockets_too(site: Site) -> None:
    async def chat(websocket: WebSocket, user: CurrentUser) -> None:
        await websocket.accept()
        await websocket.send_text(user.username)
        await websocket.close()

    site.app.add_api_websocket_route("/chat", chat, dependencies=[require_groups("admins")])
    ana, ben = signed_in(site), signed_in(site, "ben")
    with ana.websocket_connect("wss://testserver/chat") as socket:
        assert socket.receive_text() == "ana"
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        ben.websocket_connect("wss://testserver/chat"),
    ):
        pass
    assert refused.value.status_code == 403


def test_an_error_after_the_response_began_is_raised_on(site: Site) -> None:
    @site.app.get("/broken")
    async def broken(auth: Auth) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"begin"
            await auth.fetch_user_attributes()

        return StreamingResponse(parts())

    with pytest.raises(RuntimeError, match="response already started"):
        site.browser().get("/broken")


def test_a_websocket_that_was_accepted_is_closed(site: Site) -> None:
    @site.app.websocket("/late")
    async def late(websocket: WebSocket, auth: Auth) -> None:
        await websocket.accept()
        await auth.fetch_user_attributes()

    with (
        site.browser().websocket_connect("wss://testserver/late") as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_text()
    assert closed.value.code == 1008


def test_a_route_of_no_json_is_answered_by_a_page(site: Site) -> None:
    page = signed_in(site, "ben").get("/admin", headers={"accept": "text/html"})
    assert page.status_code == 403
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'role="alert">this needs a user of the group admins or owners</p>' in page.text
    assert 'href="/auth/login"' in page.text


@pytest.mark.parametrize("kind", ["http.response.debug", "http.response.push"])
def test_the_cookie_is_sent_if_another_message_comes_before_the_response(site: Site, kind: str) -> None:
    class Early(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": kind, "info": {"template": None, "context": None}})
            await super().__call__(scope, receive, send)

    @site.app.post("/early")
    async def early(auth: Auth) -> Response:
        await auth.sign_in("ana", PASSWORD)
        return Early()

    response = site.browser().post("/early")
    assert len(set_cookies(response)) == 2
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["vary"] == "Cookie"
