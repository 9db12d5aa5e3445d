"""Where clients see the emulator: behind a TLS proxy, and with its own URL as the issuer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest

from aiocognito import AuthClient, TokenVerifier, decode_jwt, errors
from aiocognito.emulator import CognitoEmulator, EmulatedUserPool
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import PASSWORD, Answered, OnePair

from .oauth import App, make_app
from .raw_http import Header, exchange

CALLBACK = "https://app.example/callback"
PROXIED = [(b"X-Forwarded-Proto", b"https")]


@pytest.fixture
async def pool(emulator: CognitoEmulator) -> EmulatedUserPool:
    return await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})


def query(pool: EmulatedUserPool) -> str:
    return urlencode({"client_id": pool.client_id, "response_type": "code", "redirect_uri": CALLBACK})


async def get(
    emulator: CognitoEmulator, path: str, headers: list[Header], host: bytes = b"localhost:8443"
) -> Answered:
    return await exchange(emulator.url, b"GET", path.encode(), headers, host=host)


class TestBehindAProxy:
    @pytest.mark.parametrize(
        "headers",
        [
            PROXIED,
            [(b"X-Forwarded-Proto", b"HTTPS")],
            [(b"X-Forwarded-Proto", b"https, http")],
            [(b"Forwarded", b"for=192.0.2.1;proto=https;host=localhost")],
            [(b"Forwarded", b'Proto="https"')],
        ],
    )
    async def test_a_client_stays_on_https(
        self, emulator: CognitoEmulator, pool: EmulatedUserPool, headers: list[Header]
    ) -> None:
        answered = await get(emulator, f"/oauth2/authorize?{query(pool)}", headers)
        assert answered.status == 302
        assert answered.headers["Location"] == f"https://localhost:8443/login?{query(pool)}"
        answered = await get(emulator, f"/login?{query(pool)}", headers)
        assert "; Secure" in answered.headers["Set-Cookie"]
        answered = await get(emulator, "/oauth2/authorize?client_id=unknown", headers)
        assert answered.headers["Location"].startswith("https://localhost:8443/error?")
        for path in (
            f"/{pool.id}/.well-known/openid-configuration",
            "/.well-known/openid-configuration",
        ):
            answered = await get(emulator, path, headers)
            urls = [value for value in json.loads(answered.body).values() if "localhost:8443" in str(value)]
            assert urls
            assert all(url.startswith("https://localhost:8443/") for url in urls)

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [(b"X-Forwarded-Proto", b"http")],
            [(b"X-Forwarded-Proto", b"gopher")],
            [(b"X-Forwarded-Proto", b"http, https")],
            [(b"Forwarded", b"for=192.0.2.1, proto=https")],
        ],
    )
    async def test_without_one_a_client_stays_on_http(
        self, emulator: CognitoEmulator, pool: EmulatedUserPool, headers: list[Header]
    ) -> None:
        answered = await get(emulator, f"/oauth2/authorize?{query(pool)}", headers)
        assert answered.headers["Location"].startswith("http://localhost:8443/login?")
        answered = await get(emulator, f"/login?{query(pool)}", headers)
        assert "; Secure" not in answered.headers["Set-Cookie"]

    async def test_a_form_that_a_browser_sent_over_https_is_of_our_page(
        self, emulator: CognitoEmulator, pool: EmulatedUserPool
    ) -> None:
        """A proxy that adds no header: the browser's `Origin` has the scheme."""
        own = [(b"Origin", b"https://localhost:8443")]
        answered = await get(emulator, f"/oauth2/authorize?{query(pool)}", own)
        assert answered.headers["Location"].startswith("https://localhost:8443/login?")
        answered = await get(emulator, "/", own)
        assert answered.status == 200

    @pytest.mark.parametrize(
        "origin", [b"https://localhost", b"https://localhost:8444", b"https://evil.example", b"https://["]
    )
    async def test_another_pages_form_is_not(
        self, emulator: CognitoEmulator, pool: EmulatedUserPool, origin: bytes
    ) -> None:
        answered = await get(emulator, f"/login?{query(pool)}", [(b"Origin", origin)])
        assert answered.status == 403
        answered = await get(emulator, "/", [(b"Origin", origin)])
        assert answered.status == 403

    @pytest.mark.parametrize(
        ("names", "scheme"), [([], "http"), (["auth.shop.test"], "https"), (["other.test"], "http")]
    )
    async def test_from_another_machine_the_header_counts_for_named_hosts_alone(
        self, key_pair: KeyPair, monkeypatch: pytest.MonkeyPatch, names: list[str], scheme: str
    ) -> None:
        monkeypatch.setattr("aiocognito.emulator.request_url.is_loopback", lambda _host: False)
        hosts = [*names, "also.test"]
        async with CognitoEmulator(keys=OnePair(key_pair), allowed_hosts=hosts) as emulator:
            pool = await emulator.create_user_pool(client={"CallbackURLs": [CALLBACK]})
            host = b"auth.shop.test" if names == ["auth.shop.test"] else b"localhost"
            answered = await get(emulator, f"/oauth2/authorize?{query(pool)}", PROXIED, host)
            assert answered.headers["Location"].startswith(f"{scheme}://{host.decode()}/login?")


