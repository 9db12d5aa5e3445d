"""The application of these tests in FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, WebSocket
from fastapi.responses import PlainTextResponse

from aiocognito.integrations.fastapi import Auth, CognitoAuth, OptionalUser, recent_sign_in, require_groups
from helpers.fastapi_routes import add_session_routes

from .passwords import PASSWORD, UNSAFE


def fastapi_application(config: Any, **options: Any) -> FastAPI:
    """Return the application."""
    cognito = CognitoAuth(config, **options)
    app = FastAPI(lifespan=cognito.lifespan)
    cognito.install(app)
    add_session_routes(app)

    @app.post("/webhook")
    async def webhook() -> dict[str, bool]:
        return {"ok": True}

    @app.api_route("/change", methods=UNSAFE)
    async def change(auth: Auth) -> dict[str, bool]:
        await auth.rotate_session_key()
        return {"ok": True}

    @app.get("/admin", dependencies=[require_groups("admins", "owners")])
    @app.get("/danger", dependencies=[recent_sign_in(600)])
    async def guarded() -> dict[str, bool]:
        return {"ok": True}

    @app.websocket("/admin-socket", dependencies=[require_groups("admins")])
    async def admin_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    @app.get("/cached")
    async def cached(user: OptionalUser) -> PlainTextResponse:
        return PlainTextResponse("x", headers={"cache-control": "max-age=60", "vary": "Accept-Language"})

    @app.post("/cached-sign-in")
    async def cached_sign_in(auth: Auth) -> PlainTextResponse:
        await auth.sign_in("ana", PASSWORD)
        return PlainTextResponse("x", headers={"cache-control": "public, max-age=60"})

    app.include_router(cognito.hosted_ui_router(), prefix="/auth")
    app.include_router(cognito.json_router(), prefix="/auth")
    return app
