"""An aiohttp service whose users sign in, with sessions in a directory.

It reads the user pool from ``COGNITO_USER_POOL_ID`` and ``COGNITO_CLIENT_ID``, and the key of the sessions
from ``SESSION_KEY`` (64 hexadecimal digits). Run it with ``python minimal_aiohttp.py``.
"""

import os

from aiohttp import web

from aiocognito import AuthConfig, FileStorage
from aiocognito.integrations.aiohttp import (
    auth_client,
    current_user,
    login_required,
    setup,
    setup_json,
)


def storage() -> FileStorage:
    """Open the sessions' directory."""
    key = bytes.fromhex(os.environ["SESSION_KEY"])
    return FileStorage("sessions", encryption_key=key)


async def me(request: web.Request) -> web.Response:
    """Return the name of the signed-in user."""
    user = await current_user(request)
    return web.json_response({"username": user.username})


@login_required
async def profile(request: web.Request) -> web.Response:
    """Return the attributes of the signed-in user."""
    auth = auth_client(request)
    return web.json_response(await auth.fetch_user_attributes())


app = web.Application()
app.add_routes([web.get("/me", me), web.get("/profile", profile)])
setup(app, AuthConfig.from_env, storage=storage)
setup_json(app, "/auth")

if __name__ == "__main__":
    web.run_app(app)
