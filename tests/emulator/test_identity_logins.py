"""Logins: which tokens an identity pool takes, and what it says of all others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from attrs import evolve

from aiocognito.emulator import Assumptions, CognitoEmulator, EmulatedIdentityPool, EmulatedUserPool
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import PASSWORD, OnePair, claims
from helpers.tokens import Key

from .identities import Identities, provider
from .oauth import App

Refused = tuple[str, str]
UNSUPPORTED = (
    "NotAuthorizedException",
    "Token is not from a supported provider of this identity pool.",
)
UNVERIFIED = ("NotAuthorizedException", "Invalid login token. Couldn't verify signed token.")
NO_ID_TOKEN = (
    "NotAuthorizedException",
    "Invalid login token. Not a valid OpenId Connect identity token.",
)


@pytest.fixture
async def pool(identities: Identities, people: EmulatedUserPool) -> EmulatedIdentityPool:
    return await identities.emulator.create_identity_pool(user_pools=[people])


async def refused(identities: Identities, pool: EmulatedIdentityPool, **logins: str) -> Refused:
    return await identities.refused("GetId", IdentityPoolId=pool.id, Logins=logins)


async def test_an_id_token_is_a_login(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    login = await identities.login(people)
    identity_id = await identities.get_id(pool, login)
    assert re.fullmatch(r"us-east-1:[0-9a-f-]{36}", identity_id)
    (identity,) = pool.identities
    assert identity.logins == {provider(people): [claims(login[provider(people)])["sub"]]}


async def test_without_providers(identities: Identities, people: EmulatedUserPool) -> None:
    """A pool that names no provider refuses logins."""
    pool = await identities.emulator.create_identity_pool(AllowUnauthenticatedIdentities=True)
    assert await refused(identities, pool, **await identities.login(people)) == (
        "NotAuthorizedException",
        f"Identity pool - {pool.id} does not have identity providers configured.",
    )


async def test_another_user_pool(identities: Identities, pool: EmulatedIdentityPool) -> None:
    """A login of a user pool that is not named is refused."""
    other = await identities.emulator.create_user_pool()
    assert await refused(identities, pool, **await identities.login(other)) == UNSUPPORTED


async def test_another_app_client(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    """A login of an app client that is not named is refused."""
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = await identities.emulator.call(
        "CreateUserPoolClient", UserPoolId=people.id, ClientName="other", ExplicitAuthFlows=flows
    )
    client_id = made["UserPoolClient"]["ClientId"]
    other = EmulatedUserPool(identities.emulator, people.id, client_id)
    login = await identities.login(other)
    assert await refused(identities, pool, **login) == UNSUPPORTED
    # A pool that knows both clients sees one and the same person.
    both = await identities.emulator.create_identity_pool(user_pools=[people, other])
    known = await identities.get_id(both, await identities.login(people))
    assert await identities.get_id(both, login) == known


@pytest.mark.parametrize("name", ["nonsense", "login.example/ with a space", "arn:aws:iam::1:user/ana"])
async def test_names_that_are_not_providers(
    identities: Identities, pool: EmulatedIdentityPool, name: str
) -> None:
    assert await refused(identities, pool, **{name: "token"}) == (
        "InvalidParameterException",
        "Please provide a valid public provider.",
    )


@pytest.mark.parametrize(
    "name",
    [
        "accounts.google.com",
        "id.example.com/realms/shop",
        "arn:aws:iam::123456789012:saml-provider/Example",
        "cognito-idp.us-east-1.amazonaws.com/us-east-1_elsewhere",
    ],
)
async def test_providers_that_are_not_configured(
    identities: Identities, pool: EmulatedIdentityPool, name: str
) -> None:
    assert await refused(identities, pool, **{name: "token"}) == UNSUPPORTED


async def test_foreign_providers_are_never_believed(identities: Identities, people: EmulatedUserPool) -> None:
    pool = await identities.emulator.create_identity_pool(
        SupportedLoginProviders={"accounts.google.com": "app"},
        OpenIdConnectProviderARNs=["arn:aws:iam::123456789012:oidc-provider/id.example.com"],
        SamlProviderARNs=["arn:aws:iam::123456789012:saml-provider/Example"],
    )
    (token,) = (await identities.login(people)).values()
    for name in ("accounts.google.com", "id.example.com", "arn:aws:iam::123456789012:saml-provider/Example"):
        assert await refused(identities, pool, **{name: token}) == UNVERIFIED
    assert pool.identities == []


# The token


@pytest.mark.parametrize(
    "token",
    [
        "token",
        "a.b",
        "a.b.c",
        "W10.W10.c",
        "e30.W10.c",
        "é.é.é",
        "e30." + "WyJ" * 3 + ".c",
        pytest.param("e30." + "W1tb" * 12_000 + ".c", id="brackets"),
    ],
)
async def test_texts_that_are_not_tokens(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool, token: str
) -> None:
    assert await refused(identities, pool, **{provider(people): token}) == NO_ID_TOKEN


async def test_an_access_token_has_no_audience(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    token = (await identities.tokens(people))["AccessToken"]
    assert await refused(identities, pool, **{provider(people): token}) == (
        "NotAuthorizedException",
        "Invalid login token. Missing a required claim: aud",
    )


async def test_the_provider_must_be_the_issuer(identities: Identities, people: EmulatedUserPool) -> None:
    other = await identities.emulator.create_user_pool()
    pool = await identities.emulator.create_identity_pool(user_pools=[people, other])
    (token,) = (await identities.login(other)).values()
    assert await refused(identities, pool, **{provider(people): token}) == (
        "NotAuthorizedException",
        "Invalid login token. Issuer doesn't match providerName",
    )


async def test_signatures(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool, key_pair: KeyPair
) -> None:
    """A token counts only with a signature of its pool."""
    (token,) = (await identities.login(people)).values()
    said = claims(token)
    good = Key(key_pair.id.kid, key_pair.id.private)
    again = good.token({**said, "jti": "another"})
    assert await identities.get_id(pool, {provider(people): again})
    stranger = Key(key_pair.id.kid, KeyPair.generate().id.private)
    unsigned = f"{again.rpartition('.')[0]}."
    for bad in (
        stranger.token(said),
        evolve(good, kid="another").token(said),
        Key(key_pair.access.kid, key_pair.access.private).token(said),
        good.token(said, alg="none"),
        good.token(said, alg="HS256"),
        unsigned,
        f"{unsigned}é",
        f"{unsigned}a",
    ):
        assert await refused(identities, pool, **{provider(people): bad}) == UNVERIFIED
    assert len(pool.identities) == 1


async def test_a_signed_token_of_another_use(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool, key_pair: KeyPair
) -> None:
    (token,) = (await identities.login(people)).values()
    odd = Key(key_pair.id.kid, key_pair.id.private).token({**claims(token), "token_use": "access"})
    assert await refused(identities, pool, **{provider(people): odd}) == NO_ID_TOKEN


async def test_the_clock_ends_a_token(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    login = await identities.login(people)
    end = claims(login[provider(people)])["exp"]
    emulator = identities.emulator
    emulator.clock.advance(end - emulator.clock() - 30)
    assert await identities.get_id(pool, login)
    emulator.clock.advance(100)
    code, text = await refused(identities, pool, **login)
    found = re.fullmatch(r"Invalid login token\. Token expired: (\d+) >= (\d+)", text)
    assert found is not None, text
    now, exp = map(int, found.groups())
    assert (code, exp) == ("NotAuthorizedException", end)
    assert 60 <= now - exp <= 71


async def test_a_token_of_an_identity_pool(identities: Identities, people: EmulatedUserPool) -> None:
    pool = await identities.emulator.create_identity_pool(user_pools=[people], AllowClassicFlow=True)
    login = await identities.login(people)
    identity_id = await identities.get_id(pool, login)
    answer = await identities("GetOpenIdToken", IdentityId=identity_id, Logins=login)
    assert await refused(identities, pool, **{provider(people): answer["Token"]}) == (
        "NotAuthorizedException",
        "Invalid login token. Can't pass in a Cognito token.",
    )


async def test_a_user_pool_that_is_gone(
    identities: Identities, people: EmulatedUserPool, pool: EmulatedIdentityPool
) -> None:
    login = await identities.login(people)
    await identities.emulator.call("DeleteUserPool", UserPoolId=people.id)
    assert await refused(identities, pool, **login) == UNVERIFIED


async def test_both_forms_of_the_issuer(identities: Identities) -> None:
    emulator = identities.emulator
    people = await emulator.create_user_pool(IssuerConfiguration={"Type": "UPDATED"})
    pool = await emulator.create_identity_pool(user_pools=[people])
    (token,) = (await identities.login(people)).values()
    host = f"issuer-{provider(people)}"
    assert claims(token)["iss"] == f"https://{host}"
    # Amplify names the provider after the token's issuer.
    identity_id = await identities.get_id(pool, {host: token})
    assert await identities.get_id(pool, {provider(people): token}) == identity_id
    assert list(pool.identities[0].logins) == [provider(people)]


async def test_one_bad_login_fails_them_all(identities: Identities, people: EmulatedUserPool) -> None:
    other = await identities.emulator.create_user_pool()
    pool = await identities.emulator.create_identity_pool(user_pools=[people, other])
    login = await identities.login(people)
    assert await refused(identities, pool, **login, **{provider(other): "token"}) == NO_ID_TOKEN
    assert pool.identities == []


async def test_an_id_token_of_the_hosted_ui(identities: Identities, app: App) -> None:
    entry = {"ProviderName": provider(app.pool), "ClientId": app.id, "ServerSideTokenCheck": True}
    pool = await identities.emulator.create_identity_pool(CognitoIdentityProviders=[entry])
    found = await app.sign_in()
    login = {provider(app.pool): found["id_token"]}
    # The same person as over the API.
    assert await identities.get_id(pool, login) == await identities.get_id(
        pool, await identities.login(app.pool)
    )
    await app.post("revoke", {"token": found["refresh_token"], **app.credentials})
    assert (await refused(identities, pool, **login))[1] == "Token is inactive"


# ServerSideTokenCheck


async def ended(identities: Identities, people: EmulatedUserPool, how: str, tokens: dict[str, Any]) -> None:
    api = identities.emulator.call
    named = {"UserPoolId": people.id, "Username": "ana"}
    match how:
        case "signed out everywhere":
            await api("GlobalSignOut", AccessToken=tokens["AccessToken"])
        case "signed out by an administrator":
            await api("AdminUserGlobalSignOut", **named)
        case "revoked":
            await api("RevokeToken", Token=tokens["RefreshToken"], ClientId=people.client_id)
        case "disabled":
            await api("AdminDisableUser", **named)
        case "deleted":
            await api("AdminDeleteUser", **named)
        case "without its app client":
            members = {"UserPoolId": people.id, "ClientId": people.client_id}
            await api("DeleteUserPoolClient", **members)


@pytest.mark.parametrize(
    "how",
    [
        "signed out everywhere",
        "signed out by an administrator",
        "revoked",
        "disabled",
        "deleted",
        "without its app client",
    ],
)
async def test_the_user_pool_is_asked_if_it_shall_be(
    identities: Identities, people: EmulatedUserPool, how: str
) -> None:
    entry = {"ProviderName": provider(people), "ClientId": people.client_id}
    make = identities.emulator.create_identity_pool
    strict = await make(CognitoIdentityProviders=[{**entry, "ServerSideTokenCheck": True}])
    plain = await make(CognitoIdentityProviders=[entry])
    tokens = await identities.tokens(people)
    login = {provider(people): tokens["IdToken"]}
    before = await identities.get_id(strict, login), await identities.get_id(plain, login)
    await ended(identities, people, how, tokens)
    inactive = ("NotAuthorizedException", "Token is inactive")
    assert await refused(identities, strict, **login) == inactive
    assert (
        await identities.refused("GetCredentialsForIdentity", IdentityId=before[0], Logins=login) == inactive
    )
    # Without a check it is accepted until it expires.
    assert await identities.get_id(plain, login) == before[1]


async def test_a_sign_out_that_spares_access_tokens_counts_here(
    identities: Identities, key_pair: KeyPair
) -> None:
    assumptions = Assumptions(admin_sign_out_ends_access_tokens=False)
    async with CognitoEmulator(keys=OnePair(key_pair), assumptions=assumptions) as emulator:
        api = Identities(emulator, identities.http)
        people = await emulator.create_user_pool()
        entry = {"ProviderName": provider(people), "ClientId": people.client_id}
        pool = await emulator.create_identity_pool(
            CognitoIdentityProviders=[{**entry, "ServerSideTokenCheck": True}]
        )
        tokens = await api.tokens(people)
        await ended(api, people, "signed out by an administrator", tokens)
        assert (await emulator.call("GetUser", AccessToken=tokens["AccessToken"]))["Username"] == "ana"
        login = {provider(people): tokens["IdToken"]}
        assert (await refused(api, pool, **login))[1] == "Token is inactive"


async def test_a_later_sign_in_is_active(identities: Identities, people: EmulatedUserPool) -> None:
    entry = {"ProviderName": provider(people), "ClientId": people.client_id, "ServerSideTokenCheck": True}
    pool = await identities.emulator.create_identity_pool(CognitoIdentityProviders=[entry])
    tokens = await identities.tokens(people)
    identity_id = await identities.get_id(pool, {provider(people): tokens["IdToken"]})
    await ended(identities, people, "signed out everywhere", tokens)
    assert await identities.get_id(pool, await identities.login(people)) == identity_id


async def test_tokens_do_not_show(
    identities: Identities,
    people: EmulatedUserPool,
    pool: EmulatedIdentityPool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    login = await identities.login(people)
    identity_id = await identities.get_id(pool, login)
    issued = await identities.credentials(identity_id, login)
    shown = f"{issued!r} {pool.state!r} {caplog.text}"
    for secret in (*login.values(), issued.secret_key, issued.session_token, PASSWORD):
        assert secret not in shown
    assert issued.access_key_id in shown
