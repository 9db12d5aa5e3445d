"""/oauth2/userInfo: whom an access token belongs to, and what it does not say."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from helpers.api import EMAIL, PASSWORD, PHONE

from .oauth import ALL, CALLBACK, App, make_app

BAD_REQUEST = ("invalid_request", "Bad OAuth2 request at UserInfo Endpoint")
BAD_TOKEN = (
    "invalid_token",
    "Access token is expired, disabled, or deleted, or the user has globally signed out.",
)
NO_OPENID = ("invalid_token", "Access token does not contain openid scope")


async def call_user_info(
    app: App, authorization: str | None, method: str = "GET"
) -> tuple[int, dict[str, Any]]:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with app.http.request(method, f"{app.emulator.url}/oauth2/userInfo", headers=headers) as response:
        body: dict[str, Any] = await response.json()
        assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
        assert "no-store" in response.headers["Cache-Control"]
        if response.status != 200:
            challenge = f'error="{body["error"]}", error_description="{body["error_description"]}"'
            assert response.headers["WWW-Authenticate"] == challenge
        return response.status, body


async def who(app: App, token: str, method: str = "GET") -> dict[str, Any]:
    status, body = await call_user_info(app, f"Bearer {token}", method)
    assert status == 200, body
    return body


async def refused(app: App, authorization: str | None, status: int) -> tuple[str, str]:
    found, body = await call_user_info(app, authorization)
    assert (found, set(body)) == (status, {"error", "error_description"})
    return body["error"], body["error_description"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_everything_is_a_string(app: App, method: str) -> None:
    token = (await app.sign_in(scopes=("openid",)))["access_token"]
    assert await who(app, token, method) == {
        "sub": app.user.sub,
        "username": "ana",
        "email": EMAIL,
        "email_verified": "true",
        "phone_number": PHONE,
        "phone_number_verified": "true",
        "name": "Ana",
        "address": "Main Street 1",
        "custom:team": "blue",
    }
    call = app.emulator.calls[-1]
    assert (call.operation, call.service, call.status) == ("UserInfo", "hosted-ui", 200)


async def test_scopes_narrow(app: App) -> None:
    """The scopes say which claims are returned."""
    token = (await app.sign_in(scopes=("openid", "email", "aws.cognito.signin.user.admin")))["access_token"]
    assert (await who(app, token)).keys() == {"sub", "username", "email", "email_verified"}
    token = (await app.sign_in(scopes=("openid", "profile")))["access_token"]
    assert (await who(app, token)).keys() == {"sub", "username", "name", "custom:team"}


async def test_what_the_client_may_not_read(emulator: Any, http: Any) -> None:
    app = await make_app(emulator, http, ReadAttributes=["name"])
    token = (await app.sign_in(scopes=("openid",)))["access_token"]
    assert (await who(app, token)).keys() == {"sub", "username", "name"}


async def test_it_is_up_to_date(app: App) -> None:
    token = (await app.sign_in(scopes=("openid",)))["access_token"]
    app.user.attributes["name"] = "Ana Maria"
    assert (await who(app, token))["name"] == "Ana Maria"


async def test_reading_writes_nothing_down(app: App) -> None:
    written: list[str] = []

    async def keep() -> None:
        written.append("all")

    app.emulator.state.persist = keep
    token = (await app.sign_in())["access_token"]
    assert written == ["all"]
    await who(app, token)
    assert written == ["all"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc"])
async def test_without_a_token(app: App, header: str | None) -> None:
    """A request without a bearer token is refused."""
    assert await refused(app, header, 400) == BAD_REQUEST


DEEP = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "é.é.é", f"e30.{DEEP}.e30", "e30.W10.e30"])
async def test_malformed_tokens(app: App, token: str) -> None:
    """A text that is not a token is refused."""
    assert await refused(app, f"Bearer {token}", 401) == BAD_TOKEN


async def test_an_id_token_is_refused(app: App) -> None:
    assert await refused(app, f"Bearer {(await app.sign_in())['id_token']}", 401) == BAD_TOKEN


async def test_tokens_without_openid(app: App) -> None:
    """A token without the scope `openid` is refused."""
    token = (await app.sign_in(scopes=("email",)))["access_token"]
    assert await refused(app, f"Bearer {token}", 401) == NO_OPENID
    result = await app.emulator.call(
        "InitiateAuth",
        ClientId=app.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
    )
    token = result["AuthenticationResult"]["AccessToken"]
    assert await refused(app, f"Bearer {token}", 401) == NO_OPENID


async def test_tokens_that_have_ended(app: App) -> None:
    expired = (await app.sign_in())["access_token"]
    app.emulator.clock.advance(3601)
    assert await refused(app, f"Bearer {expired}", 401) == BAD_TOKEN
    token = (await app.sign_in(scopes=ALL))["access_token"]
    await app.emulator.call("GlobalSignOut", AccessToken=token)
    assert await refused(app, f"Bearer {token}", 401) == BAD_TOKEN
    token = (await app.sign_in())["access_token"]
    app.user.enabled = False
    assert await refused(app, f"Bearer {token}", 401) == BAD_TOKEN


async def test_machines_are_not_users(app: App) -> None:
    await app.pool.add_resource_server("orders", ["read"])
    config = await app.pool.add_client(AllowedOAuthFlows=["client_credentials"])
    given = {"client_id": config.user_pool_client_id, "client_secret": config.user_pool_client_secret}
    found = await app.token({"grant_type": "client_credentials", **given})  # type: ignore[dict-item]  # the client has a secret
    assert await refused(app, f"Bearer {found['access_token']}", 401) == NO_OPENID
    assert (await app.post("userInfo", {"redirect_uri": CALLBACK})).status == 400
