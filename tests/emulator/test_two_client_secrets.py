"""An app client with two secrets: every request that needs a secret is accepted with either of them.

After one is deleted, the other is accepted, and the deleted one refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import pytest
from attrs import evolve, frozen

from aiocognito import AuthClient, AuthConfig, ClientCredentials, errors
from aiocognito.emulator import CognitoEmulator
from helpers.api import NEW_PASSWORD, PASSWORD, Refused

from .oauth import ALL, CALLBACK, App, make_app

UNKNOWN: Final = "unknown0secret0of0an0app0client"


@frozen
class Caller:
    """Sends requests with one of the secrets."""

    app: App
    machine: AuthConfig
    secret: str

    async def ask(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        try:
            return await self.app.emulator.call(operation, **members)
        except ValueError as refusal:
            raise Refused(operation, str(refusal)) from None

    def hash(self, name: str = "ana") -> str:
        message = f"{name}{self.app.id}".encode()
        return base64.b64encode(hmac.digest(self.secret.encode(), message, hashlib.sha256)).decode()

    @property
    def named(self) -> dict[str, str]:
        return {"ClientId": self.app.id, "Username": "ana", "SecretHash": self.hash()}

    @property
    def config(self) -> AuthConfig:
        return evolve(self.app.pool.config, user_pool_client_secret=self.secret)

    async def initiate(self, flow: str, operation: str = "InitiateAuth", **parameters: str) -> dict[str, Any]:
        where = {"UserPoolId": self.app.pool.id} if operation == "AdminInitiateAuth" else {}
        return await self.ask(
            operation,
            **where,
            ClientId=self.app.id,
            AuthFlow=flow,
            AuthParameters={"USERNAME": "ana", "SECRET_HASH": self.hash(), **parameters},
        )

    async def refresh_token(self) -> str:
        """Sign in with a secret that certainly works."""
        found: str = (await right(self.app).initiate("USER_PASSWORD_AUTH", PASSWORD=PASSWORD))[
            "AuthenticationResult"
        ]["RefreshToken"]
        return found

    async def post(self, path: str, form: dict[str, str], *, basic: bool) -> None:
        """Post a form to an OAuth endpoint, with the secret in the header or in the form."""
        client = {"client_id": self.app.id, "client_secret": self.secret}
        if basic:
            answered = await self.app.post(path, form, basic=f"{self.app.id}:{self.secret}")
        else:
            answered = await self.app.post(path, {**form, **client})
        if answered.status != 200:
            raise Refused(path, answered.body.decode())


def right(app: App) -> Caller:
    """Return a caller with a secret that the app client has now."""
    return Caller(app, app.pool.config, app.pool.state.clients[app.id].secrets[-1])


Row = Callable[[Caller], Awaitable[object]]


async def srp(caller: Caller) -> None:
    """Begin, prove the password, renew and revoke: InitiateAuth to RevokeToken."""
    async with AuthClient(caller.config, clock=caller.app.emulator.clock) as auth:
        await auth.sign_in("ana", PASSWORD)
        await auth.fetch_auth_session(force_refresh=True, credentials=False)
        assert (await auth.sign_out()).revoked


async def user_auth(caller: Caller) -> None:
    """Choose a code as first factor, and answer with it."""
    async with AuthClient(caller.config, clock=caller.app.emulator.clock) as auth:
        await auth.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
        assert (await auth.confirm_sign_in(caller.app.emulator.outbox.messages[-1].code)).is_signed_in


async def respond(caller: Caller) -> None:
    """Answer a challenge of a sign-in that began with another secret."""
    begun = await right(caller.app).initiate("USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP")
    answers = {"USERNAME": "ana", "EMAIL_OTP_CODE": code(caller), "SECRET_HASH": caller.hash()}
    await caller.ask(
        "RespondToAuthChallenge",
        ClientId=caller.app.id,
        ChallengeName="EMAIL_OTP",
        Session=begun["Session"],
        ChallengeResponses=answers,
    )


async def old_refresh(caller: Caller) -> None:
    token = await caller.refresh_token()
    hash_of_real_name = caller.hash(caller.app.user.username)
    await caller.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, SECRET_HASH=hash_of_real_name)


async def new_refresh(caller: Caller) -> None:
    token = await caller.refresh_token()
    members = {"ClientId": caller.app.id, "ClientSecret": caller.secret}
    await caller.ask("GetTokensFromRefreshToken", **members, RefreshToken=token)


async def revoke(caller: Caller) -> None:
    token = await caller.refresh_token()
    await caller.ask("RevokeToken", ClientId=caller.app.id, ClientSecret=caller.secret, Token=token)


async def sign_up(caller: Caller) -> None:
    """Sign up, resend the code and confirm, as a new user of each secret."""
    name = f"new-{caller.secret[:8].lower()}-{len(caller.app.pool.state.users)}"
    named = {"ClientId": caller.app.id, "Username": name, "SecretHash": caller.hash(name)}
    email = [{"Name": "email", "Value": f"{name}@example.com"}]
    await caller.ask("SignUp", **named, Password=PASSWORD, UserAttributes=email)
    await caller.ask("ResendConfirmationCode", **named)
    await caller.ask("ConfirmSignUp", **named, ConfirmationCode=code(caller))


async def unconfirmed(caller: Caller, operation: str) -> None:
    """Send the second and third request of a sign-up that began with another secret."""
    name = f"later-{len(caller.app.pool.state.users)}"
    owner = right(caller.app)
    email = [{"Name": "email", "Value": f"{name}@example.com"}]
    member = {"ClientId": caller.app.id, "Username": name}
    await owner.ask("SignUp", **member, SecretHash=owner.hash(name), Password=PASSWORD, UserAttributes=email)
    more = {"ConfirmationCode": code(caller)} if operation == "ConfirmSignUp" else {}
    await caller.ask(operation, **member, SecretHash=caller.hash(name), **more)


async def confirm_forgotten(caller: Caller) -> None:
    caller.app.emulator.clock.advance(3600)
    await caller.ask("ForgotPassword", **right(caller.app).named)
    for password in (NEW_PASSWORD, PASSWORD):
        members = {**caller.named, "ConfirmationCode": code(caller), "Password": password}
        await caller.ask("ConfirmForgotPassword", **members)
        await caller.ask("ForgotPassword", **caller.named)


async def forgot(caller: Caller) -> None:
    caller.app.emulator.clock.advance(3600)
    await caller.ask("ForgotPassword", **caller.named)


async def machine(caller: Caller) -> None:
    config = evolve(caller.machine, user_pool_client_secret=caller.secret)
    async with ClientCredentials(config, clock=caller.app.emulator.clock) as credentials:
        await credentials.get_tokens()


def code(caller: Caller) -> str:
    return caller.app.emulator.outbox.messages[-1].code


async def exchange(caller: Caller, *, basic: bool) -> None:
    form = caller.app.exchange(caller.app.code(), client_id=None, client_secret=None)
    await caller.post("token", form, basic=basic)


async def renew(caller: Caller, *, basic: bool) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": await caller.refresh_token()}
    await caller.post("token", form, basic=basic)


async def end(caller: Caller, *, basic: bool) -> None:
    await caller.post("revoke", {"token": await caller.refresh_token()}, basic=basic)


ROWS: Final[dict[str, Row]] = {
    "SRP, renewal and sign-out of AuthClient": srp,
    "a code as first factor of AuthClient": user_auth,
    "USER_PASSWORD_AUTH": lambda caller: caller.initiate("USER_PASSWORD_AUTH", PASSWORD=PASSWORD),
    "USER_SRP_AUTH": lambda caller: caller.initiate("USER_SRP_AUTH", SRP_A="abc"),
    "USER_AUTH": lambda caller: caller.initiate("USER_AUTH"),
    "ADMIN_USER_PASSWORD_AUTH": lambda caller: caller.initiate(
        "ADMIN_USER_PASSWORD_AUTH", "AdminInitiateAuth", PASSWORD=PASSWORD
    ),
    "RespondToAuthChallenge": respond,
    "REFRESH_TOKEN_AUTH": old_refresh,
    "GetTokensFromRefreshToken": new_refresh,
    "RevokeToken": revoke,
    "a sign-up": sign_up,
    "ResendConfirmationCode": lambda caller: unconfirmed(caller, "ResendConfirmationCode"),
    "ConfirmSignUp": lambda caller: unconfirmed(caller, "ConfirmSignUp"),
    "ForgotPassword": forgot,
    "ConfirmForgotPassword": confirm_forgotten,
    "a code at the token endpoint, in the form": lambda caller: exchange(caller, basic=False),
    "a code at the token endpoint, in the header": lambda caller: exchange(caller, basic=True),
    "a refresh token at the token endpoint, in the form": lambda caller: renew(caller, basic=False),
    "a refresh token at the token endpoint, in the header": lambda caller: renew(caller, basic=True),
    "the revocation endpoint, in the form": lambda caller: end(caller, basic=False),
    "the revocation endpoint, in the header": lambda caller: end(caller, basic=True),
}
MACHINES: Final[dict[str, Row]] = {
    "GetClientToken": lambda caller: caller.ask(
        "GetClientToken", ClientId=caller.machine.user_pool_client_id, Secret=caller.secret
    ),
    "ClientCredentials": machine,
}


async def outcome(row: Row, caller: Caller) -> str:
    """Return whether a secret is accepted."""
    try:
        await row(caller)
    except (Refused, errors.AuthError) as refusal:
        return (
            f"refused: {refusal}" if "secret" not in str(refusal) and "client" not in str(refusal) else "no"
        )
    return "yes"


async def table(rows: dict[str, Row], app: App, config: AuthConfig, *secrets: str) -> dict[str, list[str]]:
    return {
        name: [await outcome(row, Caller(app, config, secret)) for secret in secrets]
        for name, row in rows.items()
    }


@pytest.mark.parametrize("deleted", [0, 1])
async def test_either_secret_is_accepted_until_it_is_deleted(
    emulator: CognitoEmulator, http: aiohttp.ClientSession, deleted: int
) -> None:
    app = await make_app(
        emulator,
        http,
        GenerateSecret=True,
        AllowedOAuthScopes=list(ALL),
        CallbackURLs=[CALLBACK],
        ExplicitAuthFlows=[
            f"ALLOW_{flow}_AUTH"
            for flow in ("USER_SRP", "USER_PASSWORD", "ADMIN_USER_PASSWORD", "USER", "REFRESH_TOKEN")
        ],
    )
    await emulator.call(
        "UpdateUserPool",
        UserPoolId=app.pool.id,
        AutoVerifiedAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    await app.pool.add_resource_server("orders", ["read"])
    machines = await app.pool.add_client(AllowedOAuthFlows=["client_credentials"])
    for rows, config in ((ROWS, app.pool.config), (MACHINES, machines)):
        client = {"UserPoolId": app.pool.id, "ClientId": config.user_pool_client_id}
        first = config.user_pool_client_secret or ""
        added = (await emulator.call("AddUserPoolClientSecret", **client))["ClientSecretDescriptor"]
        second = added["ClientSecretValue"]
        both = await table(rows, app, config, first, second, UNKNOWN)
        assert both == {name: ["yes", "yes", "no"] for name in rows}
        listed = (await emulator.call("ListUserPoolClientSecrets", **client))["ClientSecrets"]
        gone = listed[deleted]["ClientSecretId"]
        await emulator.call("DeleteUserPoolClientSecret", **client, ClientSecretId=gone)
        one = await table(rows, app, config, first, second)
        lives = ["no", "yes"] if deleted == 0 else ["yes", "no"]
        assert one == dict.fromkeys(rows, lives)
