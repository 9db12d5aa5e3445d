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
class User:
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
class PendingSignIn:
    """One sign-in: its user and the challenges that are left."""

    user: User
    chain: list[str]
    device_key: str | None = None
    server: SrpServer | None = None


class ChallengeMachine:
    """Responds to the operations of a sign-in."""

    def __init__(self, clock: Clock) -> None:
        self.service = ScriptedService(clock)
        self.users = {name: User(name) for name in ("ana", "ben")}
        self.chain: list[str] = []  # of the next sign-in
        self.pending: dict[
            str, PendingSignIn
        ] = {}  # by the session handle that is valid for the next response
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

    def user(self, name: str) -> User:
        return next(user for user in self.users.values() if name in user.names)

    # InitiateAuth

    def initiate(self, sent: Mapping[str, Any]) -> Any:
        given = sent["AuthParameters"]
        sign_in = PendingSignIn(self.user(given["USERNAME"]), list(self.chain))
        if (gone := self._name_device(sign_in, given, "InitiateAuth")) is not None:
            return gone
        match sent["AuthFlow"]:
            case "USER_PASSWORD_AUTH":
                if given["PASSWORD"] != PASSWORD:
                    return refusal("InitiateAuth", "NotAuthorizedException")
            case "USER_SRP_AUTH":
                return self._ask_for_proof(sign_in, given["SRP_A"])
            case "USER_AUTH":
                sign_in.chain.insert(0, "SELECT_CHALLENGE")
            case "CUSTOM_AUTH":
                sign_in.chain.insert(0, "CUSTOM_CHALLENGE")
        return self._go_on(sign_in)

    def _ask_for_proof(self, sign_in: PendingSignIn, srp_a: str) -> dict[str, Any]:
        sign_in.chain.insert(0, "PASSWORD_VERIFIER")
        sign_in.server = sign_in.user.password_server()
        parameters = {
            **sign_in.server.begin(srp_a),
            "USERNAME": sign_in.user.user_id,
            "USER_ID_FOR_SRP": sign_in.user.user_id,
        }
        return self._ask(sign_in, "PASSWORD_VERIFIER", parameters)

    def _name_device(self, sign_in: PendingSignIn, given: Mapping[str, str], operation: str) -> Any:
        key = given.get("DEVICE_KEY")
        if key is not None and key not in sign_in.user.devices:
            return refusal(operation, "ResourceNotFoundException", "Device does not exist.")
        sign_in.device_key = key or sign_in.device_key
        return None

    # What comes next

    def _go_on(self, sign_in: PendingSignIn) -> dict[str, Any]:
        if not sign_in.chain:
            return self._tokens(sign_in)
        if sign_in.chain[0] in MFA and sign_in.device_key is not None:
            sign_in.chain[0] = "DEVICE_SRP_AUTH"
        name = sign_in.chain[0]
        parameters: dict[str, str] = {"USER_ID_FOR_SRP": sign_in.user.user_id}
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
        return self._ask(sign_in, name, parameters, **members)

    def _ask(
        self, sign_in: PendingSignIn, name: str, parameters: Mapping[str, str], **members: Any
    ) -> dict[str, Any]:
        return challenge(name, parameters, session=self._handle(sign_in), **members)

    def _handle(self, sign_in: PendingSignIn) -> str:
        handle = f"handle-{next(self._serial):020}"
        self.pending[handle] = sign_in
        return handle

    def _tokens(self, sign_in: PendingSignIn) -> dict[str, Any]:
        user = sign_in.user
        key = sign_in.device_key or f"us-east-1_{next(self._serial):08x}"
        answer = self.service.tokens(
            username=user.user_id, sub=f"sub-of-{user.name}", access={"device_key": key}
        )
        if sign_in.device_key is None:
            answer["AuthenticationResult"]["NewDeviceMetadata"] = {
                "DeviceKey": key,
                "DeviceGroupKey": "-group",
            }
            self._unconfirmed = user
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
        sign_in = self.pending.get(sent["Session"])
        if sign_in is None or given["USERNAME"] not in sign_in.user.names:
            return refusal(operation, "NotAuthorizedException", "Invalid session for the user.")
        name = sign_in.chain[0]
        if sent["ChallengeName"] != (
            "SELECT_CHALLENGE" if name == "WEB_AUTHN" and "ANSWER" in given else name
        ):
            return refusal(operation, "NotAuthorizedException", "Invalid session for the user.")
        if (gone := self._name_device(sign_in, given, operation)) is not None:
            return gone
        answer = self._judge(sign_in, sent["ChallengeName"], given)
        if answer is None:
            code = "CodeMismatchException" if name in CODES else "NotAuthorizedException"
            return refusal(operation, code)
        # A session handle becomes invalid with the first response that succeeds.
        del self.pending[sent["Session"]]
        return answer

    def _judge(self, sign_in: PendingSignIn, name: str, given: Mapping[str, str]) -> Any:
        """Return what follows a response to a challenge; None if the response is wrong."""
        following: list[str] | None = None
        match name:
            case "SELECT_CHALLENGE":
                return self._choose(sign_in, given)
            case "SELECT_MFA_TYPE":
                following = [given["ANSWER"]] if given["ANSWER"] in MFA else None
            case "MFA_SETUP":
                following = ["EMAIL_OTP"] if "EMAIL" in given else [] if sign_in.server is VERIFIED else None
            case "DEVICE_SRP_AUTH":
                sign_in.server = sign_in.user.devices[given["DEVICE_KEY"]]
                sign_in.chain[0] = "DEVICE_PASSWORD_VERIFIER"
                return self._ask(sign_in, sign_in.chain[0], sign_in.server.begin(given["SRP_A"]))
            case "PASSWORD_VERIFIER" | "DEVICE_PASSWORD_VERIFIER":
                assert sign_in.server is not None
                following = [] if sign_in.server.accepts(given) else None
            case _:
                following = [] if self._is_right(name, given) else None
        if following is None:
            return None
        sign_in.chain[:1] = following
        return self._go_on(sign_in)

    def _choose(self, sign_in: PendingSignIn, given: Mapping[str, str]) -> Any:
        following: list[str] | None
        match given["ANSWER"]:
            case "PASSWORD":
                following = [] if given.get("PASSWORD") == PASSWORD else None
            case "PASSWORD_SRP":
                del sign_in.chain[0]
                return self._ask_for_proof(sign_in, given["SRP_A"])
            case "EMAIL_OTP" | "WEB_AUTHN" as factor:
                following = [factor]
            case _:
                following = None
        if following is None:
            return None
        sign_in.chain[:1] = following
        return self._go_on(sign_in)

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
                return bool(json.loads(given["CREDENTIAL"]) == {"id": "right"})
        return False

    # Software tokens

    def associate(self, sent: Mapping[str, Any]) -> Any:
        sign_in = self.pending.pop(sent["Session"], None)
        if sign_in is None:
            return refusal(
                "AssociateSoftwareToken", "NotAuthorizedException", "Invalid session for the user."
            )
        return {"SecretCode": "SECRETSECRET", "Session": self._handle(sign_in)}

    def verify(self, sent: Mapping[str, Any]) -> Any:
        sign_in = self.pending.get(sent["Session"])
        if sign_in is None:
            return refusal("VerifySoftwareToken", "NotAuthorizedException", "Invalid session for the user.")
        if sent["UserCode"] != CODE:
            return refusal("VerifySoftwareToken", "EnableSoftwareTokenMFAException")
        del self.pending[sent["Session"]]
        sign_in.server = VERIFIED
        return {"Status": "SUCCESS", "Session": self._handle(sign_in)}


# Marks a sign-in whose software token was verified.
VERIFIED = SrpServer("", "", 1)
