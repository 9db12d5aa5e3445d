"""An emulator in a process of its own, `aiocognito emulator`, with the members that the interop tests use.

It is set up over HTTP alone, as by an administrator in another language.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from anyio import to_thread
from attrs import define, evolve, field
from pyotp.totp import TOTP

from aiocognito import AuthConfig, OAuthConfig
from aiocognito.emulator.emulated_identity_pool import ROLES
from aiocognito.emulator.emulated_pool import (
    client_with_test_defaults,
    create_dependencies,
    with_test_defaults,
)
from aiocognito.emulator.tokens.scopes import STANDARD

_PREFIXES = {
    "cognito-idp": "AWSCognitoIdentityProviderService",
    "cognito-identity": "AWSCognitoIdentityService",
}
_SETTINGS = {"TOTP": "SoftwareTokenMfaSettings", "SMS": "SMSMfaSettings", "EMAIL": "EmailMfaSettings"}


@define
class RemoteEmulator:
    """The command line, running."""

    process: subprocess.Popen[str]
    url: str
    clock: RemoteClock = field(init=False)
    outbox: RemoteOutbox = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.clock, self.outbox = RemoteClock(self), RemoteOutbox(self)

    @classmethod
    def start(cls, *arguments: str, directory: Path | None = None) -> RemoteEmulator:
        """Start it in a directory, which is this one if none is given."""
        process = subprocess.Popen(
            [sys.executable, "-m", "aiocognito", "emulator", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=directory,
        )
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        return cls(process, url)

    def begin(self) -> None:
        """Begin a test: the messages of those before it are not its own."""
        self.outbox = RemoteOutbox(self, first=len(self.send("/_emulator/messages")))

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.stdout is not None
        self.process.stdout.read()
        self.process.stdout.close()
        assert self.process.wait(60) == 0

    def send(self, path: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                # Operations without an output respond without a body.
                return json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            text = error.read().decode()
        raise ValueError(text)

    async def call(self, operation: str, service: str = "cognito-idp", /, **members: Any) -> dict[str, Any]:
        headers = {"X-Amz-Target": f"{_PREFIXES[service]}.{operation}"}
        found: dict[str, Any] = await to_thread.run_sync(lambda: self.send("/", members, **headers))
        return found

    async def create_user_pool(
        self, *, client: Mapping[str, Any] | None = None, **settings: Any
    ) -> RemoteUserPool:
        members, factors = with_test_defaults(settings)
        pool_id = (await self.call("CreateUserPool", **members))["UserPool"]["Id"]
        await self.call("SetUserPoolMfaConfig", UserPoolId=pool_id, **factors)
        wanted = client_with_test_defaults(client or {})
        await create_dependencies(self, pool_id, wanted)  # type: ignore[arg-type]  # it calls operations alone
        made = await self.call("CreateUserPoolClient", UserPoolId=pool_id, **wanted)
        return RemoteUserPool(self, made["UserPoolClient"])

    async def create_identity_pool(
        self, *, user_pools: Iterable[RemoteUserPool] = (), **settings: Any
    ) -> RemoteIdentityPool:
        providers = [
            {"ProviderName": f"cognito-idp.us-east-1.amazonaws.com/{pool.id}", "ClientId": pool.client_id}
            for pool in user_pools
        ]
        members = {"IdentityPoolName": "emulated", "AllowUnauthenticatedIdentities": False, **settings}
        service = "cognito-identity"
        made = await self.call("CreateIdentityPool", service, **members, CognitoIdentityProviders=providers)
        await self.call("SetIdentityPoolRoles", service, IdentityPoolId=made["IdentityPoolId"], Roles=ROLES)
        return RemoteIdentityPool(made["IdentityPoolId"])


@define
class RemoteIdentityPool:
    """An identity pool."""

    id: str


@define
class RemoteClock:
    """The emulator's clock; a callable, as in Python."""

    emulator: RemoteEmulator = field(repr=False)
    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self.emulator.send("/_emulator/clock", {"advance": seconds})
        self.offset += seconds


@define
class RemoteMessage:
    """One message, as `/_emulator/messages` has it."""

    to: str
    username: str
    code: str
    purpose: str
    link: str | None = None


@define
class RemoteOutbox:
    """The emulator's messages."""

    emulator: RemoteEmulator = field(repr=False)
    first: int = 0
    """How many messages of earlier tests there are."""
    _read: int = 0

    @property
    def messages(self) -> list[RemoteMessage]:
        names = ("to", "username", "code", "purpose", "link")
        found = self.emulator.send("/_emulator/messages")
        mine = found[self.first :]
        return [RemoteMessage(**{name: message.get(name) for name in names}) for message in mine]

    async def next_code(self, to_or_username: str, *, timeout: float = 60) -> str:
        async with asyncio.timeout(timeout):
            while True:
                found = await to_thread.run_sync(lambda: self.messages)
                fresh = [m for m in found[self._read :] if to_or_username in (m.to, m.username)]
                if fresh:
                    self._read = len(found)
                    return fresh[-1].code
                await asyncio.sleep(0.02)


