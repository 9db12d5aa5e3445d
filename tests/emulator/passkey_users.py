"""Users with passkeys and the pools that accept them, for tests of the emulator."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from helpers.api import Api, Refused
from sign_in.authenticator import Authenticator

FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
FLOWS = [f"ALLOW_{flow}_AUTH" for flow in ("USER", "USER_PASSWORD", "REFRESH_TOKEN")]


@attrs.define
class PasskeyUser:
    """A signed-in user with an authenticator."""

    api: Api
    access: str
    authenticator: Authenticator = attrs.field(factory=Authenticator)
    name: str = "ana"

    async def options(self) -> dict[str, Any]:
        answer = await self.api("StartWebAuthnRegistration", AccessToken=self.access)
        options: dict[str, Any] = answer["CredentialCreationOptions"]
        return options

    async def complete(self, credential: object) -> dict[str, Any]:
        members = {"AccessToken": self.access, "Credential": credential}
        return await self.api("CompleteWebAuthnRegistration", **members)

    async def not_completed(self, credential: object) -> tuple[str, str]:
        members = {"AccessToken": self.access, "Credential": credential}
        return await self.api.refused("CompleteWebAuthnRegistration", **members)

    async def register(self) -> dict[str, Any]:
        """Make a passkey; return the credential."""
        credential = await self.authenticator.create(await self.options())
        assert await self.complete(credential) == {}
        return credential

    async def passkeys(self, **members: Any) -> list[dict[str, Any]]:
        answer = await self.api("ListWebAuthnCredentials", AccessToken=self.access, **members)
        found: list[dict[str, Any]] = answer["Credentials"]
        return found

    async def begin(self, preferred: str | None = "WEB_AUTHN") -> dict[str, Any]:
        chosen = {} if preferred is None else {"PREFERRED_CHALLENGE": preferred}
        parameters = {"USERNAME": self.name, **chosen}
        members = {"ClientId": self.api.client_id, "AuthFlow": "USER_AUTH"}
        return await self.api("InitiateAuth", **members, AuthParameters=parameters)

    async def assertion(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Have the authenticator answer WEB_AUTHN."""
        options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        return await self.authenticator.get(options)

    async def prove(self, asked: dict[str, Any], credential: object) -> dict[str, Any]:
        return await self.api.respond(asked, self.name, CREDENTIAL=json.dumps(credential))

    async def not_proven(self, asked: dict[str, Any], credential: object, name: str = "") -> Any:
        with pytest.raises(Refused) as refusal:
            await self.api.respond(asked, name or self.name, CREDENTIAL=json.dumps(credential))
        return refusal.value.code, refusal.value.message

    async def signs_in(self) -> dict[str, Any]:
        asked = await self.begin()
        assert asked["ChallengeName"] == "WEB_AUTHN"
        answer = await self.prove(asked, await self.assertion(asked))
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result


async def make_pool(api: Api, *, policies: Any = FACTORS, **configuration: Any) -> None:
    flows = {"ExplicitAuthFlows": FLOWS}
    await api.make_pool(client=flows, **({} if policies is None else {"Policies": policies}))
    if configuration:
        members = {"UserPoolId": api.pool_id, "WebAuthnConfiguration": configuration}
        await api("SetUserPoolMfaConfig", **members)


async def passkey_user(
    api: Api, name: str = "ana", authenticator: Authenticator | None = None
) -> PasskeyUser:
    await api.add_user(name)
    access = (await api.tokens(name))["AccessToken"]
    return PasskeyUser(api, access, authenticator or Authenticator(), name)
