"""The application of these tests in Starlette."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from aiocognito.integrations.starlette import (
    CognitoAuth,
    auth_client,
    current_user,
    optional_user,
    recent_sign_in,
    require_groups,
)
from helpers.streams import stream_with_sign_in

from .passwords import PASSWORD, UNSAFE


def starlette_application(config: Any, **options: Any) -> Starlette:
    """Return the application."""
    cognito = CognitoAuth(config, **options)

    async def plain(request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def profile(request: Request) -> Response:
        return JSONResponse({"username": (await current_user(request)).username})

    @require_groups("admins", "owners")
    async def admin(request: Request) -> Response:
        return JSONResponse({"ok": True})

    class Danger(HTTPEndpoint):
        @recent_sign_in(600)
        def get(self, request: Request) -> Response:
            return JSONResponse({"ok": True})

    @require_groups("admins")
    async def admin_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    async def me(request: Request) -> Response:
        user = await optional_user(request)
        return JSONResponse({"username": user.username if user else None})

    async def sign_in(request: Request) -> Response:
        query = request.query_params
        auth = auth_client(request)
        result = await auth.sign_in(query.get("username", "ana"), query.get("password", PASSWORD))
        return JSONResponse(result.to_dict())

    async def sign_out(request: Request) -> Response:
        await auth_client(request).sign_out()
        return JSONResponse({"ok": True})

    async def change(request: Request) -> Response:
        await auth_client(request).rotate_session_key()
        return JSONResponse({"ok": True})

    async def rotate_and_crash(request: Request) -> Response:
        await auth_client(request).rotate_session_key()
        raise ZeroDivisionError("a bug")

    async def key(request: Request) -> Response:
        return JSONResponse({"key": auth_client(request).session_key})

    async def stream(request: Request) -> Response:
        auth = auth_client(request)
        late = "late" in request.query_params
        if not late:
            await auth.sign_in("ana", PASSWORD)

        return StreamingResponse(stream_with_sign_in(auth, PASSWORD, late=late))

    async def cached(request: Request) -> Response:
        await optional_user(request)
        return PlainTextResponse("x", headers={"cache-control": "max-age=60", "vary": "Accept-Language"})

    async def cached_sign_in(request: Request) -> Response:
        await auth_client(request).sign_in("ana", PASSWORD)
        return PlainTextResponse("x", headers={"cache-control": "public, max-age=60"})

    async def socket(websocket: WebSocket) -> None:
        user = await current_user(websocket)
        await websocket.accept()
        await websocket.send_text(user.username)
        try:
            await auth_client(websocket).rotate_session_key()
        except RuntimeError as error:
            await websocket.send_text(f"RuntimeError: {error}")
        await websocket.close()

    routes = [
        Route("/plain", plain),
        Route("/profile", profile),
        Route("/me", me),
        Route("/admin", admin),
        Route("/danger", Danger),
        WebSocketRoute("/admin-socket", admin_socket),
        Route("/key", key),
        Route("/stream", stream),
        Route("/cached", cached),
        Route("/cached-sign-in", cached_sign_in, methods=["POST"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Route("/change", change, methods=UNSAFE),
        Route("/webhook", plain, methods=["POST"]),
        Route("/rotate-and-crash", rotate_and_crash, methods=["POST"]),
        WebSocketRoute("/socket", socket),
        Mount("/auth", routes=[*cognito.hosted_ui_routes(), *cognito.json_routes()]),
    ]
    app = Starlette(routes=routes, lifespan=cognito.lifespan)
    cognito.install(app)
    return app