@define
class RemoteUserPool:
    """A user pool and its first app client."""

    emulator: RemoteEmulator
    client: dict[str, Any] = field(repr=False)
    secrets: dict[str, str] = field(factory=dict, repr=False)
    last_steps: dict[str, int] = field(factory=dict)

    @property
    def id(self) -> str:
        return str(self.client["UserPoolId"])

    @property
    def client_id(self) -> str:
        return str(self.client["ClientId"])

    @property
    def client_secret(self) -> str | None:
        return self.client.get("ClientSecret")

    @property
    def config(self) -> AuthConfig:
        return self._config(self.client)

    def _config(self, client: Mapping[str, Any]) -> AuthConfig:
        config = AuthConfig(
            user_pool_id=self.id,
            user_pool_client_id=client["ClientId"],
            user_pool_client_secret=client.get("ClientSecret"),
            user_pool_endpoint=self.emulator.url,
            identity_pool_endpoint=self.emulator.url,
            clock=self.emulator.clock,
        )
        if not client.get("AllowedOAuthFlowsUserPoolClient"):
            return config
        oauth = OAuthConfig(
            domain=self.emulator.url,
            scopes=client.get("AllowedOAuthScopes", STANDARD),
            redirect_sign_in=client.get("CallbackURLs", ()),
            redirect_sign_out=client.get("LogoutURLs", ()),
        )
        return evolve(config, oauth=oauth)

    async def add_client(self, **members: Any) -> AuthConfig:
        asked = client_with_test_defaults(members)
        if members.get("AllowedOAuthFlows") == ["client_credentials"]:
            listed = await self.emulator.call("ListResourceServers", UserPoolId=self.id, MaxResults=50)
            asked.setdefault(
                "AllowedOAuthScopes",
                [
                    f"{server['Identifier']}/{scope['ScopeName']}"
                    for server in listed["ResourceServers"]
                    for scope in server["Scopes"]
                ],
            )
        made = await self.emulator.call("CreateUserPoolClient", UserPoolId=self.id, **asked)
        return self._config(made["UserPoolClient"])

    async def add_resource_server(self, identifier: str, names: Iterable[str]) -> list[str]:
        scopes = [{"ScopeName": name, "ScopeDescription": name} for name in names]
        server = {"Identifier": identifier, "Name": "emulated", "Scopes": scopes}
        await self.emulator.call("CreateResourceServer", UserPoolId=self.id, **server)
        return [f"{identifier}/{scope['ScopeName']}" for scope in scopes]

    async def add_user(
        self,
        username: str,
        password: str,
        *,
        attributes: Mapping[str, str] | None = None,
        mfa: str | Iterable[str] | None = None,
        groups: Iterable[str] = (),
        confirmed: bool = True,
    ) -> RemoteUser:
        given = dict(attributes or {})
        named = {"UserPoolId": self.id, "Username": username}
        call = self.emulator.call
        if not confirmed:
            await self._sign_up(username, password, given)
            return await self._user(username)
        by_address = {"email": "@" in username, "phone_number": username.startswith("+")}
        for name in ("email", "phone_number"):
            if name in given or by_address[name]:
                given.setdefault(f"{name}_verified", "true")
        entries = [{"Name": name, "Value": value} for name, value in given.items()]
        await call("AdminCreateUser", **named, UserAttributes=entries, MessageAction="SUPPRESS")
        await call("AdminSetUserPassword", **named, Password=password, Permanent=True)
        for group in groups:
            existing = await call("ListGroups", UserPoolId=self.id)
            if group not in [found["GroupName"] for found in existing["Groups"]]:
                await call("CreateGroup", UserPoolId=self.id, GroupName=group)
            await call("AdminAddUserToGroup", **named, GroupName=group)
        factors = [mfa] if isinstance(mfa, str) else list(mfa or ())
        if "TOTP" in factors:
            await self._set_up_totp(username, password)
        if factors:
            wanted = {
                _SETTINGS[factor]: {"Enabled": True, "PreferredMfa": len(factors) == 1} for factor in factors
            }
            await call("AdminSetUserMFAPreference", **named, **wanted)
        return await self._user(username)

    async def _sign_up(self, username: str, password: str, attributes: Mapping[str, str]) -> None:
        public = await self.add_client()
        entries = [{"Name": name, "Value": value} for name, value in attributes.items()]
        await self.emulator.call(
            "SignUp",
            ClientId=public.user_pool_client_id,
            Username=username,
            Password=password,
            UserAttributes=entries,
        )

    async def _set_up_totp(self, username: str, password: str) -> None:
        """Enrol an authenticator app with a client of the administrator's own."""
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        own = await self.add_client(ExplicitAuthFlows=flows)
        answer = await self.emulator.call(
            "AdminInitiateAuth",
            UserPoolId=self.id,
            ClientId=own.user_pool_client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        if "AuthenticationResult" in answer:
            proof = {"AccessToken": answer["AuthenticationResult"]["AccessToken"]}
        else:
            proof = {"Session": answer["Session"]}
        associated = await self.emulator.call("AssociateSoftwareToken", **proof)
        self.secrets[username] = associated["SecretCode"]
        if "Session" in proof:
            proof = {"Session": associated["Session"]}
        await self.emulator.call("VerifySoftwareToken", **proof, UserCode=self.totp_code(username))

    def totp_code(self, username: str) -> str:
        step = max(int(self.emulator.clock() // 30), self.last_steps.get(username, 0) + 1)
        if step > int(self.emulator.clock() // 30) + 1:
            self.emulator.clock.advance(30)
        self.last_steps[username] = step
        return str(TOTP(self.secrets[username]).at(step * 30))

    async def _user(self, username: str) -> RemoteUser:
        found = await self.emulator.call("AdminGetUser", UserPoolId=self.id, Username=username)
        attributes = {entry["Name"]: entry["Value"] for entry in found["UserAttributes"]}
        return RemoteUser(found["Username"], attributes["sub"], attributes)


@define
class RemoteUser:
    """A user."""

    username: str
    sub: str
    attributes: dict[str, str]
