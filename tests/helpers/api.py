"""Call the emulator's operations without HTTP, and check requests and responses against the service model."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from aiocognito import _srp as srp
from aiocognito.emulator.dispatch import answer
from aiocognito.emulator.pool import UserPool
from aiocognito.emulator.service_model import ServiceModel, _is_base64
from aiocognito.emulator.signing_keys import KeyPair, KeyRing
from aiocognito.emulator.state import EmulatorState
from aiocognito.emulator.users import User

PASSWORD = "Correct-Horse-1"
NEW_PASSWORD = "Better-Horse-2"
EMAIL = "ana@example.com"
PHONE = "+15555550100"
SMS_ROLE = "arn:aws:iam::123456789012:role/sms"
BROKEN_BY_AWS = {"CustomAttributeNameType", "CompletionMessageType"}
"""At most 20 characters, says the model, and phone_number_verified has 21; no blanks, and there are some."""


class OnePair(KeyRing):
    """A key ring with one key pair for the whole run: generating keys takes longer than most tests."""

    def __init__(self, pair: KeyPair) -> None:
        super().__init__()
        self.pair = pair

    async def make(self) -> KeyPair:
        return self.pair

    def leave(self, pair: KeyPair) -> None:
        """Keep the pair from the emulators that make their own."""


class Refused(Exception):
    """An error that an operation returned, with its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@attrs.frozen
class Answered:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


