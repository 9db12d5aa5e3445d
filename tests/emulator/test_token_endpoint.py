"""POST /oauth2/token: codes, refresh tokens and client secrets for tokens, and every way to be refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from typing import Any
from urllib.parse import quote_plus, urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiocognito.emulator import Assumptions, CognitoEmulator
from aiocognito.emulator.hosted_ui.client_authentication import authenticate
from aiocognito.emulator.hosted_ui.oauth_errors import OAuthError
from aiocognito.emulator.identities import entry, put
from aiocognito.emulator.signing_keys import KeyPair
from aiocognito.emulator.state import EmulatorState
from helpers.api import EMAIL, OnePair, claims

from .judge import Judge
from .oauth import ALL, CALLBACK, ROTATING, VERIFIER, App, make_app

EVERY = {
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "name",
    "address",
    "custom:team",
}


async def test_a_code(app: App) -> None:
    """A code is exchanged for tokens."""
    answered = await app.post("token", app.exchange(app.code(nonce="n1")))
    assert answered.status == 200
    assert answered.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "no-store" in answered.headers["Cache-Control"]
    assert answered.headers["Pragma"] == "no-cache"
    assert answered.headers["x-amz-cognito-request-id"]
    found = answered.json()
    assert found.keys() == {"access_token", "id_token", "refresh_token", "token_type", "expires_in"}
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 3600)
    access, identity = claims(found["access_token"]), claims(found["id_token"])
    assert access["scope"] == "openid email"
    assert access["version"] == 2
    assert (access["username"], access["client_id"], access["sub"]) == ("ana", app.id, app.user.sub)
    assert (identity["nonce"], identity["aud"]) == ("n1", app.id)
    assert access["auth_time"] == identity["auth_time"] == pytest.approx(access["iat"] - 20, abs=1)
    assert access["event_id"] == identity["event_id"]
    assert access["origin_jti"] == identity["origin_jti"]
    half = hashlib.sha256(found["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert "nonce" not in access
    call = app.emulator.calls[-1]
    assert (call.operation, call.service, call.status, call.error) == ("Token", "hosted-ui", 200, None)


async def test_a_code_without_pkce_or_nonce(app: App) -> None:
    code = app.code(code_challenge=None)
    found = await app.token(app.exchange(code, code_verifier=None))
    assert "nonce" not in claims(found["id_token"])


async def test_no_id_token_without_openid(app: App) -> None:
    found = await app.sign_in(scopes=("email",))
    assert "id_token" not in found
    assert claims(found["access_token"])["scope"] == "email"
    assert "id_token" not in await app.token(app.renewal(found["refresh_token"]))


@pytest.mark.parametrize(
    ("scopes", "shown"),
    [
        ((), EVERY),
        (
            ("aws.cognito.signin.user.admin",),
            EVERY,
        ),
        (("email",), {"email", "email_verified"}),
        (("phone",), {"phone_number", "phone_number_verified"}),
        (("profile",), {"name", "custom:team"}),
        (("profile", "email"), {"name", "custom:team", "email", "email_verified"}),
    ],
)
async def test_scopes_narrow_the_id_token(app: App, scopes: tuple[str, ...], shown: set[str]) -> None:
    identity = claims((await app.sign_in(scopes=("openid", *scopes)))["id_token"])
    every = app.user.attributes.keys()
    assert identity.keys() & every == shown


async def test_what_the_client_may_not_read_is_in_no_token(emulator: Any, http: Any) -> None:
    app = await make_app(emulator, http, ReadAttributes=["email", "email_verified"])
    identity = claims((await app.sign_in(scopes=("openid", "email")))["id_token"])
    assert identity.keys() & app.user.attributes.keys() == {"email", "email_verified"}
    # A scope that promises what the client may not read yields nothing.
    assert await app.error(app.exchange(app.code(scopes=("openid", "phone")))) == "invalid_grant"


async def test_identities_are_an_array(app: App) -> None:
    provider = {"ProviderName": "Google", "ProviderType": "Google"}
    put(app.user, [entry(provider, "g-1", primary=True, now=1_642_699_117.273)])
    identity = claims((await app.sign_in(scopes=("openid", "email")))["id_token"])
    assert identity["identities"] == [
        {
            "userId": "g-1",
            "providerName": "Google",
            "providerType": "Google",
            "issuer": None,
            "primary": "true",
            "dateCreated": "1642699117273",
        }
    ]


class TestCodes:
    async def test_a_code_is_good_once_and_its_second_use_ends_the_first(self, app: App) -> None:
        code = app.code(scopes=ALL)
        found = await app.token(app.exchange(code))
        assert await app.error(app.exchange(code)) == "invalid_grant"
        assert await app.error(app.renewal(found["refresh_token"])) == "invalid_grant"
        with pytest.raises(ValueError, match="Access Token has been revoked"):
            await app.emulator.call("GetUser", AccessToken=found["access_token"])

    async def test_the_other_reading_of_a_second_use(self, key_pair: KeyPair, http: Any) -> None:
        assumptions = Assumptions(code_reuse_revokes=False)
        async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
            app = await make_app(emulator, http)
            code = app.code()
            found = await app.token(app.exchange(code))
            assert await app.error(app.exchange(code)) == "invalid_grant"
            assert await app.token(app.renewal(found["refresh_token"]))

    async def test_of_two_uses_at_once_one_is_refused_and_ends_the_other(self, app: App) -> None:
        code = app.code()
        answers = await asyncio.gather(*(app.post("token", app.exchange(code)) for _ in range(2)))
        good = [answer.json() for answer in answers if answer.status == 200]
        assert sorted(answer.status for answer in answers) == [200, 400]
        assert await app.error(app.renewal(good[0]["refresh_token"])) == "invalid_grant"

    async def test_a_code_expires(self, app: App) -> None:
        """A code is valid for five minutes."""
        first, second = app.code(), app.code()
        app.emulator.clock.advance(299)
        await app.token(app.exchange(first))
        app.emulator.clock.advance(1)
        assert await app.error(app.exchange(second)) == "invalid_grant"

    async def test_malformed_codes(self, app: App) -> None:
        """A text that is not a code is refused."""
        assert await app.error(app.exchange("nonsense")) == "invalid_grant"

    async def test_another_users_code_is_refused_and_stays_good(self, app: App) -> None:
        other = await app.pool.add_client(CallbackURLs=[CALLBACK])
        code = app.code()
        asked = app.exchange(code, client_id=other.user_pool_client_id)
        assert await app.error(asked) == "invalid_grant"
        assert await app.token(app.exchange(code))

    async def test_another_redirect_uri_burns_the_code(self, app: App) -> None:
        code = app.code()
        status, body = await app.refused(app.exchange(code, redirect_uri=f"{CALLBACK}/"))
        assert (status, body) == (
            400,
            {"error": "unauthorized_client", "error_description": "invalid_redirect"},
        )
        assert await app.error(app.exchange(code)) == "invalid_grant"

    @pytest.mark.parametrize("verifier", [VERIFIER.upper(), None])
    async def test_another_verifier_burns_the_code(self, app: App, verifier: str | None) -> None:
        code = app.code()
        assert await app.error(app.exchange(code, code_verifier=verifier)) == "invalid_grant"
        assert await app.error(app.exchange(code)) == "invalid_grant"

    async def test_the_other_reading_of_a_failed_exchange(self, key_pair: KeyPair, http: Any) -> None:
        assumptions = Assumptions(failed_exchange_burns_code=False)
        async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
            app = await make_app(emulator, http)
            code = app.code()
            assert await app.error(app.exchange(code, code_verifier=VERIFIER.upper())) == "invalid_grant"
            assert await app.token(app.exchange(code))

    async def test_a_verifier_where_no_challenge_was(self, app: App) -> None:
        assert await app.error(app.exchange(app.code(code_challenge=None))) == "invalid_grant"

    @pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 43 + "+"])
    async def test_malformed_verifiers(self, app: App, verifier: str) -> None:
        """A verifier of a wrong form is refused, and the code stays valid."""
        code = app.code()
        assert await app.error(app.exchange(code, code_verifier=verifier)) == "invalid_request"
        assert await app.token(app.exchange(code))

    @pytest.mark.parametrize("missing", ["code", "redirect_uri"])
    async def test_what_is_missing(self, app: App, missing: str) -> None:
        """A missing parameter is refused."""
        asked = app.exchange(app.code())
        del asked[missing]
        assert await app.error(asked) == "invalid_request"

    async def test_disabled_and_deleted_users(self, app: App) -> None:
        code, other = app.code(), app.code()
        app.user.enabled = False
        assert await app.error(app.exchange(code)) == "invalid_grant"
        await app.emulator.call("AdminDeleteUser", UserPoolId=app.pool.id, Username="ana")
        assert await app.error(app.exchange(other)) == "invalid_grant"

    async def test_the_flow_has_to_be_on(self, emulator: Any, http: Any) -> None:
        app = await make_app(emulator, http, AllowedOAuthFlows=["implicit"])
        assert await app.error(app.exchange(app.code())) == "unauthorized_client"
        client = app.pool.state.clients[app.id]
        client.settings.update(AllowedOAuthFlows=["code"], AllowedOAuthFlowsUserPoolClient=False)
        assert await app.error(app.exchange(app.code())) == "unauthorized_client"


class TestClientAuthentication:
    async def test_basic_and_post(self, confidential: App) -> None:
        """The secret is accepted in the header and in the form."""
        app, secret = confidential, confidential.pool.client_secret
        assert await app.token(app.exchange(app.code()))
        bare = app.exchange(app.code(), client_id=None, client_secret=None)
        assert await app.token(bare, basic=f"{app.id}:{secret}")
        named = app.exchange(app.code(), client_secret=None)
        assert await app.token(named, basic=f"{app.id}:{secret}")

    async def test_a_secret_with_a_plus_sign_comes_bare_or_encoded(self, emulator: Any, http: Any) -> None:
        secret = "a+secret_with_a+sign_in_it"
        app = await make_app(emulator, http, ClientSecret=secret)
        for sent in (secret, quote_plus(secret)):
            asked = app.exchange(app.code(), client_id=None, client_secret=None)
            assert await app.token(asked, basic=f"{app.id}:{sent}")
        assert await app.token(app.exchange(app.code()))

    @pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_secret": None}])
    async def test_wrong_and_missing_secrets(self, confidential: App, change: dict[str, Any]) -> None:
        app = confidential
        code = app.code()
        assert await app.error(app.exchange(code, **change)) == "invalid_client"
        assert await app.token(app.exchange(code))

    @pytest.mark.parametrize("pair", ["{id}:wrong", "{id}:", "unknown:{secret}", "{id}", "\0:"])
    async def test_wrong_basic(self, confidential: App, pair: str) -> None:
        """A wrong Basic header is refused."""
        app = confidential
        basic = pair.format(id=app.id, secret=app.pool.client_secret)
        asked = app.exchange(app.code(), client_id=None, client_secret=None)
        assert await app.error(asked, basic=basic) == "invalid_client"

    @pytest.mark.parametrize("header", ["Basic", "Basic ?", "Basic //==", "Bearer token", "nonsense"])
    async def test_malformed_basic_headers(self, confidential: App, header: str) -> None:
        """A malformed Basic header is refused."""
        app = confidential
        asked = app.exchange(app.code(), client_id=None, client_secret=None)
        assert await app.error(asked, Authorization=header) == "invalid_client"

    async def test_never_both(self, confidential: App) -> None:
        """A client proves its secret in the header or in the form."""
        app = confidential
        basic = f"{app.id}:{app.pool.client_secret}"
        assert await app.error(app.exchange(app.code()), basic=basic) == "invalid_request"
        other = app.exchange(app.code(), client_id="another", client_secret=None)
        assert await app.error(other, basic=basic) == "invalid_request"

    async def test_a_public_client_has_no_secret(self, app: App) -> None:
        assert await app.error(app.exchange(app.code(), client_secret="any")) == "invalid_client"
        assert await app.token(app.exchange(app.code(), client_id=None), basic=f"{app.id}:")

    async def test_an_unknown_user(self, app: App) -> None:
        """A request without a known client is refused."""
        assert await app.error(app.exchange(app.code(), client_id=None)) == "invalid_request"
        assert await app.error(app.exchange(app.code(), client_id="unknown")) == "invalid_client"

    async def test_the_other_status(self, key_pair: KeyPair, http: Any) -> None:
        """The assumption about the status can be changed."""
        assumptions = Assumptions(wrong_client_status=401)
        async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
            app = await make_app(emulator, http)
            answered = await app.post("token", app.exchange("any", client_id="unknown"))
            assert (answered.status, answered.json()) == (401, {"error": "invalid_client"})
            assert answered.headers["WWW-Authenticate"] == "Basic"


class TestRequests:
    async def test_only_post(self, app: App) -> None:
        """Other methods are refused with 405."""
        async with app.http.get(f"{app.emulator.url}/oauth2/token") as response:
            assert response.status == 405

    @pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
    async def test_only_forms(self, app: App, kind: str) -> None:
        """Other content types are refused."""
        assert await app.error(app.exchange(app.code()), Content_Type=kind) == "invalid_request"

    async def test_a_charset_does_no_harm(self, app: App) -> None:
        kind = "application/x-www-form-urlencoded; charset=UTF-8"
        assert await app.token(app.exchange(app.code()), Content_Type=kind)

    async def test_nothing_twice(self, app: App) -> None:
        """A parameter that is sent twice is refused (RFC 6749, section 3.2)."""
        form = urlencode(app.exchange(app.code()))
        assert await app.error(f"{form}&code=another") == "invalid_request"
        assert await app.error(f"{form}&other=1&other=1") == "invalid_request"

    @pytest.mark.parametrize("form", ["", "ä", "grant_type=%ff", "&".join(f"p{n}=1" for n in range(60))])
    async def test_what_cannot_be_read(self, app: App, form: str) -> None:
        assert await app.error(form) == "invalid_request"

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("", "invalid_request"),
            ("password", "unsupported_grant_type"),
            ("implicit", "unsupported_grant_type"),
        ],
    )
    async def test_grants(self, app: App, name: str, error: str) -> None:
        """Unknown grant types are refused."""
        assert await app.error({**app.exchange(app.code()), "grant_type": name}) == error

    async def test_the_query_does_not_count(self, app: App) -> None:
        query = urlencode(app.exchange(app.code()))
        assert (await app.post(f"token?{query}", {})).json() == {"error": "invalid_request"}

    async def test_pages_of_this_machine_may_call(self, app: App) -> None:
        origin = "http://localhost:3000"
        for path in ("token", "userInfo", "revoke"):
            asked = {"Origin": origin, "Access-Control-Request-Headers": "authorization,content-type"}
            async with app.http.options(f"{app.emulator.url}/oauth2/{path}", headers=asked) as response:
                assert response.status == 204
                assert response.headers["Access-Control-Allow-Origin"] == origin
                assert response.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
            answered = await app.post(path, {}, Origin=origin)
            assert answered.headers["Access-Control-Allow-Origin"] == origin
            answered = await app.post(path, {}, Origin="https://example.com")
            assert "Access-Control-Allow-Origin" not in answered.headers


class TestRefreshing:
    async def test_new_tokens_with_the_same_scopes(self, app: App) -> None:
        first = await app.sign_in(nonce="n1")
        app.emulator.clock.advance(60)
        found = await app.token(app.renewal(first["refresh_token"]))
        assert found.keys() == {"access_token", "id_token", "token_type", "expires_in"}
        before, after = claims(first["access_token"]), claims(found["access_token"])
        assert before["jti"] != after["jti"]
        kept = ("scope", "version", "origin_jti", "event_id", "auth_time", "username")
        assert [before[name] for name in kept] == [after[name] for name in kept]
        identity = claims(found["id_token"])
        # OpenID Connect Core, 12.2: the nonce was for the first one.
        assert "nonce" not in identity
        assert identity["email"] == EMAIL
        assert identity["at_hash"] != claims(first["id_token"])["at_hash"]

    async def test_a_token_of_either_side_works_at_the_other(self, app: App) -> None:
        hosted = await app.sign_in()
        result = await app.emulator.call(
            "GetTokensFromRefreshToken", ClientId=app.id, RefreshToken=hosted["refresh_token"]
        )
        assert claims(result["AuthenticationResult"]["AccessToken"])["scope"] == "openid email"
        signed_in = await app.emulator.call(
            "InitiateAuth",
            ClientId=app.id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ana", "PASSWORD": "Correct-Horse-1"},
        )
        token = signed_in["AuthenticationResult"]["RefreshToken"]
        access = claims((await app.token(app.renewal(token)))["access_token"])
        assert access["scope"] == "aws.cognito.signin.user.admin"
        assert "version" not in access

    async def test_rotation(self, emulator: Any, http: Any) -> None:
        """A rotated refresh token works for its grace period."""
        app = await make_app(emulator, http, RefreshTokenRotation=ROTATING)
        first = (await app.sign_in())["refresh_token"]
        second = (await app.token(app.renewal(first)))["refresh_token"]
        assert second != first
        emulator.clock.advance(9)
        assert (await app.token(app.renewal(first)))["refresh_token"]
        emulator.clock.advance(1)
        assert await app.error(app.renewal(first)) == "invalid_grant"
        # Reuse ends the whole sign-in.
        assert await app.error(app.renewal(second)) == "invalid_grant"

    async def test_a_trigger_that_fails_rotates_nothing(self, emulator: Any, http: Any) -> None:
        def fail(_event: Any) -> None:
            raise ValueError("not today")

        app = await make_app(emulator, http, RefreshTokenRotation=ROTATING)
        first = (await app.sign_in())["refresh_token"]
        for error in (None, "invalid_grant"):
            app.pool.triggers["PreTokenGeneration"] = fail
            assert (await app.refused(app.renewal(first)))[1]["error"] == "invalid_request"
            del app.pool.triggers["PreTokenGeneration"]
            emulator.clock.advance(10)
            # Once it has been rotated away, a failure within the grace does not bring it back.
            if error is None:
                assert (await app.token(app.renewal(first)))["refresh_token"] != first
            else:
                assert await app.error(app.renewal(first)) == error

    async def test_refresh_tokens_that_are_worth_nothing(self, app: App) -> None:
        token = (await app.sign_in())["refresh_token"]
        other = await app.pool.add_client(CallbackURLs=[CALLBACK])
        assert await app.error(app.renewal("nonsense")) == "invalid_grant"
        foreign = app.renewal(token, client_id=str(other.user_pool_client_id))
        assert await app.error(foreign) == "invalid_grant"
        app.user.enabled = False
        assert await app.error(app.renewal(token)) == "invalid_grant"
        app.user.enabled = True
        app.emulator.clock.advance(30 * 86_400)
        assert await app.error(app.renewal(token)) == "invalid_grant"

    async def test_signing_out_everywhere(self, app: App) -> None:
        """After GlobalSignOut, a refresh token is refused."""
        found = await app.sign_in(scopes=ALL)
        await app.emulator.call("GlobalSignOut", AccessToken=found["access_token"])
        assert await app.error(app.renewal(found["refresh_token"])) == "invalid_grant"

    async def test_a_token_is_needed_and_a_client_with_oauth(self, app: App) -> None:
        token = (await app.sign_in())["refresh_token"]
        assert await app.error(app.renewal("")) == "invalid_request"
        app.pool.state.clients[app.id].settings["AllowedOAuthFlowsUserPoolClient"] = False
        assert await app.error(app.renewal(token)) == "unauthorized_client"


async def test_what_an_access_token_is_good_for(app: App) -> None:
    limited = (await app.sign_in())["access_token"]
    with pytest.raises(ValueError, match="Access Token does not have required scopes"):
        await app.emulator.call("GetUser", AccessToken=limited)
    full = (await app.sign_in(scopes=ALL))["access_token"]
    assert (await app.emulator.call("GetUser", AccessToken=full))["Username"] == "ana"


@pytest.fixture
async def machine(emulator: CognitoEmulator, http: aiohttp.ClientSession) -> App:
    pool = await emulator.create_user_pool()
    await pool.add_resource_server("orders", ["read", "write"])
    config = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
    pool.client_id = str(config.user_pool_client_id)
    return App(emulator, pool, http)


def asked(app: App, **more: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", **app.credentials, **more}


class TestMachines:
    async def test_a_token(self, machine: App) -> None:
        """A machine gets an access token alone."""
        found = await machine.token(asked(machine))
        assert found.keys() == {"access_token", "token_type", "expires_in"}
        access = claims(found["access_token"])
        now = int(machine.emulator.clock())
        assert access.pop("jti")
        assert access.pop("iat") == access.pop("auth_time") == pytest.approx(now, abs=1)
        assert access.pop("exp") == pytest.approx(now + 3600, abs=1)
        assert access == {
            "sub": machine.id,
            "client_id": machine.id,
            "iss": machine.pool.state.issuer,
            "token_use": "access",
            "scope": "orders/read orders/write",
            "version": 2,
        }

    async def test_fewer_scopes(self, machine: App) -> None:
        """A machine may request fewer scopes than it may have."""
        found = await machine.token(asked(machine, scope="orders/write orders/write"))
        assert claims(found["access_token"])["scope"] == "orders/write"

    @pytest.mark.parametrize("scope", ["orders/delete", "openid", "orders/read openid", " "])
    async def test_scopes_that_it_does_not_have(self, machine: App, scope: str) -> None:
        assert await machine.error(asked(machine, scope=scope)) == "invalid_grant"

    async def test_scopes_of_a_server_that_is_gone(self, machine: App) -> None:
        await machine.emulator.call("DeleteResourceServer", UserPoolId=machine.pool.id, Identifier="orders")
        assert await machine.error(asked(machine)) == "invalid_grant"

    async def test_the_error_that_the_rfc_has(self, key_pair: KeyPair, http: Any) -> None:
        assumptions = Assumptions(machine_scope_error="invalid_scope")
        async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
            pool = await emulator.create_user_pool()
            await pool.add_resource_server("orders", ["read"])
            config = await pool.add_client(AllowedOAuthFlows=["client_credentials"])
            pool.client_id = str(config.user_pool_client_id)
            app = App(emulator, pool, http)
            assert await app.error(asked(app, scope="openid")) == "invalid_scope"

    async def test_it_needs_the_secret_and_the_flow(self, app: App, confidential: App, machine: App) -> None:
        assert await app.error(asked(app)) == "invalid_client"
        assert await confidential.error(asked(confidential)) == "unauthorized_client"
        assert await machine.error(asked(machine, client_secret="wrong")) == "invalid_client"

    async def test_it_has_no_user(self, machine: App) -> None:
        token = (await machine.token(asked(machine)))["access_token"]
        with pytest.raises(ValueError, match="Access Token does not have required scopes"):
            await machine.emulator.call("GetUser", AccessToken=token)

    async def test_the_trigger(self, machine: App) -> None:
        """PreTokenGeneration changes the tokens of machines."""
        seen: list[dict[str, Any]] = []

        def generate(event: dict[str, Any]) -> dict[str, Any]:
            seen.append(event)
            generation = {
                "claimsToAddOrOverride": {"tenant": event["request"]["clientMetadata"]["tenant"]},
                "scopesToAdd": ["extra/scope"],
                "scopesToSuppress": ["orders/write"],
            }
            event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": generation}
            return event

        machine.pool.triggers["PreTokenGeneration"] = generate
        form = asked(machine, aws_client_metadata=json.dumps({"tenant": "blue"}))
        # Only its third version is asked.
        assert "tenant" not in claims((await machine.token(form))["access_token"])
        arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
        setting = {"LambdaArn": arn, "LambdaVersion": "V3_0"}
        machine.pool.state.settings["LambdaConfig"] = {"PreTokenGenerationConfig": setting}
        access = claims((await machine.token(form))["access_token"])
        assert (access["tenant"], access["scope"]) == ("blue", "orders/read extra/scope")
        (event,) = seen
        assert event["triggerSource"] == "TokenGeneration_ClientCredentials"
        assert (event["version"], event["userName"]) == ("3", "ClientCredentials")
        assert event["callerContext"]["clientId"] == machine.id
        assert event["request"]["scopes"] == ["orders/read", "orders/write"]
        assert event["request"]["userAttributes"] == {}

    @pytest.mark.parametrize("metadata", ["{", "[]", '{"a": 1}', "[" * 100_000])
    async def test_malformed_metadata(self, machine: App, metadata: str) -> None:
        """Metadata that is not an object of texts is refused."""
        assert await machine.error(asked(machine, aws_client_metadata=metadata)) == "invalid_request"


class TestGetClientToken:
    """The client-credentials grant as an operation."""

    async def test_the_token_is_that_of_the_token_endpoint(self, machine: App, judge: Judge) -> None:
        """Scopes can be named; without them the client gets all of its own."""
        client = {"ClientId": machine.id, "Secret": machine.credentials["client_secret"]}
        result = (await judge("GetClientToken", **client))["ClientAuthenticationResult"]
        assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
        theirs = claims((await machine.token(asked(machine)))["access_token"])
        drawn = {"jti", "iat", "exp", "auth_time"}
        ours = claims(result["AccessToken"])
        assert {name: ours[name] for name in ours.keys() - drawn} == {
            name: theirs[name] for name in theirs.keys() - drawn
        }
        fewer = await judge("GetClientToken", **client, Scopes=["orders/write"])
        assert claims(fewer["ClientAuthenticationResult"]["AccessToken"])["scope"] == "orders/write"

    async def test_refusals(self, machine: App, confidential: App, judge: Judge) -> None:
        """A client without the flow, a public one, and a failing trigger."""
        other = {"ClientId": confidential.id, "Secret": confidential.credentials["client_secret"]}
        assert await judge.refusal("GetClientToken", **other) == (
            "InvalidParameterException",
            "The client_credentials flow is not enabled for this client.",
        )
        public = (await confidential.pool.add_client(GenerateSecret=False)).user_pool_client_id
        wrong = {"ClientId": public, "Secret": other["Secret"]}
        assert await judge.refused("GetClientToken", **wrong) == "NotAuthorizedException"

        def fail(_: dict[str, Any]) -> dict[str, Any]:
            raise ValueError("no tenant")

        machine.pool.triggers["PreTokenGeneration"] = fail
        arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
        setting = {"LambdaArn": arn, "LambdaVersion": "V3_0"}
        machine.pool.state.settings["LambdaConfig"] = {"PreTokenGenerationConfig": setting}
        client = {"ClientId": machine.id, "Secret": machine.credentials["client_secret"]}
        code, message = await judge.refusal("GetClientToken", **client)
        assert code == "InvalidParameterException"
        assert "no tenant" in message


async def test_the_trigger_of_users(app: App) -> None:
    sources: list[str] = []

    def generate(event: dict[str, Any]) -> dict[str, Any]:
        sources.append(event["triggerSource"])
        event["response"]["claimsOverrideDetails"] = {
            "claimsToAddOrOverride": {"team": "blue", "at_hash": "x"}
        }
        return event

    app.pool.triggers["PreTokenGeneration"] = generate
    found = await app.sign_in()
    identity = claims(found["id_token"])
    assert identity["team"] == "blue"
    assert identity["at_hash"] != "x"
    await app.token(app.renewal(found["refresh_token"]))
    assert sources == ["TokenGeneration_HostedAuth", "TokenGeneration_RefreshTokens"]


async def test_a_trigger_that_fails(app: App) -> None:
    def generate(event: dict[str, Any]) -> dict[str, Any]:
        raise PermissionError("not today")

    app.pool.triggers["PreTokenGeneration"] = generate
    status, body = await app.refused(app.exchange(app.code()))
    text = "PreTokenGeneration failed with error not today."
    assert (status, body) == (400, {"error": "invalid_request", "error_description": text})


class TestFaults:
    async def test_errors(self, app: App) -> None:
        """A planned error has OAuth's form, and the code stays valid."""
        app.emulator.faults.add("Token", error="invalid_grant", message="so it is")
        code = app.code()
        found = await app.refused(app.exchange(code))
        assert found == (400, {"error": "invalid_grant", "error_description": "so it is"})
        assert app.emulator.calls[-1].error == "invalid_grant"
        # Nothing was done.
        assert await app.token(app.exchange(code))

    @pytest.mark.parametrize(("status", "error"), [(429, "temporarily_unavailable"), (503, "server_error")])
    async def test_a_status(self, app: App, status: int, error: str) -> None:
        """A planned status has an OAuth error."""
        app.emulator.faults.add("Token", status=status)
        assert await app.refused(app.exchange(app.code())) == (status, {"error": error})

    @pytest.mark.parametrize(("cut", "spent"), [("before", False), ("after", True)])
    async def test_cut_connections(self, app: App, cut: Any, spent: bool) -> None:
        """A cut connection leaves the code valid or spent, as planned."""
        app.emulator.faults.add("Token", cut=cut, latency=0.001)
        code = app.code()
        with pytest.raises(aiohttp.ClientError):
            await app.post("token", app.exchange(code))
        assert app.emulator.calls[-1].status is None
        assert (await app.post("token", app.exchange(code))).status == (400 if spent else 200)

    async def test_latency_alone_does_no_harm(self, app: App) -> None:
        app.emulator.faults.add("Token", latency=0.001)
        assert await app.token(app.exchange(app.code()))

    async def test_what_is_not_json(self, app: App) -> None:
        app.emulator.faults.add("Token", malformed=True)
        answered = await app.post("token", app.exchange(app.code()))
        assert (answered.status, answered.body) == (200, b"neither JSON nor a page")
        assert app.emulator.calls[-1].status == 200

    async def test_the_emulator_s_own(
        self, app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(type(app.pool.state.hosted.codes), "get", lambda *_: 1 / 0)
        assert await app.refused(app.exchange("any")) == (500, {"error": "server_error"})
        assert "Token failed inside the emulator" in caplog.text

    async def test_a_body_that_is_too_long(self, app: App) -> None:
        url, body = f"{app.emulator.url}/oauth2/token", io.BytesIO(b"a" * 1_100_000)
        async with app.http.post(url, data=body) as response:
            assert response.status == 413


async def test_what_was_spent_stays_spent(key_pair: KeyPair, http: Any, tmp_path: Any) -> None:
    """Also after a crash: it is on the disk before the response is sent."""
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path) as emulator:
        app = await make_app(emulator, http)
        code, unused = app.code(), app.code()
        found = await app.token(app.exchange(code))
    async with CognitoEmulator(keys=OnePair(key_pair), data=tmp_path) as emulator:
        pool = emulator.existing_user_pool()
        assert pool is not None
        app = App(emulator, pool, http)
        assert await app.token(app.renewal(found["refresh_token"]))
        assert await app.token(app.exchange(unused))
        assert await app.error(app.exchange(code)) == "invalid_grant"
        assert await app.error(app.renewal(found["refresh_token"])) == "invalid_grant"


async def test_codes_are_forgotten_after_a_day(app: App) -> None:
    """An old one is told from one that never was for as long as its second use could tell of a thief."""
    codes = app.pool.state.hosted.codes
    old = app.code()
    app.emulator.clock.advance(86_000)
    kept = app.code()
    assert codes.get(old) is not None
    app.emulator.clock.advance(701)
    app.code()
    assert codes.get(old) is None
    assert codes.get(kept) is not None


@given(st.text(), st.booleans())
def test_any_header_is_refused_in_oauth_s_words(text: str, encoded: bool) -> None:
    pair = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    for scheme in ("Basic ", ""):
        header = scheme + (pair if encoded else text)
        with pytest.raises(OAuthError) as refusal:
            authenticate(EmulatorState(), {}, header, status=400)
        assert refusal.value.error == "invalid_client"
