"""A FastAPI service whose users sign in, with sessions in a directory.

It reads the user pool from ``COGNITO_USER_POOL_ID`` and ``COGNITO_CLIENT_ID``, and the key of the sessions
from ``SESSION_KEY`` (64 hexadecimal digits). Run it with ``uvicorn minimal:app`` in this directory.
"""

import os

from fastapi import FastAPI

from aiocognito import AuthConfig, FileStorage
from aiocognito.integrations.fastapi import Auth, CognitoAuth, CurrentUser


def storage() -> FileStorage:
    """Open the sessions' directory."""
    return FileStorage("sessions", encryption_key=bytes.fromhex(os.environ["SESSION_KEY"]))


cognito = CognitoAuth(AuthConfig.from_env, storage=storage)
app = FastAPI(lifespan=cognito.lifespan)
cognito.install(app)
app.include_router(cognito.json_router(), prefix="/auth")


@app.get("/me")
async def me(user: CurrentUser) -> dict[str, str]:
    """Return the name of the signed-in user."""
    return {"username": user.username}


@app.get("/profile")
async def profile(auth: Auth) -> dict[str, str]:
    """Return the attributes of the signed-in user."""
    return await auth.fetch_user_attributes()
