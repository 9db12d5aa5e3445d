"""The emulator's options: chosen ids, hosts, origins, the token as access key id, and https."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from aiocognito import AuthClient
from aiocognito.emulator import Call, CognitoEmulator
from aiocognito.emulator.signing_keys import KeyPair
from helpers import certificate
from helpers.api import PASSWORD, OnePair

from .raw_http import exchange

LIST_POOLS = {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}
GET_USER = {"X-Amz-Target": "AWSCognitoIdentityProviderService.GetUser"}
POOL_ID = "eu-west-1_Shop12345"
TOKEN = "a-token-of-some-length"


class TestChosenIds:
    async def test_a_pool_and_its_client_have_the_chosen_ids(self, emulator: CognitoEmulator) -> None:
        pool = await emulator.create_user_pool(pool_id=POOL_ID, client_id="shop1example")
        assert (pool.id, pool.client_id) == (POOL_ID, "shop1example")
        assert pool.config.user_pool_region == "eu-west-1"
        other = await emulator.create_user_pool()
        assert other.id.startswith("us-east-1_")
        assert other.client_id != pool.client_id

    @pytest.mark.parametrize(
        ("ids", "complaint"),
        [
            ({"pool_id": "shop"}, "'shop' cannot be the id: a user pool id is a region, an underscore"),
            ({"pool_id": "us-east-1_a-b"}, "cannot be the id: a user pool id"),
            ({"pool_id": "us-east-1_"}, "cannot be the id: a user pool id"),
            ({"client_id": "a b"}, "'a b' cannot be the id: an app client id is"),
            ({"client_id": ""}, "cannot be the id: an app client id is"),
        ],
    )
    async def test_malformed_ones_are_refused(
        self, emulator: CognitoEmulator, ids: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(ValueError, match=complaint):
            await emulator.create_user_pool(**ids)

    async def test_taken_ones_are_refused(self, emulator: CognitoEmulator) -> None:
        await emulator.create_user_pool(pool_id=POOL_ID, client_id="shop")
        with pytest.raises(ValueError, match=f"'{POOL_ID}' is taken"):
            await emulator.create_user_pool(pool_id=POOL_ID)
        with pytest.raises(ValueError, match="'shop' is taken"):
            await emulator.create_user_pool(client_id="shop")

    async def test_a_refused_operation_leaves_no_id_behind(self, emulator: CognitoEmulator) -> None:
        with pytest.raises(ValueError, match="validation error"):
            await emulator.create_user_pool(pool_id=POOL_ID, PoolName="?")
        assert (await emulator.create_user_pool()).id != POOL_ID


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ({"issuer": "own"}, "issuer= must be 'aws' or 'local', not 'own'"),
        ({"token": "short"}, "token= must be 16 or more"),
        ({"token": "with a blank in the middle"}, "token= must be 16 or more"),
        ({"allowed_hosts": ["http://cognito"]}, "allowed_hosts= must hold host names, such as 'cognito'"),
        ({"allowed_hosts": ["cognito:9229"]}, "allowed_hosts= must hold host names"),
        ({"allowed_hosts": [3]}, "allowed_hosts= must hold host names"),
        ({"allowed_origins": ["shop.test"]}, "allowed_origins= must hold origins: scheme, host and port"),
        ({"allowed_origins": ["*"]}, "allowed_origins= must hold origins"),
        ({"allowed_origins": ["null"]}, "allowed_origins= must hold origins"),
        ({"allowed_origins": ["http://shop.test/path"]}, "allowed_origins= must hold origins"),
        ({"allowed_origins": ["http://shop.test:port"]}, "allowed_origins= must hold origins"),
        ({"allowed_origins": ["http://user@shop.test"]}, "allowed_origins= must hold origins"),
        ({"allowed_origins": [None]}, "allowed_origins= must hold origins"),
    ],
)
def test_a_malformed_option_is_named(option: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CognitoEmulator(**option)


class TestHosts:
    @pytest.mark.parametrize("host", ["cognito", "COGNITO:9229", "cognito.example"])
    async def test_a_named_host_is_accepted(self, key_pair: KeyPair, host: str) -> None:
        names = ["cognito", "Cognito.example"]
        async with CognitoEmulator(keys=OnePair(key_pair), allowed_hosts=names) as emulator:
            answered = await exchange(emulator.url, b"GET", b"/.well-known/jwks_uri", [], host=host.encode())
            assert answered.status == 200

    async def test_another_host_is_refused_and_the_log_says_how_to_allow_it(
        self, emulator: CognitoEmulator
    ) -> None:
        calls: list[Call] = []
        emulator.listen(calls.append)
        answered = await exchange(emulator.url, b"GET", b"/.well-known/jwks_uri", [], host=b"cognito:9229")
        assert answered.status == 403
        assert b"--allowed-host cognito" in answered.body
        (call,) = calls
        assert (call.operation, call.status) == ("GET /.well-known/jwks_uri", 403)
        assert call.reason is not None
        assert "--allowed-host cognito" in call.reason
        assert emulator.calls == []


class TestOrigins:
    @pytest.mark.parametrize(
        ("origin", "sent"),
        [
            ("http://shop.test:3000", "http://shop.test:3000"),
            ("https://Shop.Test:443/", "https://shop.test"),
            ("http://[::2]:80", "http://[::2]"),
            ("capacitor://localhost", "capacitor://localhost"),
        ],
    )
    async def test_a_named_origin_may_call_what_a_browser_calls_and_nothing_else(
        self, key_pair: KeyPair, http: aiohttp.ClientSession, origin: str, sent: str
    ) -> None:
        async with CognitoEmulator(keys=OnePair(key_pair), allowed_origins=[origin]) as emulator:
            headers = {"Origin": sent}
            async with http.options(emulator.url, headers=headers) as response:
                assert response.status == 204
            async with http.post(emulator.url, headers={**headers, **GET_USER}, data="{}") as response:
                assert response.headers["Access-Control-Allow-Origin"] == sent
            async with http.post(
                emulator.url, headers={**headers, **LIST_POOLS}, json={"MaxResults": 1}
            ) as response:
                assert response.status == 403
                assert "Access-Control-Allow-Origin" not in response.headers
            async with http.get(f"{emulator.url}/_emulator/messages", headers=headers) as response:
                assert response.status == 403
                assert "Access-Control-Allow-Origin" not in response.headers

    @pytest.mark.parametrize("origin", ["http://shop.test:3001", "https://shop.test:3000", "null"])
    async def test_another_origin_may_not_and_the_log_says_how_to_allow_it(
        self, key_pair: KeyPair, http: aiohttp.ClientSession, origin: str
    ) -> None:
        options: dict[str, Any] = {"keys": OnePair(key_pair), "allowed_origins": ["http://shop.test:3000"]}
        async with CognitoEmulator(**options) as emulator:
            calls: list[Call] = []
            emulator.listen(calls.append)
            headers = {"Origin": origin, **GET_USER}
            async with http.post(emulator.url, headers=headers, data="{}") as response:
                assert "Access-Control-Allow-Origin" not in response.headers
            assert calls[0].error == "CORS"
            assert calls[0].reason is not None
            assert f"--allowed-origin {origin}" in calls[0].reason


SCOPE = "20260101/us-east-1/cognito-idp/aws4_request"
SIGNED = f"AWS4-HMAC-SHA256 Credential={{}}/{SCOPE}, SignedHeaders=host, Signature=0"


class TestToken:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Authorization": f"Bearer {TOKEN}"}, 200),
            ({"Authorization": SIGNED.format(TOKEN)}, 200),
            ({"X-Emulator-Token": TOKEN}, 200),
            ({"X-Emulator-Token": TOKEN, "Authorization": SIGNED.format("test")}, 200),
            ({}, 401),
            ({"Authorization": SIGNED.format("test")}, 401),
            ({"Authorization": SIGNED.format(f"{TOKEN}x")}, 401),
            ({"Authorization": f"AWS4-HMAC-SHA256 SignedHeaders=Credential={TOKEN}"}, 401),
            ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ],
    )
    @pytest.mark.parametrize("path", ["/", "/_emulator/messages"])
    async def test_administration_off_loopback_takes_it_in_three_ways(
        self,
        key_pair: KeyPair,
        http: aiohttp.ClientSession,
        headers: dict[str, str],
        status: int,
        path: str,
    ) -> None:
        async with CognitoEmulator(host="0.0.0.0", keys=OnePair(key_pair), token=TOKEN) as emulator:
            calls: list[Call] = []
            emulator.listen(calls.append)
            method = "POST" if path == "/" else "GET"
            async with http.request(
                method,
                emulator.url + path,
                headers={**headers, **LIST_POOLS},
                data='{"MaxResults": 1}' if path == "/" else None,
            ) as response:
                assert response.status == status
            if status == 401:
                assert calls[-1].status == 401
                assert TOKEN not in repr(calls)

    async def test_what_a_front_end_calls_needs_none(
        self, key_pair: KeyPair, http: aiohttp.ClientSession
    ) -> None:
        async with (
            CognitoEmulator(host="0.0.0.0", keys=OnePair(key_pair)) as emulator,
            http.post(emulator.url, headers=GET_USER, data="{}") as response,
        ):
            assert response.status == 400

    async def test_on_loopback_an_emulator_has_no_token(self) -> None:
        assert CognitoEmulator(token=TOKEN).token is None


class TestTls:
    @pytest.mark.parametrize(
        ("names", "addresses", "host"),
        [
            (["localhost"], ["127.0.0.1"], "127.0.0.1"),
            (["localhost", "shop.localhost"], [], "localhost"),
            (["auth.localhost"], [], "auth.localhost"),
            (["*.shop.test", "auth.shop.test"], [], "auth.shop.test"),
            ([], [], "127.0.0.1"),
        ],
    )
    async def test_the_url_has_a_name_of_the_certificate(
        self, key_pair: KeyPair, tmp_path: Path, names: Sequence[str], addresses: Sequence[str], host: str
    ) -> None:
        files = certificate.write(tmp_path, names, addresses)
        async with CognitoEmulator(keys=OnePair(key_pair), tls=files) as emulator:
            assert emulator.url.rpartition(":")[0] == f"https://{host}"
            pool = await emulator.create_user_pool()
            assert pool.config.user_pool_endpoint == emulator.url

    async def test_it_is_served_by_every_name_of_the_certificate(
        self, key_pair: KeyPair, http: aiohttp.ClientSession, tmp_path: Path
    ) -> None:
        files = certificate.write(tmp_path, ["localhost", "auth.shop.test"])
        context = ssl.create_default_context(cafile=str(files[0]))
        async with CognitoEmulator(keys=OnePair(key_pair), tls=files) as emulator:
            pool = await emulator.create_user_pool()
            path = f"{emulator.url}/{pool.id}/.well-known/openid-configuration"
            async with http.get(path, ssl=context, headers={"Host": "auth.shop.test"}) as response:
                document = await response.json()
            assert document["token_endpoint"] == "https://auth.shop.test/oauth2/token"

    async def test_our_client_signs_in_over_it(
        self, key_pair: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = certificate.write(tmp_path)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(files[0]))
        async with CognitoEmulator(keys=OnePair(key_pair), tls=files) as emulator:
            pool = await emulator.create_user_pool()
            await pool.add_user("ana", PASSWORD)
            async with AuthClient(pool.config) as auth:
                assert (await auth.sign_in("ana", PASSWORD)).is_signed_in

    async def test_files_that_cannot_be_used_are_named(self, tmp_path: Path) -> None:
        cert, key = certificate.write(tmp_path)
        missing, text = tmp_path / "missing.pem", tmp_path / "text.pem"
        text.write_text("not a certificate")
        for files, complaint in (
            ((missing, key), f"tls=: {missing} cannot be read: No such file"),
            ((cert, missing), f"tls=: {missing} cannot be read: No such file"),
            ((text, key), "must be a certificate and its key"),
            ((cert, text), "must be a certificate and its key"),
            ((key, cert), "must be a certificate and its key"),
            ((cert,), "tls= must be two paths"),
            (str(cert), "tls= must be two paths"),
        ):
            with pytest.raises(ValueError, match=complaint):
                async with CognitoEmulator(tls=files):
                    pass

    async def test_a_key_with_a_password_is_refused_without_a_question(self, tmp_path: Path) -> None:
        files = certificate.write(tmp_path, password=b"secret")
        with pytest.raises(ValueError, match="without a password"):
            async with CognitoEmulator(tls=files):
                pass


class TestListeners:
    async def test_a_refusal_has_the_reason_that_the_client_does_not_see(
        self, emulator: CognitoEmulator
    ) -> None:
        calls: list[Call] = []
        emulator.listen(calls.append)
        pool = await emulator.create_user_pool(client={"PreventUserExistenceErrors": "ENABLED"})
        await pool.add_user("ana", PASSWORD)
        async with AuthClient(pool.config) as auth:
            for name, password in (("ana", "Wrong-horse-1"), ("eve", PASSWORD)):
                with pytest.raises(Exception, match="Incorrect username or password"):
                    await auth.sign_in(name, password)
        reasons = [call.reason for call in calls if call.status == 400]
        assert reasons == [
            "Incorrect username or password. — the password is not that of 'ana'",
            "Incorrect username or password. — the user pool has no user 'eve'; "
            "PreventUserExistenceErrors hides that",
        ]
        assert calls == emulator.calls
        assert "Wrong-horse-1" not in repr(reasons)

    async def test_one_that_fails_fails_no_request(
        self, emulator: CognitoEmulator, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_call: Call) -> None:
            raise KeyError("secret")

        calls: list[Call] = []
        emulator.listen(fail)
        emulator.listen(calls.append)
        async with http.get(f"{emulator.url}/.well-known/jwks_uri") as response:
            assert response.status == 200
        assert len(calls) == 1
        assert "a listener of the calls raised KeyError" in caplog.text
        assert "secret" not in caplog.text


async def test_a_request_waits_until_pools_and_users_are_set_up() -> None:
    emulator = CognitoEmulator()
    async with AsyncExitStack() as running, httpx.AsyncClient() as http:
        with emulator.requests_wait():
            await running.enter_async_context(emulator)
            request = asyncio.create_task(http.get(f"{emulator.url}/.well-known/openid-configuration"))
            done, _ = await asyncio.wait([request], timeout=0.2)
            assert not done
            await emulator.create_user_pool()
        assert (await request).status_code == 200
