"""POST /oauth2/revoke: the end of one sign-in."""

from __future__ import annotations

from typing import Any

import pytest

from .oauth import ALL, App, make_app


async def revoke(app: App, token: str, **changes: str) -> tuple[int, bytes]:
    answered = await app.post("revoke", {"token": token, **app.credentials, **changes})
    return answered.status, answered.body


INVALID_REQUEST = (400, b'{"error":"invalid_request"}')
INVALID_CLIENT = (401, b'{"error":"invalid_client"}')


async def test_a_sign_in_ends_and_no_other(app: App) -> None:
    one, other = [await app.sign_in(scopes=ALL) for _ in range(2)]
    assert await revoke(app, one["refresh_token"]) == (200, b"")
    assert (app.emulator.calls[-1].operation, app.emulator.calls[-1].service) == ("Revoke", "hosted-ui")
    assert await app.error(app.renewal(one["refresh_token"])) == "invalid_grant"
    with pytest.raises(ValueError, match="Access Token has been revoked"):
        await app.emulator.call("GetUser", AccessToken=one["access_token"])
    assert await app.token(app.renewal(other["refresh_token"]))
    # A second revocation succeeds, and so does that of an unknown token.
    assert await revoke(app, one["refresh_token"]) == (200, b"")
    assert await revoke(app, "nonsense") == (200, b"")


async def test_tokens_of_the_other_api(app: App) -> None:
    token = (await app.sign_in())["refresh_token"]
    await app.emulator.call("RevokeToken", Token=token, ClientId=app.id)
    assert await app.error(app.renewal(token)) == "invalid_grant"


async def test_every_token_of_a_rotation(emulator: Any, http: Any) -> None:
    app = await make_app(emulator, http, RefreshTokenRotation={"Feature": "ENABLED"})
    first = (await app.sign_in())["refresh_token"]
    second = (await app.token(app.renewal(first)))["refresh_token"]
    assert await revoke(app, first) == (200, b"")
    assert await app.error(app.renewal(second)) == "invalid_grant"


async def test_a_secret_is_needed_where_there_is_one(confidential: App) -> None:
    app = confidential
    token = (await app.sign_in())["refresh_token"]
    assert await revoke(app, token, client_secret="wrong") == INVALID_CLIENT
    assert (await app.post("revoke", {"token": token, "client_id": app.id})).status == 401
    answered = await app.post("revoke", {"token": token}, basic=f"{app.id}:wrong")
    assert (answered.status, answered.headers["WWW-Authenticate"]) == (401, "Basic")
    assert await app.token(app.renewal(token))
    answered = await app.post("revoke", {"token": token}, basic=f"{app.id}:{app.pool.client_secret}")
    assert (answered.status, answered.body) == (200, b"")
    assert await app.error(app.renewal(token)) == "invalid_grant"


async def test_another_users_token(app: App) -> None:
    """A token of another client is refused."""
    token = (await app.sign_in())["refresh_token"]
    other = await app.pool.add_client()
    assert await revoke(app, token, client_id=str(other.user_pool_client_id)) == INVALID_CLIENT
    assert await app.token(app.renewal(token))


async def test_what_cannot_be_revoked(app: App) -> None:
    found = await app.sign_in()
    for name in ("access_token", "id_token"):
        assert await revoke(app, found[name]) == (400, b'{"error":"unsupported_token_type"}')
    assert await revoke(app, "") == INVALID_REQUEST
    app.pool.state.clients[app.id].settings["EnableTokenRevocation"] = False
    assert await revoke(app, found["refresh_token"]) == INVALID_REQUEST


async def test_only_post(app: App) -> None:
    """Other methods are refused with 405."""
    async with app.http.get(f"{app.emulator.url}/oauth2/revoke") as response:
        assert response.status == 405
