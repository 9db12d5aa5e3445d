"""`CognitoAuth` in Starlette applications."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import evolve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from aiocognito import AuthClient, AuthConfig, AuthUser, MemoryStorage, OAuthConfig, UserContext
from aiocognito.errors import AuthConfigError, AuthError, StorageError
from aiocognito.integrations import starlette as integration
from aiocognito.integrations.starlette import CognitoAuth, CookiePolicy, auth_client, current_user

CONFIG = AuthConfig(
    user_pool_id="eu-west-1_abcdefghi",
    user_pool_client_id="client",
    oauth=OAuthConfig(
        domain="auth.example.com",
        scopes=("openid",),
        redirect_sign_in=("https://testserver/shop/auth/callback",),
        redirect_sign_out=("https://testserver/",),
    ),
)


def test_the_module_has_the_names_of_the_contract() -> None:
    assert {"CognitoAuth", "CognitoBackend", "CookiePolicy", "auth_client", "current_user"} <= set(
        integration.__all__
    )
    assert CognitoAuth.__module__ == "aiocognito.integrations.starlette"


@pytest.mark.parametrize("name", [None, "auth"])
def test_the_callback_is_checked_at_start_up_wherever_it_is_mounted(name: str | None) -> None:
    cognito = CognitoAuth(CONFIG, storage=MemoryStorage())
    inner = Mount("/auth", routes=cognito.hosted_ui_routes(), name=name)
    with TestClient(Starlette(routes=[Mount("/shop", routes=[inner])], lifespan=cognito.lifespan)):
        pass
    elsewhere = Starlette(routes=[Mount("/other", routes=inner.routes, name=name)], lifespan=cognito.lifespan)
    with pytest.raises(AuthConfigError, match="which ends with '/other/callback'"), TestClient(elsewhere):
        pass


def test_without_the_hosted_ui_a_config_without_it_is_right() -> None:
    cognito = CognitoAuth(evolve(CONFIG, oauth=None), storage=MemoryStorage())
    with TestClient(Starlette(routes=cognito.json_routes(), lifespan=cognito.lifespan)):
        pass


def test_the_config_is_made_at_start_up_and_the_manager_is_of_the_run() -> None:
    made: list[int] = []

    def config() -> AuthConfig:
        made.append(1)
        return CONFIG

    seen: list[Any] = []

    async def route(request: Request) -> JSONResponse:
        seen.append(cognito.sessions)
        assert isinstance(auth_client(request), AuthClient)
        return JSONResponse({})

    cognito = CognitoAuth(config, storage=MemoryStorage)
    app = Starlette(routes=[Route("/", route), *cognito.json_routes()], lifespan=cognito.lifespan)
    cognito.install(app)
    cognito.install(app)
    assert len(app.user_middleware) == 1
    assert made == []
    with pytest.raises(RuntimeError, match=r"lifespan=cognito\.lifespan"):
        _ = cognito.sessions
    for _ in range(2):
        with TestClient(app) as browser:
            assert browser.get("/").status_code == 200
    assert len(made) == 2
    assert seen[0] is not seen[1]


def test_without_install_the_error_names_it() -> None:
    async def route(request: Request) -> JSONResponse:
        await current_user(request)
        raise AssertionError

    with (
        TestClient(Starlette(routes=[Route("/", route)])) as browser,
        pytest.raises(RuntimeError, match=r"cognito\.install\(app\)"),
    ):
        browser.get("/")


def test_an_applications_own_handler_stays() -> None:
    async def route(request: Request) -> JSONResponse:
        return JSONResponse((await current_user(request)).username)

    async def answer(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"ours": type(error).__name__}, 499)

    cognito = CognitoAuth(CONFIG, storage=MemoryStorage())
    app = Starlette(
        routes=[Route("/", route)], lifespan=cognito.lifespan, exception_handlers={AuthError: answer}
    )
    cognito.install(app)
    with TestClient(app) as browser:
        response = browser.get("/")
        assert (response.status_code, response.json()) == (499, {"ours": "UserUnAuthenticatedException"})


def test_a_mounted_application_inherits_or_has_its_own() -> None:
    async def key(request: Request) -> JSONResponse:
        return JSONResponse(await _begun(request))

    async def who(request: Request) -> JSONResponse:
        return JSONResponse((await current_user(request)).username)

    routes = [Route("/key", key), Route("/who", who)]
    outer = CognitoAuth(CONFIG, storage=MemoryStorage(), login_path="/in")
    own = CognitoAuth(CONFIG, storage=MemoryStorage(), cookies=CookiePolicy(name="own"))
    with_own = Starlette(routes=routes)
    own.install(with_own)

    @asynccontextmanager
    async def both(app: Starlette) -> AsyncIterator[None]:
        async with outer.lifespan(app), own.lifespan(with_own):
            yield

    app = Starlette(
        routes=[Mount("/inherits", app=Starlette(routes=routes)), Mount("/own", app=with_own)], lifespan=both
    )
    outer.install(app)
    with TestClient(app, base_url="https://testserver") as browser:
        browser.get("/inherits/key")
        assert list(browser.cookies) == ["__Host-aiocognito"]
        browser.cookies.clear()
        browser.get("/own/key")
        assert list(browser.cookies) == ["own"]
        page = browser.get("/inherits/who", headers={"accept": "text/html"}, follow_redirects=False)
        assert page.headers["location"] == "/in?next=%2Finherits%2Fwho"


async def _begun(request: Request) -> str:
    """Store something under the key: a pending redirect."""
    asked = await auth_client(request).sign_in_with_redirect(
        redirect_uri="https://testserver/shop/auth/callback"
    )
    return asked.url


def test_the_end_users_address_goes_along() -> None:
    seen: list[str] = []

    def context(connection: Any) -> UserContext:
        seen.append(connection.client.host)
        return UserContext(ip_address=seen[-1])

    async def route(request: Request) -> JSONResponse:
        auth_client(request)
        return JSONResponse({})

    cognito = CognitoAuth(CONFIG, storage=MemoryStorage(), user_context=context)
    app = Starlette(routes=[Route("/", route)], lifespan=cognito.lifespan)
    cognito.install(app)
    with TestClient(app) as browser:
        browser.get("/")
    assert seen == ["testclient"]
    assert AuthUser("ana", "1").username == "ana"


@pytest.mark.parametrize(
    "sent", ["aiocognito=a; aiocognito=b", "aiocognito=a; aiocognito={key}", "aiocognito={key}", "other=a"]
)
def test_what_a_browser_cannot_find_again_is_not_stored(sent: str) -> None:
    async def route(request: Request) -> StreamingResponse:
        auth = auth_client(request)

        async def parts() -> AsyncIterator[bytes]:
            try:
                await auth.sign_in_with_redirect()
                yield b"stored"
            except RuntimeError:
                yield b"refused"

        return StreamingResponse(parts())

    cognito = CognitoAuth(CONFIG, storage=MemoryStorage())
    app = Starlette(routes=[Route("/a", route)], lifespan=cognito.lifespan)
    cognito.install(app)
    with TestClient(app) as browser:
        response = browser.get("/a", headers={"cookie": sent.format(key="A" * 43)})
    is_known = sent == "aiocognito={key}"
    assert response.text == ("stored" if is_known else "refused")
    expiries = response.headers.get_list("set-cookie")
    assert bool(expiries) is (sent.count("aiocognito") == 2)
    assert all("Max-Age=0" in each for each in expiries)


def test_a_handler_that_raises_on_is_answered_with_the_cookie() -> None:
    async def route(request: Request) -> JSONResponse:
        await auth_client(request).sign_in_with_redirect()
        raise StorageError("a failure")

    async def raise_on(request: Request, error: Exception) -> JSONResponse:
        raise error

    cognito = CognitoAuth(CONFIG, storage=MemoryStorage())
    app = Starlette(
        routes=[Route("/", route)], lifespan=cognito.lifespan, exception_handlers={AuthError: raise_on}
    )
    cognito.install(app)
    with TestClient(app, raise_server_exceptions=False) as browser:
        response = browser.get("/")
    assert response.status_code == 500
    assert response.headers["set-cookie"].startswith("aiocognito=")
