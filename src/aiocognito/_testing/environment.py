"""The environment variables of a test: they lead clients of Cognito to an emulator, and nothing to AWS."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from .. import _clocks as clocks
from .._config import AuthConfig
from ..emulator import CognitoEnvironment, ThreadedEmulator, ThreadedUserPool, exports

_KEY: Final = "emulated"
# Variables by which a client would find another user pool, account, region or endpoint.
_REMOVED: Final = (
    "COGNITO_CLIENT_SECRET",
    "COGNITO_IDENTITY_POOL_ID",
    "COGNITO_JWKS_URI",
    "COGNITO_OAUTH_DOMAIN",
    "COGNITO_OAUTH_SCOPES",
    "COGNITO_REDIRECT_SIGN_IN",
    "COGNITO_REDIRECT_SIGN_OUT",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    # Credentials that a shell has exported: the emulator's would expire with them.
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
_LOCAL: Final = ("127.0.0.1", "localhost", "::1")


@contextmanager
def environment_of_test(emulator: ThreadedEmulator, pool: ThreadedUserPool) -> Iterator[CognitoEnvironment]:
    """Set the environment variables and the default clock; at the end, restore them.

    Args:
        emulator: The emulator.
        pool: The user pool.
    """
    variables = _variables(emulator, pool)
    before = dict(os.environ)
    clock = clocks.set_default(emulator.clock)
    try:
        for name in _REMOVED:
            os.environ.pop(name, None)
        os.environ.update(variables)
        yield CognitoEnvironment(variables, _amplify_outputs(emulator, pool))
    finally:
        clocks.set_default(clock)
        _restore(before, {*_REMOVED, *variables})


def _restore(before: Mapping[str, str], names: set[str]) -> None:
    for name in names:
        if name in before:
            os.environ[name] = before[name]
        else:
            os.environ.pop(name, None)


def _variables(emulator: ThreadedEmulator, pool: ThreadedUserPool) -> dict[str, str]:
    config = pool.config
    variables = {
        "COGNITO_USER_POOL_ID": pool.id,
        "COGNITO_CLIENT_ID": pool.client_id,
        "COGNITO_CLIENT_SECRET": config.user_pool_client_secret,
        "COGNITO_USER_POOL_ENDPOINT": emulator.url,
        "COGNITO_IDENTITY_POOL_ENDPOINT": emulator.url,
        # pycognito would fetch the keys from AWS.
        "COGNITO_JWKS": json.dumps(pool.key_set()),
        **_oauth(config),
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": emulator.url,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY": emulator.url,
        # The SDK for JavaScript reads AWS_REGION, boto3 the other.
        "AWS_DEFAULT_REGION": emulator.region,
        "AWS_REGION": emulator.region,
        # No other credentials are looked for, and requests to other services of AWS are refused there.
        "AWS_ACCESS_KEY_ID": emulator.token or _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        # A profile can have an endpoint of its own.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **_no_proxy(),
    }
    return {name: value for name, value in variables.items() if value is not None}


def _oauth(config: AuthConfig) -> dict[str, str]:
    if config.oauth is None:
        return {}
    variables = {
        "COGNITO_OAUTH_DOMAIN": config.oauth.domain,
        "COGNITO_OAUTH_SCOPES": ",".join(config.oauth.scopes),
        "COGNITO_REDIRECT_SIGN_IN": ",".join(config.oauth.redirect_sign_in),
        "COGNITO_REDIRECT_SIGN_OUT": ",".join(config.oauth.redirect_sign_out),
    }
    return {name: value for name, value in variables.items() if value}


def _no_proxy() -> dict[str, str]:
    """Return both spellings of the variable, which clients differ in, with the local addresses added."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    names = [name for name in (part.strip() for part in given.split(",")) if name]
    value = ",".join(dict.fromkeys([*names, *_LOCAL]))
    return {"NO_PROXY": value, "no_proxy": value}


def _amplify_outputs(emulator: ThreadedEmulator, pool: ThreadedUserPool) -> dict[str, Any]:
    return pool._thread.call(lambda: exports.amplify_outputs(emulator.url, pool._pool))
