"""Applications, sub-applications, middlewares and handlers of aiohttp."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from attrs import evolve

from aiocognito import (
    AuthClient,
    AuthConfig,
    AuthError,
    MemoryStorage,
    OAuthConfig,
    SessionManager,
    UserContext,
)
from aiocognito.errors import AuthConfigError
from aiocognito.integrations import aiohttp as integration
from aiocognito.integrations.aiohttp import (
    CookiePolicy,
    auth_client,
    current_user,
    login_required,
    session_manager,
    setup,
    setup_hosted_ui,
    setup_json,
)

from .conftest import COOKIE, PASSWORD, Start, add_routes, application, key_of, signed_in

CONFIG = AuthConfig(user_pool_id="eu-west-1_abcdefghi", user_pool_client_id="client")


def test_the_module_has_the_names_of_the_contract() -> None:
    assert {
        "setup",
        "auth_client",
        "current_user",
        "optional_user",
        "login_required",
        "bearer_required",
        "setup_hosted_ui",
        "setup_json",
        "ends_with_session",
        "CookiePolicy",
    } <= set(integration.__all__)


async def test_nothing_is_made_before_the_start_and_all_is_closed_at_the_end(start: Start) -> None:
    made: list[Closable] = []

    def storage() -> Closable:
        made.append(Closable())
        return made[-1]

    app = web.Application()
    setup(app, lambda: CONFIG, storage=storage)
    with pytest.raises(RuntimeError, match=r"setup\(app, config"):
        session_manager(app)
    assert made == []
    browser = await start(app)
    assert isinstance(session_manager(app), SessionManager)
    await browser.close()
    assert [each.closed for each in made] == [True]


class Closable(MemoryStorage):
    """A storage that says whether it was closed."""

    closed = False

    async def aclose(self) -> None:
        """Close the storage."""
        self.closed = True


def test_a_second_setup_is_refused() -> None:
    app = web.Application()
    setup(app, CONFIG, storage=MemoryStorage())
    with pytest.raises(RuntimeError, match="before"):
        setup(app, CONFIG, storage=MemoryStorage())


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"cookies": "lax"}, "cookies"),
        ({"csrf": "off"}, "csrf"),
        ({"login_path": "login"}, "login_path"),
        ({"public_url": "shop.example"}, "public_url"),
        ({"trusted_origins": "https://x"}, "trusted_origins"),
        ({"user_context": 1}, "user_context"),
        ({"storage": None}, "storage"),
        ({"session_ttl": 5}, "session_ttl"),
    ],
    ids=str,
)
def test_malformed_settings_are_refused(options: dict[str, Any], field: str) -> None:
    app = web.Application()
    with pytest.raises(AuthConfigError, match=f"^{field}: "):
        setup(app, CONFIG, **{"storage": MemoryStorage(), **options})
    assert len(app.middlewares) == 0


@pytest.mark.parametrize("prefix", ["auth", None, 1, "https://x"])
@pytest.mark.parametrize("add", [setup_hosted_ui, setup_json])
def test_a_malformed_prefix_is_refused(add: Any, prefix: Any) -> None:
    with pytest.raises(AuthConfigError, match=r"^prefix: must be a path"):
        add(web.Application(), prefix)


async def test_without_setup_the_error_names_it(start: Start) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        for use in (auth_client, session_manager):
            with pytest.raises(RuntimeError, match=r"setup\(app") as error:
                use(request)
            seen.append(str(error.value))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", handler)
    with pytest.raises(RuntimeError, match=r"setup\(app"):
        session_manager(app)
    async with (await start(app)).get("/") as response:
        assert response.status == 200
    assert len(seen) == 2


async def test_one_request_has_one_client_and_manager(pool: Any, start: Start) -> None:
    async def handler(request: web.Request) -> web.Response:
        auth = auth_client(request)
        assert isinstance(auth, AuthClient)
        assert auth_client(request) is auth
        assert session_manager(request) is session_manager(request.app)
        return web.Response()

    app = application(pool)
    app.router.add_get("/", handler)
    async with (await start(app)).get("/") as response:
        assert response.status == 200


async def test_a_sub_application_inherits_the_session_and_its_errors(pool: Any, start: Start) -> None:
    inner = web.Application()
    add_routes(inner)
    app = application(pool, login_path="/login")
    app.add_subapp("/inner", inner)
    browser = await start(app)
    page = {"Accept": "text/html"}
    async with browser.get("/inner/me?a=1", headers=page, allow_redirects=False) as response:
        assert response.headers["location"] == "/login?next=%2Finner%2Fme%3Fa%3D1"
    async with browser.post("/inner/sign-in") as response:
        assert COOKIE in response.cookies
    async with browser.get("/me") as response:
        assert await response.json() == "ana"


async def test_a_sub_application_can_have_its_own(pool: Any, start: Start) -> None:
    deepest, inner = web.Application(), web.Application()
    setup(deepest, pool.config, storage=MemoryStorage(), cookies=CookiePolicy(name="own"), login_path="/in")
    add_routes(deepest)
    inner.add_subapp("/deep", deepest)
    app = application(pool)
    app.add_subapp("/inner", inner)
    browser = await start(app)
    async with browser.post("/inner/deep/sign-in") as response:
        assert set(response.cookies) == {"own", "own-device"}
    async with browser.get("/me") as response:
        assert response.status == 401
    async with browser.get("/inner/deep/me") as response:
        assert await response.json() == "ana"
    await browser.post("/inner/deep/sign-out")
    page = {"Accept": "text/html"}
    async with browser.get("/inner/deep/me", headers=page, allow_redirects=False) as response:
        assert response.headers["location"] == "/inner/deep/in?next=%2Finner%2Fdeep%2Fme"


@pytest.mark.parametrize("is_before", [True, False])
async def test_a_middleware_of_the_application_handles_errors_first(
    pool: Any, start: Start, is_before: bool
) -> None:
    @web.middleware
    async def ours(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except AuthError as error:
            return web.json_response({"ours": error.name}, status=499)
        return response

    app = web.Application(middlewares=[ours] if is_before else [])
    setup(app, pool.config, storage=MemoryStorage())
    if not is_before:
        app.middlewares.append(ours)
    add_routes(app)
    async with (await start(app)).get("/me") as response:
        assert (response.status, await response.json()) == (499, {"ours": "UserUnAuthenticatedException"})


async def test_an_error_in_a_middleware_is_answered(pool: Any, start: Start) -> None:
    @web.middleware
    async def needs_user(request: web.Request, handler: Any) -> web.StreamResponse:
        await current_user(request)
        raise AssertionError("not reached")

    app = application(pool)
    app.middlewares.append(needs_user)
    async with (await start(app)).get("/nowhere") as response:
        assert response.status == 401


@pytest.mark.parametrize("is_outside", [True, False])
async def test_a_crash_after_the_key_changed_is_answered_by_the_applications_middleware(
    pool: Any, start: Start, is_outside: bool
) -> None:
    raised: list[BaseException] = []

    @web.middleware
    async def own_page(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except ZeroDivisionError as error:
            raised.append(error)
            return web.Response(text="our page", status=500)
        return response

    async def crash(request: web.Request) -> web.Response:
        await auth_client(request).rotate_session_key()
        raise ZeroDivisionError("a bug")

    app = application(pool)
    app.middlewares.insert(0 if is_outside else len(app.middlewares), own_page)
    app.router.add_post("/crash", crash)
    browser = await signed_in(await start(app))
    before = key_of(browser)
    async with browser.post("/crash") as response:
        assert (response.status, await response.text()) == (500, "our page")
    assert len(raised) == 1
    assert key_of(browser) != before
    async with browser.get("/me") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(ZeroDivisionError("a bug"), 500), (TimeoutError(), 504), (web.HTTPGone(), 410)],
    ids=["crash", "timeout", "http"],
)
async def test_the_cookie_is_sent_with_each_kind_of_error(
    pool: Any, start: Start, error: Exception, status: int
) -> None:
    async def fail(request: web.Request) -> web.Response:
        await auth_client(request).sign_in("ana", PASSWORD)
        raise error

    app = application(pool)
    app.router.add_post("/fail", fail)
    browser = await start(app)
    async with browser.post("/fail") as response:
        assert response.status == status
    async with browser.get("/me") as response:
        assert response.status == 200


async def test_a_cancelled_call_still_sends_its_cookie(
    pool: Any, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiocognito._web.request_session.SETTLE_SECONDS", 60.0)

    async def impatient(request: web.Request) -> web.Response:
        task = asyncio.create_task(auth_client(request).sign_in("ana", PASSWORD))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        return web.Response()

    app = application(pool)
    app.router.add_post("/impatient", impatient)
    browser = await start(app)
    async with browser.post("/impatient") as response:
        assert COOKIE in response.cookies
    async with browser.get("/me") as response:
        assert response.status == 200


async def test_an_error_after_the_response_began_is_not_answered(pool: Any, start: Start) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begin")
        await current_user(request)
        raise AssertionError("not reached")

    app = application(pool)
    app.router.add_get("/stream", stream)
    browser = await start(app)
    async with browser.get("/stream") as response:
        assert response.status == 200
        with pytest.raises(Exception, match=r"not completed|closed|disconnected"):
            await response.read()


async def test_views_and_methods_can_require_a_user(pool: Any, start: Start) -> None:
    @login_required
    class Whole(web.View):
        """A view."""

        async def get(self) -> web.Response:
            return web.json_response((await current_user(self.request)).username)

    class Part(web.View):
        async def get(self) -> web.Response:
            return web.json_response("open")

        @login_required
        async def post(self) -> web.Response:
            return web.json_response("closed")

    class Api:
        @login_required
        async def get(self, request: web.Request) -> web.Response:
            return web.json_response("method")

    assert issubclass(Whole, web.View)
    assert (Whole.__name__, Whole.__doc__) == ("Whole", "A view.")
    app = application(pool)
    app.router.add_view("/whole", Whole)
    app.router.add_view("/part", Part)
    app.router.add_get("/method", Api().get)
    browser = await start(app)

    async def seen(method: str, path: str) -> Any:
        async with browser.request(method, path) as response:
            return await response.json() if response.status == 200 else response.status

    requests = [("GET", "/whole"), ("GET", "/part"), ("POST", "/part"), ("GET", "/method")]
    assert [await seen(*each) for each in requests] == [401, "open", 401, 401]
    assert await seen("DELETE", "/part") == 405
    await signed_in(browser)
    assert [await seen(*each) for each in requests] == ["ana", "open", "closed", "method"]
    assert await seen("POST", "/whole") == 405


def test_only_handlers_can_require_a_user() -> None:
    for bad in (lambda request: None, object, 5):
        with pytest.raises(TypeError, match="only a coroutine function"):
            login_required(bad)  # type: ignore[type-var]  # on purpose


async def test_a_handler_without_a_request_is_a_clear_error() -> None:
    @login_required
    async def handler(request: object) -> None: ...

    with pytest.raises(TypeError, match="without a request"):
        await handler("request")


async def test_what_a_middleware_takes_from_a_proxy_counts(pool: Any, start: Start) -> None:
    seen: list[Any] = []

    def context(request: web.Request) -> UserContext:
        seen.append(request.remote)
        return UserContext(ip_address=request.remote)

    @web.middleware
    async def remotes(request: web.Request, handler: Any) -> web.StreamResponse:
        changed = request.clone(scheme="https", host="shop.example", remote="203.0.113.7")
        response: web.StreamResponse = await handler(changed)
        return response

    app = application(pool, user_context=context)
    app.middlewares.append(remotes)
    browser = await start(app)
    async with browser.post("/sign-in", headers={"Origin": "https://shop.example"}) as response:
        assert response.status == 200
        assert "__Host-aiocognito" in response.cookies
    assert seen == ["203.0.113.7"]
    async with browser.post("/sign-out", headers={"Origin": str(browser.make_url(""))}) as response:
        assert response.status == 403


@pytest.mark.parametrize("raises", [False, True])
async def test_a_request_that_an_outer_application_cloned_gets_its_cookie(
    pool: Any, start: Start, raises: bool
) -> None:
    @web.middleware
    async def cloning(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request.clone())
        return response

    async def enter(request: web.Request) -> web.Response:
        await auth_client(request).sign_in("ana", PASSWORD)
        if raises:
            raise web.HTTPSeeOther("/inner/me")
        return web.Response()

    inner = application(pool)
    inner.router.add_post("/enter", enter)
    app = web.Application(middlewares=[cloning])
    app.add_subapp("/inner", inner)
    browser = await start(app)
    async with browser.post("/inner/enter", allow_redirects=False) as response:
        assert COOKIE in response.cookies


async def test_a_body_that_a_middleware_has_read_is_still_there(pool: Any, start: Start) -> None:
    @web.middleware
    async def logs(request: web.Request, handler: Any) -> web.StreamResponse:
        await request.read()
        response: web.StreamResponse = await handler(request)
        return response

    app = application(pool)
    setup_json(app, "/auth", app_name="Shop")
    app.middlewares.append(logs)
    browser = await start(app)
    body = {"username": "ana", "password": PASSWORD}
    async with browser.post("/auth/sign-in", json=body) as response:
        assert (await response.json())["isSignedIn"]
    async with browser.post("/auth/sign-in", data=b" " * 300_000) as response:
        assert (response.status, (await response.json())["name"]) == (422, "InvalidArgument")
    async with browser.post("/auth/set-up-totp") as response:
        assert "Shop" in (await response.json())["setupUri"]


async def test_the_authenticator_app_shows_the_host(pool: Any, start: Start) -> None:
    app = application(pool)
    setup_json(app, "")
    browser = await signed_in(await start(app))
    async with browser.post("/set-up-totp") as response:
        assert "127.0.0.1" in (await response.json())["setupUri"]


async def test_an_unknown_expectation_is_refused_by_aiohttp(pool: Any, start: Start) -> None:
    async with (await start(application(pool))).get("/me", headers={"Expect": "tea"}) as response:
        assert response.status == 417


def with_callback(url: str) -> AuthConfig:
    oauth = OAuthConfig(
        domain="auth.example.com",
        scopes=("openid",),
        redirect_sign_in=(url,),
        redirect_sign_out=("https://shop.example/",),
    )
    return evolve(CONFIG, oauth=oauth)


async def started(app: web.Application) -> None:
    """Start an application, and end it."""
    runner = web.AppRunner(app)
    try:
        await runner.setup()
    finally:
        await runner.cleanup()


async def test_the_hosted_uis_routes_in_a_sub_application_are_checked() -> None:
    def nested(url: str) -> web.Application:
        inner = web.Application()
        setup(inner, with_callback(url), storage=MemoryStorage())
        setup_hosted_ui(inner, "/auth")
        app = web.Application()
        app.add_subapp("/inner", inner)
        return app

    await started(nested("https://shop.example/inner/auth/callback"))
    with pytest.raises(AuthConfigError, match="which ends with '/inner/auth/callback'"):
        await started(nested("https://shop.example/auth/callback"))


async def test_the_hosted_uis_routes_can_use_the_sessions_of_an_outer_application(start: Start) -> None:
    inner, app = web.Application(), web.Application()
    setup_hosted_ui(inner, "/auth/")
    setup(app, with_callback("http://127.0.0.1/inner/auth/callback"), storage=MemoryStorage())
    app.add_subapp("/inner", inner)
    async with (await start(app)).get("/inner/auth/login", allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["location"].startswith("https://auth.example.com/oauth2/authorize")
        assert set(response.cookies) == {COOKIE}


@pytest.mark.parametrize("is_first", [True, False])
async def test_strict_cookies_are_refused_in_either_order(is_first: bool) -> None:
    app, config = web.Application(), with_callback("https://shop.example/auth/callback")
    strict = CookiePolicy(samesite="strict")
    if is_first:
        setup_hosted_ui(app, "/auth")
        setup(app, config, storage=MemoryStorage(), cookies=strict)
        with pytest.raises(AuthConfigError, match=r"cookies\.samesite"):
            await started(app)
    else:
        setup(app, config, storage=MemoryStorage(), cookies=strict)
        with pytest.raises(AuthConfigError, match=r"cookies\.samesite"):
            setup_hosted_ui(app, "/auth")


async def test_a_body_that_cannot_be_decoded_is_422(start: Start) -> None:
    app = web.Application()
    setup(app, CONFIG, storage=MemoryStorage())
    setup_json(app, "/auth")
    browser = await start(app)
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    async with browser.post("/auth/sign-in", data=b"{} is not gzip", headers=headers) as response:
        assert response.status == 422
        document = await response.json()
    assert document["name"] == "InvalidArgument"
    assert document["message"] == "the body: cannot be decoded"


async def test_a_storage_is_closed_if_the_sessions_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Closable] = []

    def storage() -> Closable:
        made.append(Closable())
        return made[-1]

    def failing(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("aiocognito._web.service.SessionManager", failing)
    app = web.Application()
    setup(app, CONFIG, storage=storage)
    app.freeze()
    with pytest.raises(ZeroDivisionError):
        await app.startup()
    assert [each.closed for each in made] == [True]
