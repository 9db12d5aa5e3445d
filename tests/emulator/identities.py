"""What the tests of identity pools share: raw requests, judged by botocore's own model and validator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from attrs import define, field

from aiocognito.emulator import CognitoEmulator, EmulatedIdentityPool, EmulatedUserPool, IssuedCredentials
from aiocognito.emulator.service_model import IDENTITY_POOLS
from helpers.api import PASSWORD
from helpers.model_judge import refusal_faults, response_faults


@define
class Identities:
    """Asks the identity-pool API over HTTP; no answer goes by unchecked."""

    emulator: CognitoEmulator
    http: aiohttp.ClientSession
    asked: set[str] = field(factory=set)
    accepted: dict[str, dict[str, Any]] = field(factory=dict)

    async def send(
        self, operation: str, members: object, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], Any]:
        target = {"X-Amz-Target": f"AWSCognitoIdentityService.{operation}", **(headers or {})}
        data = members if isinstance(members, bytes) else json.dumps(members).encode()
        async with self.http.post(self.emulator.url, headers=target, data=data) as response:
            text = await response.read()
            is_json = response.content_type == "application/x-amz-json-1.1"
            # An operation without an output responds without a body.
            body = json.loads(text or b"{}") if is_json else text
            return response.status, response.headers, body

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Ask for what must be done."""
        status, headers, body = await self.send(operation, members)
        assert status == 200, (operation, body)
        assert headers["x-amzn-RequestId"]
        assert response_faults(IDENTITY_POOLS, operation, body) == [], operation
        self.asked.add(operation)
        self.accepted[operation] = members
        found: dict[str, Any] = body
        return found

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Ask for what must be refused; return code and text."""
        status, headers, body = await self.send(operation, members)
        assert status != 200, (operation, body)
        assert refusal_faults(IDENTITY_POOLS, operation, status, body) == [], operation
        assert headers["x-amzn-ErrorType"] == f"{body['__type']}:"
        return body["__type"], body["message"]

    async def get_id(self, pool: EmulatedIdentityPool, logins: Mapping[str, str] | None = None) -> str:
        """GetId; return the identity's id."""
        given = {} if logins is None else {"Logins": logins}
        answer = await self("GetId", IdentityPoolId=pool.id, **given)
        identity_id: str = answer["IdentityId"]
        return identity_id

    async def credentials(
        self, identity_id: str, logins: Mapping[str, str] | None = None, **more: Any
    ) -> IssuedCredentials:
        """GetCredentialsForIdentity; return what the access key stands for."""
        given = {} if logins is None else {"Logins": logins}
        answer = await self("GetCredentialsForIdentity", IdentityId=identity_id, **given, **more)
        found = self.emulator.credentials_of(answer["Credentials"]["AccessKeyId"])
        assert answer["IdentityId"] == found.identity_id
        return found

    async def login(self, pool: EmulatedUserPool, name: str = "ana") -> dict[str, str]:
        """Sign a user in; return the login for an identity pool."""
        return {provider(pool): (await self.tokens(pool, name))["IdToken"]}

    async def tokens(self, pool: EmulatedUserPool, name: str = "ana") -> dict[str, Any]:
        """Sign a user in, who is added first if necessary; return AuthenticationResult."""
        if pool.state.users.find(name) is None:
            await pool.add_user(name, PASSWORD)
        answer = await self.emulator.call(
            "InitiateAuth",
            ClientId=pool.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result


def provider(pool: EmulatedUserPool) -> str:
    """The name by which identity pools know a user pool."""
    return f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
