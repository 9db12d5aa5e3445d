"""The application of these tests in aiohttp."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from aiocognito.integrations.aiohttp import (
    auth_client,
    current_user,
    login_required,
    optional_user,
    recent_sign_in,
    require_groups,
    setup,
    setup_hosted_ui,
    setup_json,
)

from .passwords import PASSWORD, UNSAFE


def aiohttp_application(config: Any, **options: Any) -> web.Application:
    """Return the application."""
    routes = web.RouteTableDef()

    @routes.get("/plain")
    @routes.post("/webhook")
    async def plain(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    @routes.get("/profile")
    @login_required
    async def profile(request: web.Request) -> web.Response:
        return web.json_response({"username": (await current_user(request)).username})

    @routes.get("/admin")
    @require_groups("admins", "owners")
    async def admin(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    @routes.view("/danger")
    @recent_sign_in(600)
    class Danger(web.View):
        async def get(self) -> web.Response:
            return web.json_response({"ok": True})

    @routes.get("/admin-socket")
    @require_groups("admins")
    async def admin_socket(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_str("hello")
        await websocket.close()
        return websocket

    @routes.get("/me")
    async def me(request: web.Request) -> web.Response:
        user = await optional_user(request)
        return web.json_response({"username": user.username if user else None})

    @routes.get("/key")
    async def key(request: web.Request) -> web.Response:
        return web.json_response({"key": auth_client(request).session_key})

    @routes.post("/sign-in")
    async def sign_in(request: web.Request) -> web.Response:
        auth, query = auth_client(request), request.query
        result = await auth.sign_in(query.get("username", "ana"), query.get("password", PASSWORD))
        return web.json_response(result.to_dict())

    @routes.post("/sign-out")
    async def sign_out(request: web.Request) -> web.Response:
        await auth_client(request).sign_out()
        return web.json_response({"ok": True})

    async def change(request: web.Request) -> web.Response:
        await auth_client(request).rotate_session_key()
        return web.json_response({"ok": True})

    @routes.post("/rotate-and-crash")
    async def rotate_and_crash(request: web.Request) -> web.Response:
        await auth_client(request).rotate_session_key()
        raise ZeroDivisionError("a bug")

    @routes.get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        auth, late = auth_client(request), "late" in request.query
        if not late:
            await auth.sign_in("ana", PASSWORD)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begin ")
        if late:
            try:
                await auth.sign_in("ana", PASSWORD)
            except RuntimeError as error:
                await response.write(str(error).encode())
        await response.write(b" end")
        return response

    @routes.get("/cached")
    async def cached(request: web.Request) -> web.Response:
        await optional_user(request)
        headers = {"cache-control": "max-age=60", "vary": "Accept-Language"}
        return web.Response(text="x", headers=headers)

    @routes.post("/cached-sign-in")
    async def cached_sign_in(request: web.Request) -> web.Response:
        await auth_client(request).sign_in("ana", PASSWORD)
        return web.Response(text="x", headers={"cache-control": "public, max-age=60"})

    @routes.get("/socket")
    async def socket(request: web.Request) -> web.WebSocketResponse:
        user = await current_user(request)
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_str(user.username)
        try:
            await auth_client(request).rotate_session_key()
        except RuntimeError as error:
            await websocket.send_str(f"RuntimeError: {error}")
        await websocket.close()
        return websocket

    app = web.Application()
    setup(app, config, **options)
    app.add_routes(routes)
    for method in UNSAFE:
        app.router.add_route(method, "/change", change)
    setup_hosted_ui(app, "/auth")
    setup_json(app, "/auth/")
    return app