@attrs.define
class Api:
    """Calls operations without HTTP. Every request and response is checked against the service model."""

    state: EmulatorState
    model: ServiceModel
    pool_id: str = ""
    client_id: str = ""

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        reply = await answer(self.state, self.model, operation, json.dumps(members).encode())
        body: dict[str, Any] = json.loads(json.dumps(reply.body))
        if reply.error is not None:
            declared = self.model.operations[operation].errors
            assert reply.error in declared | {"SerializationException"}, (operation, reply.error)
            assert reply.status == 400
            raise Refused(reply.error, body.get("message", ""))
        faults = list(shape_faults(self.model, self.model.operations[operation].output, body))
        assert not faults, faults
        return body

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Call an operation that must fail; return the error's code and message."""
        try:
            found = await self(operation, **members)
        except Refused as refusal:
            return refusal.code, refusal.message
        raise AssertionError(f"{operation} was not refused: {found}")

    async def make_pool(self, *, client: Mapping[str, Any] | None = None, **settings: Any) -> UserPool:
        """Create a pool and an app client, with AWS's defaults but for the flows. Later calls use them."""
        policy = (settings.get("Policies") or {}).get("SignInPolicy") or {}
        if "SMS_OTP" in policy.get("AllowedFirstAuthFactors", ()):
            settings = {"SmsConfiguration": {"SnsCallerArn": SMS_ROLE}, **settings}
        made = await self("CreateUserPool", **{"PoolName": "people", **settings})
        self.pool_id = made["UserPool"]["Id"]
        flows = ["USER_SRP", "USER_PASSWORD", "ADMIN_USER_PASSWORD", "REFRESH_TOKEN"]
        members = {
            "ClientName": "app",
            "ExplicitAuthFlows": [f"ALLOW_{flow}_AUTH" for flow in flows],
            **(client or {}),
        }
        found = await self("CreateUserPoolClient", UserPoolId=self.pool_id, **members)
        self.client_id = found["UserPoolClient"]["ClientId"]
        return self.pool

    async def add_user(
        self, name: str = "ana", password: str = PASSWORD, /, *, status: str | None = None, **attributes: str
    ) -> User:
        """Add a confirmed user."""
        entries = [{"Name": key, "Value": value} for key, value in attributes.items()]
        await self.admin("AdminCreateUser", name, UserAttributes=entries, MessageAction="SUPPRESS")
        await self.admin("AdminSetUserPassword", name, Password=password, Permanent=True)
        user = self.pool.users.find(name)
        assert user is not None
        if status is not None:
            user.status = status
        return user

    async def admin(self, operation: str, username: str = "ana", /, **members: Any) -> dict[str, Any]:
        """Call an administrator's operation for a user."""
        return await self(operation, UserPoolId=self.pool_id, Username=username, **members)

    async def begin(
        self, flow: str = "USER_PASSWORD_AUTH", /, name: str = "ana", password: str = PASSWORD, **more: str
    ) -> dict[str, Any]:
        """Begin a sign-in with USER_PASSWORD_AUTH."""
        parameters = {"USERNAME": name, "PASSWORD": password, **more}
        return await self("InitiateAuth", ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters)

    async def respond(
        self, challenged: Mapping[str, Any], /, name: str = "ana", **responses: str
    ) -> dict[str, Any]:
        """Respond to the challenge of a response."""
        members: dict[str, Any] = {
            "ClientId": self.client_id,
            "ChallengeName": challenged["ChallengeName"],
            "ChallengeResponses": {"USERNAME": name, **responses},
        }
        if "Session" in challenged:
            members["Session"] = challenged["Session"]
        return await self("RespondToAuthChallenge", **members)

    async def tokens(self, name: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
        """Sign in; return AuthenticationResult."""
        result: dict[str, Any] = (await self.begin(name=name, password=password))["AuthenticationResult"]
        return result

    async def srp_begin(self, name: str = "ana", **more: str) -> tuple[srp.Ephemeral, dict[str, Any]]:
        """Begin over SRP."""
        ephemeral = srp.Ephemeral.generate()
        parameters = {"USERNAME": name, "SRP_A": ephemeral.public_hex, **more}
        challenged = await self(
            "InitiateAuth", ClientId=self.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters
        )
        return ephemeral, challenged

    def proof(
        self,
        ephemeral: srp.Ephemeral,
        challenged: Mapping[str, Any],
        password: str = PASSWORD,
        timestamp: str | None = None,
    ) -> dict[str, str]:
        """Respond to PASSWORD_VERIFIER."""
        given = challenged["ChallengeParameters"]
        time = srp.timestamp(self.state.clock()) if timestamp is None else timestamp
        whose = {"pool_name": self.pool.name, "user_id": given["USER_ID_FOR_SRP"], "password": password}
        return claim(ephemeral, given, time, **whose)

    async def srp(self, name: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
        """Sign in over SRP."""
        ephemeral, challenged = await self.srp_begin(name)
        username = challenged["ChallengeParameters"]["USERNAME"]
        return await self.respond(challenged, username, **self.proof(ephemeral, challenged, password))

    def hash(self, name: str) -> str:
        """Return the secret hash of the app client and a username."""
        message = f"{name}{self.client_id}".encode()
        secret = self.pool.clients[self.client_id].secrets[0].encode()
        return base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()

    @property
    def pool(self) -> UserPool:
        """The pool that was created last."""
        return self.state.pool(self.pool_id)

    def code(self) -> str:
        """The code that was sent last."""
        return self.state.outbox.messages[-1].code

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.state.clock.advance(seconds)


def claims(token: str) -> dict[str, Any]:
    """Return a JWT's claims."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def wrong(code: str) -> str:
    """Return a different code of the same form."""
    return f"{(int(code) + 500_000) % 10 ** len(code):0{len(code)}d}"


def shape_faults(model: ServiceModel, shape: str | None, value: Any, path: str = "") -> Iterator[str]:
    """Return what a response violates: unknown members, absent ones, wrong types, broken constraints."""
    if shape is None:
        if value != {}:
            yield f"{path}: {value!r} where nothing is declared"
        return
    found = model.shapes[shape]
    if found.get("document"):
        return
    kind = found["type"]
    if not _has_type(kind, value):
        yield f"{path}: {value!r} is not a {kind}"
        return
    if kind == "structure":
        yield from (f"{path}.{name}: unknown" for name in value.keys() - found["members"].keys())
        yield from (f"{path}.{name}: missing" for name in set(found.get("required", ())) - value.keys())
        for name in value.keys() & found["members"].keys():
            yield from shape_faults(model, found["members"][name]["shape"], value[name], f"{path}.{name}")
    elif kind == "list":
        for number, item in enumerate(value):
            yield from shape_faults(model, found["member"]["shape"], item, f"{path}[{number}]")
    elif kind == "map":
        for key, item in value.items():
            yield from shape_faults(model, found["key"]["shape"], key, f"{path} key")
            yield from shape_faults(model, found["value"]["shape"], item, f"{path}[{key}]")
    elif shape not in BROKEN_BY_AWS:
        yield from (f"{path}: {fault}" for fault in model._broken(found, value))


def _has_type(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    wanted: dict[str, type | tuple[type, ...]] = {
        "structure": dict,
        "map": dict,
        "list": list,
        "string": str,
        "integer": int,
        "long": int,
        "timestamp": (int, float),
    }
    if kind == "blob":
        return isinstance(value, str) and _is_base64(value)
    return kind in wanted and isinstance(value, wanted[kind])


def claim(
    ephemeral: srp.Ephemeral,
    given: Mapping[str, str],
    time: str,
    *,
    pool_name: str,
    user_id: str,
    password: str,
) -> dict[str, str]:
    """Return the SRP proof of a user's password, or of a device's (`pool_name` is then its group)."""
    signature = srp.password_claim_signature(
        ephemeral,
        pool_name=pool_name,
        user_id=user_id,
        password=password,
        srp_b_hex=given["SRP_B"],
        salt_hex=given["SALT"],
        secret_block=given["SECRET_BLOCK"],
        timestamp=time,
    )
    return {
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
        "TIMESTAMP": time,
    }
