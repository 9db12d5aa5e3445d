"""A user pool that asks for any chain of challenges, for tests that respond at random.

It is strict where a client could go wrong: a session handle is valid once and for one user, proofs are
computed from verifiers, and a device is identified by its key.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Any

import gmpy2
from attrs import define, field

from aiocognito import _srp as srp
from aiocognito.errors import NetworkError
from helpers.clock import Clock
from helpers.user_pool import ScriptedService, challenge, refusal

PASSWORD, CODE, ANSWER = "secret", "123456", "open sesame"
MFA = ("SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA")
CODES = {f: f"{f}_CODE" for f in (*MFA, "SMS_OTP")}
FACTORS = ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"]
# The challenges of a chain. The library does not support the last one.
LINKS = (*CODES, "NEW_PASSWORD_REQUIRED", "SELECT_MFA_TYPE", "MFA_SETUP", "CUSTOM_CHALLENGE", "BLOOD_TEST")
POOL_NAME = "Scripted"
SALT, B_PRIVATE, BLOCK = 0xABC, 0xB0B, "c2VjcmV0"


@define
class SrpServer:
    """The server's half of SRP for one verifier (RFC 5054)."""

    group: str
    identity: str
    verifier: int
    salt: int = SALT
    client_public: int = 0

    @property
    def public(self) -> int:
        return int((srp.K * self.verifier + gmpy2.powmod(srp.G, B_PRIVATE, srp.N)) % srp.N)

    def begin(self, srp_a: str) -> dict[str, str]:
        self.client_public = int(srp_a, 16)
        return {"SRP_B": f"{self.public:x}", "SALT": f"{self.salt:x}", "SECRET_BLOCK": BLOCK}

    def accepts(self, given: Mapping[str, str]) -> bool:
        u = srp.scrambling_parameter(self.client_public, self.public)
        base = self.client_public * gmpy2.powmod(self.verifier, u, srp.N) % srp.N
        key = srp.hkdf(srp.pad(int(gmpy2.powmod(base, B_PRIVATE, srp.N))), salt=srp.pad(u))
        block = base64.b64decode(given["PASSWORD_CLAIM_SECRET_BLOCK"])
        message = f"{self.group}{self.identity}".encode() + block + given["TIMESTAMP"].encode()
        expected = base64.b64encode(hmac.digest(key, message, sha256)).decode()
        return hmac.compare_digest(expected, given["PASSWORD_CLAIM_SIGNATURE"])


@define
class Person:
    """A user with an alias, the username that Cognito chose, and devices by their keys."""

    name: str
    devices: dict[str, SrpServer] = field(factory=dict)

    @property
    def alias(self) -> str:
        return f"{self.name}@example.com"

    @property
    def user_id(self) -> str:
        return f"{self.name}-id"

    @property
    def names(self) -> set[str]:
        return {self.alias, self.user_id}

    def password_server(self) -> SrpServer:
        x = srp.private_key(POOL_NAME, self.user_id, PASSWORD, SALT)
        return SrpServer(POOL_NAME, self.user_id, int(gmpy2.powmod(srp.G, x, srp.N)))


@define
class Walk:
    """One sign-in: its user and the challenges that are left."""

    person: Person
    chain: list[str]
    device_key: str | None = None
    server: SrpServer | None = None


