"""The sessions of the shop's users, for the routes."""

from aiocognito import AuthConfig
from aiocognito.integrations.fastapi import CognitoAuth

from .storage import make_storage

cognito = CognitoAuth(AuthConfig.from_env, storage=make_storage, login_path="/sign-in")
