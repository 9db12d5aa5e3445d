"""Checked by mypy, never run: configuration, errors, the Hub and tokens as their users write them.

A comment that ignores an error is a test, too: mypy reports one that is not needed.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, assert_type

import aiocognito
from aiocognito import AuthConfig, AuthError, AuthEvent, Hub, OAuthConfig, UserContext, decode_jwt, errors
from aiocognito._jwt import JWT


def configuration() -> AuthConfig:
    oauth = OAuthConfig(
        domain="auth.example.com",
        scopes=["openid"],
        redirect_sign_in=["https://app.example.com/"],
        redirect_sign_out=("https://app.example.com/",),
    )
    assert_type(oauth.scopes, tuple[str, ...])
    AuthConfig("us-east-1_abc")  # type: ignore[call-arg]  # must not pass
    AuthConfig(sign_up_verification_method="fax")  # type: ignore[arg-type]  # must not pass
    OAuthConfig(domain="auth.example.com", response_type="both")  # type: ignore[arg-type]  # must not pass
    UserContext(ip_address=5)  # type: ignore[arg-type]  # must not pass
    config = AuthConfig(user_pool_id="us-east-1_abc", oauth=oauth, refresh_ahead=60)
    config.user_pool_id = None  # type: ignore[misc]  # must not pass
    assert_type(AuthConfig.from_env({"COGNITO_CLIENT_ID": "abc"}), AuthConfig)
    assert_type(AuthConfig.from_amplify_outputs("amplify_outputs.json"), AuthConfig)
    assert_type(AuthConfig.from_amplify_outputs({"version": "1"}), AuthConfig)
    return config


def refusals(error: AuthError) -> int:
    assert_type(error.name, str)
    assert_type(error.recovery_suggestion, str | None)
    assert_type(error.retryable, bool)
    assert_type(error.request_id, str | None)
    assert_type(error.service_status, int | None)
    if isinstance(error, errors.NotAuthorizedException):
        assert_type(error.operation, str | None)
    if isinstance(error, errors.AuthValidationError):
        assert_type(error.code, errors.AuthValidationErrorCode)
    if isinstance(error, errors.NetworkError):
        assert_type(error.request_sent, bool)
    return errors.http_status_for(error)


async def events(hub: Hub) -> None:
    async def later(event: AuthEvent) -> None:
        assert_type(event.data, dict[str, Any])
        assert_type(event.session_id, str | None)

    def now(event: AuthEvent) -> None: ...

    assert_type(hub.listen(later), Callable[[], None])
    hub.listen(now, events=["signedIn", "tokenRefresh_failure"])
    hub.listen(now, events=["signedUp"])  # type: ignore[list-item]  # must not pass
    hub.listen(lambda: None)  # type: ignore[misc,arg-type]  # must not pass
    async with hub.subscribe(events={"signedOut"}, max_buffer=8) as received:
        assert_type(received, AsyncIterator[AuthEvent])
        async for event in received:
            assert_type(event.dropped, int)
            if event.name == "signedOut":
                assert_type(event.name, Literal["signedOut"])


def tokens() -> dict[str, Any]:
    jwt = decode_jwt("a.e30.c")
    assert_type(jwt, JWT)
    decode_jwt(b"a.e30.c")  # type: ignore[arg-type]  # must not pass
    return assert_type(jwt.payload, dict[str, Any])


def names() -> None:
    assert_type(aiocognito.AuthConfig.from_env(), AuthConfig)
    aiocognito.AuthCleint  # type: ignore[attr-defined]  # noqa: B018 - must not pass