@pytest.fixture
async def local(key_pair: KeyPair) -> AsyncIterator[CognitoEmulator]:
    async with CognitoEmulator(keys=OnePair(key_pair), issuer="local") as running:
        yield running


class TestLocalIssuer:
    async def test_tokens_and_discovery_name_the_emulator(self, local: CognitoEmulator) -> None:
        pool = await local.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        path = f"/{pool.id}/.well-known/openid-configuration"
        answered = await exchange(
            local.url, b"GET", path.encode(), [], host=local.url.removeprefix("http://").encode()
        )
        assert json.loads(answered.body)["issuer"] == f"{local.url}/{pool.id}"
        async with AuthClient(pool.config) as auth:
            await auth.sign_in("ana", PASSWORD)
            tokens = (await auth.fetch_auth_session(credentials=False)).tokens
            assert tokens is not None
            assert tokens.id_token is not None
            for token in (tokens.access_token, tokens.id_token):
                assert token.payload["iss"] == f"{local.url}/{pool.id}"
            # The API takes such an access token.
            assert (await auth.fetch_user_attributes())["sub"]

    async def test_the_issuer_is_the_url_by_which_the_client_called(self, local: CognitoEmulator) -> None:
        pool = await local.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        path = f"/{pool.id}/.well-known/openid-configuration"
        document = json.loads((await get(local, path, PROXIED)).body)
        assert document["issuer"] == f"https://localhost:8443/{pool.id}"
        body = {
            "ClientId": pool.client_id,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "ana", "PASSWORD": PASSWORD},
        }
        target = (b"X-Amz-Target", b"AWSCognitoIdentityProviderService.InitiateAuth")
        sent = json.dumps(body).encode()
        answered = await exchange(local.url, b"POST", b"/", [target, *PROXIED], sent, host=b"localhost:8443")
        token = json.loads(answered.body)["AuthenticationResult"]["AccessToken"]
        assert decode_jwt(token).payload["iss"] == f"https://localhost:8443/{pool.id}"
        # By whichever name it was issued, it is this emulator's.
        info = await exchange(
            local.url,
            b"POST",
            b"/",
            [(b"X-Amz-Target", target[1].replace(b"InitiateAuth", b"GetUser"))],
            json.dumps({"AccessToken": token}).encode(),
        )
        assert info.status == 200

    async def test_the_hosted_uis_tokens_have_it(self, local: CognitoEmulator, http: object) -> None:
        app: App = await make_app(local, http)  # type: ignore[arg-type]  # the fixture of aiohttp
        tokens = await app.sign_in()
        assert decode_jwt(tokens["id_token"]).payload["iss"] == f"{local.url}/{app.pool.id}"
        assert (
            await app.post("userInfo", {}, Authorization=f"Bearer {tokens['access_token']}")
        ).status == 200

    async def test_an_identity_pool_takes_its_id_tokens(self, local: CognitoEmulator) -> None:
        pool = await local.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        identity_pool = await local.create_identity_pool(user_pools=[pool])
        async with AuthClient(identity_pool.config) as auth:
            await auth.sign_in("ana", PASSWORD)
            session = await auth.fetch_auth_session()
            assert session.credentials is not None
        (identity,) = identity_pool.identities
        assert [key[0] for key in identity.login_keys()] == [pool.state.issuer.removeprefix("https://")]

    async def test_a_forged_one_is_refused(self, local: CognitoEmulator, emulator: CognitoEmulator) -> None:
        """Another emulator's token with the same pool id has another key."""
        ids: dict[str, Any] = {"pool_id": "us-east-1_Shop12345", "client_id": "shop"}
        pool = await local.create_user_pool(**ids)
        async with CognitoEmulator(issuer="local") as other:
            forger = await other.create_user_pool(**ids)
            await forger.add_user("ana", PASSWORD)
            async with AuthClient(forger.config) as auth:
                await auth.sign_in("ana", PASSWORD)
                token = await auth.access_token()
        with pytest.raises(ValueError, match="Invalid Access Token"):
            await local.call("GetUser", AccessToken=token)
        assert pool.id == forger.id

    async def test_a_verifier_of_cognitos_tokens_wants_awss(self, local: CognitoEmulator) -> None:
        pool = await local.create_user_pool()
        await pool.add_user("ana", PASSWORD)
        async with AuthClient(pool.config) as auth:
            await auth.sign_in("ana", PASSWORD)
            async with TokenVerifier.from_config(pool.config, token_use="access") as verifier:
                with pytest.raises(errors.TokenVerificationError) as refused:
                    await verifier.verify(await auth.access_token())
        assert refused.value.claim == "iss"
