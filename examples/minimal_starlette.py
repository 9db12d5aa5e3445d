"""A Starlette service whose users sign in, with sessions in a directory.

It reads the user pool from ``COGNITO_USER_POOL_ID`` and ``COGNITO_CLIENT_ID``, and the key of the sessions
from ``SESSION_KEY`` (64 hexadecimal digits). Run it with ``uvicorn minimal_starlette:app`` in this directory.
"""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from aiocognito import AuthConfig, FileStorage
from aiocognito.integrations.starlette import CognitoAuth, auth_client, current_user


def storage() -> FileStorage:
    """Open the sessions' directory."""
    key = bytes.fromhex(os.environ["SESSION_KEY"])
    return FileStorage("sessions", encryption_key=key)


async def me(request: Request) -> JSONResponse:
    """Return the name of the signed-in user."""
    user = await current_user(request)
    return JSONResponse({"username": user.username})


async def profile(request: Request) -> JSONResponse:
    """Return the attributes of the signed-in user."""
    auth = auth_client(request)
    return JSONResponse(await auth.fetch_user_attributes())


cognito = CognitoAuth(AuthConfig.from_env, storage=storage)
routes = [Route("/me", me), Route("/profile", profile), Mount("/auth", routes=cognito.json_routes())]
app = Starlette(routes=routes, lifespan=cognito.lifespan)
cognito.install(app)