class WalkingPool:
    """Responds to the operations of a sign-in."""

    def __init__(self, clock: Clock) -> None:
        self.service = ScriptedService(clock)
        self.people = {name: Person(name) for name in ("ana", "ben")}
        self.chain: list[str] = []  # of the next sign-in
        self.walks: dict[str, Walk] = {}  # by the session handle that is valid for the next response
        self.failure: str | None = None  # of the next request
        self._serial = count()
        for operation, answer in {
            "InitiateAuth": self.initiate,
            "RespondToAuthChallenge": self.respond,
            "AssociateSoftwareToken": self.associate,
            "VerifySoftwareToken": self.verify,
            "ConfirmDevice": self.confirm_device,
        }.items():
            self.service.answer(operation, self._failing(operation, answer))

    def _failing(self, operation: str, answer: Any) -> Any:
        async def with_failure(sent: Mapping[str, Any]) -> Any:
            failure, self.failure = self.failure, None
            # Let other tasks run, as they do during a network request.
            await asyncio.sleep(0)
            match failure:
                case "throttled":
                    return refusal(operation, "TooManyRequestsException", "Rate exceeded")
                case "lost":
                    return NetworkError("lost on the way there")
                case "unanswered":
                    answer(sent)
                    return NetworkError("lost on the way back", request_sent=True)
                case "reset":
                    return refusal(operation, "PasswordResetRequiredException")
            return answer(sent)

        return with_failure

    def person(self, name: str) -> Person:
        return next(person for person in self.people.values() if name in person.names)

    # InitiateAuth

    def initiate(self, sent: Mapping[str, Any]) -> Any:
        given = sent["AuthParameters"]
        walk = Walk(self.person(given["USERNAME"]), list(self.chain))
        if (gone := self._name_device(walk, given, "InitiateAuth")) is not None:
            return gone
        match sent["AuthFlow"]:
            case "USER_PASSWORD_AUTH":
                if given["PASSWORD"] != PASSWORD:
                    return refusal("InitiateAuth", "NotAuthorizedException")
            case "USER_SRP_AUTH":
                return self._ask_for_proof(walk, given["SRP_A"])
            case "USER_AUTH":
                walk.chain.insert(0, "SELECT_CHALLENGE")
            case "CUSTOM_AUTH":
                walk.chain.insert(0, "CUSTOM_CHALLENGE")
        return self._go_on(walk)

    def _ask_for_proof(self, walk: Walk, srp_a: str) -> dict[str, Any]:
        walk.chain.insert(0, "PASSWORD_VERIFIER")
        walk.server = walk.person.password_server()
        parameters = {
            **walk.server.begin(srp_a),
            "USERNAME": walk.person.user_id,
            "USER_ID_FOR_SRP": walk.person.user_id,
        }
        return self._ask(walk, "PASSWORD_VERIFIER", parameters)

    def _name_device(self, walk: Walk, given: Mapping[str, str], operation: str) -> Any:
        key = given.get("DEVICE_KEY")
        if key is not None and key not in walk.person.devices:
            return refusal(operation, "ResourceNotFoundException", "Device does not exist.")
        walk.device_key = key or walk.device_key
        return None

    # What comes next

    def _go_on(self, walk: Walk) -> dict[str, Any]:
        if not walk.chain:
            return self._tokens(walk)
        if walk.chain[0] in MFA and walk.device_key is not None:
            walk.chain[0] = "DEVICE_SRP_AUTH"
        name = walk.chain[0]
        parameters: dict[str, str] = {"USER_ID_FOR_SRP": walk.person.user_id}
        members: dict[str, Any] = {}
        match name:
            case "SELECT_CHALLENGE":
                parameters, members = {}, {"AvailableChallenges": FACTORS}
            case "SELECT_MFA_TYPE":
                parameters["MFAS_CAN_CHOOSE"] = json.dumps(MFA)
            case "MFA_SETUP":
                parameters["MFAS_CAN_SETUP"] = json.dumps(MFA)
            case "WEB_AUTHN":
                parameters["CREDENTIAL_REQUEST_OPTIONS"] = '{"challenge": "YQ"}'
        return self._ask(walk, name, parameters, **members)

    def _ask(self, walk: Walk, name: str, parameters: Mapping[str, str], **members: Any) -> dict[str, Any]:
        return challenge(name, parameters, session=self._handle(walk), **members)

    def _handle(self, walk: Walk) -> str:
        handle = f"handle-{next(self._serial):020}"
        self.walks[handle] = walk
        return handle

    def _tokens(self, walk: Walk) -> dict[str, Any]:
        person = walk.person
        key = walk.device_key or f"us-east-1_{next(self._serial):08x}"
        answer = self.service.tokens(
            username=person.user_id, sub=f"sub-of-{person.name}", access={"device_key": key}
        )
        if walk.device_key is None:
            answer["AuthenticationResult"]["NewDeviceMetadata"] = {
                "DeviceKey": key,
                "DeviceGroupKey": "-group",
            }
            self._unconfirmed = person
        return answer

    def confirm_device(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        verifier = sent["DeviceSecretVerifierConfig"]
        v, salt = (base64.b64decode(verifier[member]) for member in ("PasswordVerifier", "Salt"))
        key = sent["DeviceKey"]
        self._unconfirmed.devices[key] = SrpServer(
            "-group", key, int.from_bytes(v, "big"), int.from_bytes(salt, "big")
        )
        return {}

    # RespondToAuthChallenge

    def respond(self, sent: Mapping[str, Any]) -> Any:
        operation, given = "RespondToAuthChallenge", sent["ChallengeResponses"]
        walk = self.walks.get(sent["Session"])
        if walk is None or given["USERNAME"] not in walk.person.names:
            return refusal(operation, "NotAuthorizedException", "Invalid session for the user.")
        name = walk.chain[0]
        if sent["ChallengeName"] != (
            "SELECT_CHALLENGE" if name == "WEB_AUTHN" and "ANSWER" in given else name
        ):
            return refusal(operation, "NotAuthorizedException", "Invalid session for the user.")
        if (gone := self._name_device(walk, given, operation)) is not None:
            return gone
        answer = self._judge(walk, sent["ChallengeName"], given)
        if answer is None:
            code = "CodeMismatchException" if name in CODES else "NotAuthorizedException"
            return refusal(operation, code)
        # A session handle becomes invalid with the first response that succeeds.
        del self.walks[sent["Session"]]
        return answer

    def _judge(self, walk: Walk, name: str, given: Mapping[str, str]) -> Any:
        """Return what follows a response to a challenge; None if the response is wrong."""
        following: list[str] | None = None
        match name:
            case "SELECT_CHALLENGE":
                return self._choose(walk, given)
            case "SELECT_MFA_TYPE":
                following = [given["ANSWER"]] if given["ANSWER"] in MFA else None
            case "MFA_SETUP":
                following = ["EMAIL_OTP"] if "EMAIL" in given else [] if walk.server is VERIFIED else None
            case "DEVICE_SRP_AUTH":
                walk.server = walk.person.devices[given["DEVICE_KEY"]]
                walk.chain[0] = "DEVICE_PASSWORD_VERIFIER"
                return self._ask(walk, walk.chain[0], walk.server.begin(given["SRP_A"]))
            case "PASSWORD_VERIFIER" | "DEVICE_PASSWORD_VERIFIER":
                assert walk.server is not None
                following = [] if walk.server.accepts(given) else None
            case _:
                following = [] if self._is_right(name, given) else None
        if following is None:
            return None
        walk.chain[:1] = following
        return self._go_on(walk)

    def _choose(self, walk: Walk, given: Mapping[str, str]) -> Any:
        match given["ANSWER"]:
            case "PASSWORD":
                following = [] if given.get("PASSWORD") == PASSWORD else None
            case "PASSWORD_SRP":
                del walk.chain[0]
                return self._ask_for_proof(walk, given["SRP_A"])
            case "EMAIL_OTP" | "WEB_AUTHN" as factor:
                following = [factor]
            case _:
                following = None
        if following is None:
            return None
        walk.chain[:1] = following
        return self._go_on(walk)

    @staticmethod
    def _is_right(name: str, given: Mapping[str, str]) -> bool:
        if name in CODES:
            return given[CODES[name]] == CODE
        match name:
            case "NEW_PASSWORD_REQUIRED":
                return given["NEW_PASSWORD"] == PASSWORD
            case "CUSTOM_CHALLENGE":
                return given["ANSWER"] == ANSWER
            case "WEB_AUTHN":
                return json.loads(given["CREDENTIAL"]) == {"id": "right"}
        return False

    # Software tokens

    def associate(self, sent: Mapping[str, Any]) -> Any:
        walk = self.walks.pop(sent["Session"], None)
        if walk is None:
            return refusal(
                "AssociateSoftwareToken", "NotAuthorizedException", "Invalid session for the user."
            )
        return {"SecretCode": "SECRETSECRET", "Session": self._handle(walk)}

    def verify(self, sent: Mapping[str, Any]) -> Any:
        walk = self.walks.get(sent["Session"])
        if walk is None:
            return refusal("VerifySoftwareToken", "NotAuthorizedException", "Invalid session for the user.")
        if sent["UserCode"] != CODE:
            return refusal("VerifySoftwareToken", "EnableSoftwareTokenMFAException")
        del self.walks[sent["Session"]]
        walk.server = VERIFIED
        return {"Status": "SUCCESS", "Session": self._handle(walk)}


# Marks a sign-in whose software token was verified.
VERIFIED = SrpServer("", "", 1)
