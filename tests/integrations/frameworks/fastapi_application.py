"""The application of these tests in FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse

from aiocognito.integrations.fastapi import Auth, CognitoAuth, CurrentUser, OptionalUser

from .passwords import PASSWORD, UNSAFE


def fastapi_application(config: Any, **options: Any) -> FastAPI:
    """Return the application."""
    cognito = CognitoAuth(config, **options)
    app = FastAPI(lifespan=cognito.lifespan)
    cognito.install(app)

    @app.get("/plain")
    async def plain() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/webhook")
    async def webhook() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/profile")
    async def profile(user: CurrentUser) -> dict[str, str]:
        return {"username": user.username}

    @app.get("/me")
    async def me(user: OptionalUser) -> dict[str, str | None]:
        return {"username": user.username if user else None}

    @app.get("/key")
    async def key(auth: Auth) -> dict[str, str]:
        return {"key": auth.session_key}

    @app.post("/sign-in")
    async def sign_in(auth: Auth, username: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
        return (await auth.sign_in(username, password)).to_dict()

    @app.post("/sign-out")
    async def sign_out(auth: Auth) -> dict[str, bool]:
        await auth.sign_out()
        return {"ok": True}

    @app.api_route("/change", methods=UNSAFE)
    async def change(auth: Auth) -> dict[str, bool]:
        await auth.rotate_session_key()
        return {"ok": True}

    @app.post("/rotate-and-crash")
    async def rotate_and_crash(auth: Auth) -> None:
        await auth.rotate_session_key()
        raise ZeroDivisionError("a bug")

    @app.get("/stream")
    async def stream(auth: Auth, late: bool = False) -> StreamingResponse:
        if not late:
            await auth.sign_in("ana", PASSWORD)

        async def parts() -> AsyncIterator[bytes]:
            yield b"begin "
            if late:
                try:
                    await auth.sign_in("ana", PASSWORD)
                except RuntimeError as error:
                    yield str(error).encode()
            yield b" end"

        return StreamingResponse(parts())

    @app.get("/cached")
    async def cached(user: OptionalUser) -> PlainTextResponse:
        return PlainTextResponse("x", headers={"cache-control": "max-age=60", "vary": "Accept-Language"})

    @app.post("/cached-sign-in")
    async def cached_sign_in(auth: Auth) -> PlainTextResponse:
        await auth.sign_in("ana", PASSWORD)
        return PlainTextResponse("x", headers={"cache-control": "public, max-age=60"})

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: CurrentUser, auth: Auth) -> None:
        await websocket.accept()
        await websocket.send_text(user.username)
        try:
            await auth.rotate_session_key()
        except RuntimeError as error:
            await websocket.send_text(f"RuntimeError: {error}")
        await websocket.close()

    app.include_router(cognito.hosted_ui_router(), prefix="/auth")
    app.include_router(cognito.json_router(), prefix="/auth")
    return app
