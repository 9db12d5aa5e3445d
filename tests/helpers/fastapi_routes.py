"""Routes of a FastAPI application that use the session in each way."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

from aiocognito.integrations.fastapi import Auth, CurrentUser, OptionalUser

from .streams import stream_with_sign_in

PASSWORD = "Correct-Horse-7"


def add_session_routes(app: FastAPI) -> None:
    """Add the routes."""

    @app.get("/plain")
    async def plain() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/profile")
    async def profile(user: CurrentUser) -> dict[str, str]:
        return {"username": user.username}

    @app.get("/me")
    async def me(user: OptionalUser) -> dict[str, str | None]:
        return {"username": user.username if user else None}

    @app.post("/sign-in")
    async def sign_in(auth: Auth, username: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
        return (await auth.sign_in(username, password)).to_dict()

    @app.post("/sign-out")
    async def sign_out(auth: Auth) -> dict[str, bool]:
        await auth.sign_out()
        return {"ok": True}

    @app.post("/rotate-and-crash")
    async def rotate_and_crash(auth: Auth) -> None:
        await auth.rotate_session_key()
        raise ZeroDivisionError("a bug")

    @app.get("/stream")
    async def stream(auth: Auth, late: bool = False) -> StreamingResponse:
        if not late:
            await auth.sign_in("ana", PASSWORD)

        return StreamingResponse(stream_with_sign_in(auth, PASSWORD, late=late))

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: CurrentUser, auth: Auth) -> None:
        await websocket.accept()
        await websocket.send_text(user.username)
        try:
            await auth.rotate_session_key()
        except RuntimeError as error:
            await websocket.send_text(f"RuntimeError: {error}")
        await websocket.close()

    @app.get("/key")
    async def key(auth: Auth) -> dict[str, str]:
        return {"key": auth.session_key}
