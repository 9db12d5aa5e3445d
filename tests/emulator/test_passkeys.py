"""Passkeys: made, listed, deleted, proven; and every false credential refused."""

from __future__ import annotations

import json
import random
import secrets
import struct
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fido2 import cbor

from helpers.api import PASSWORD, Api, Refused, claims
from sign_in.authenticator import Authenticator, decode, encode

from .passkey_users import FLOWS, PasskeyUser, make_pool, passkey_user

MALFORMED = ("InvalidParameterException", "The credential is malformed.")
UNPROVEN = ("NotAuthorizedException", "The passkey could not be verified.")
INVALID = ("NotAuthorizedException", "Invalid session for the user.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
LATE = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
NO_CHALLENGE = "WebAuthnChallengeNotFoundException"
Change = Callable[[Any], object]


@pytest.fixture
async def ana(empty_api: Api) -> PasskeyUser:
    """A user of a pool that accepts passkeys for example.com."""
    await make_pool(empty_api, RelyingPartyId="example.com")
    return await passkey_user(empty_api)


# StartWebAuthnRegistration


async def test_the_options_of_a_new_passkey(ana: PasskeyUser) -> None:
    options = await ana.options()
    assert len(decode(options.pop("challenge"))) == 32
    assert decode(options.pop("user").pop("id")).decode() == claims(ana.access)["sub"]
    assert options == {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
        "excludeCredentials": [],
        "pubKeyCredParams": [{"alg": -7, "type": "public-key"}, {"alg": -257, "type": "public-key"}],
        "rp": {"id": "example.com", "name": "example.com"},
        "timeout": 60_000,
    }
    credential = await ana.register()
    again = await ana.options()
    assert again["user"]["displayName"] == again["user"]["name"] == "ana"
    assert again["excludeCredentials"] == [{"type": "public-key", "id": credential["id"]}]


async def test_pools_without_passkeys(empty_api: Api) -> None:
    """A pool that accepts no passkeys refuses a registration."""
    await make_pool(empty_api, policies=None, RelyingPartyId="example.com")
    access = (await passkey_user(empty_api)).access
    refusal = await empty_api.refused("StartWebAuthnRegistration", AccessToken=access)
    assert refusal[0] == "WebAuthnNotEnabledException"
    await make_pool(empty_api)
    access = (await passkey_user(empty_api)).access
    refusal = await empty_api.refused("StartWebAuthnRegistration", AccessToken=access)
    assert refusal[0] == "WebAuthnConfigurationMissingException"


async def test_twenty_are_the_most(ana: PasskeyUser) -> None:
    for _ in range(20):
        await ana.register()
    refusal = await ana.api.refused("StartWebAuthnRegistration", AccessToken=ana.access)
    assert refusal[0] == "LimitExceededException"
    (first, *_) = await ana.passkeys()
    await ana.api("DeleteWebAuthnCredential", AccessToken=ana.access, CredentialId=first["CredentialId"])
    await ana.register()


# CompleteWebAuthnRegistration


async def test_a_challenge_is_answered_once(ana: PasskeyUser) -> None:
    assert (await ana.not_completed({"id": "x"}))[0] == NO_CHALLENGE
    credential = await ana.register()
    assert (await ana.not_completed(credential))[0] == NO_CHALLENGE
    await ana.options()
    assert (await ana.not_completed({"id": "x"})) == MALFORMED
    other = await ana.authenticator.create({**await ana.options(), "challenge": encode(bytes(32))})
    assert (await ana.not_completed(other))[0] == NO_CHALLENGE
    assert len(await ana.passkeys()) == 1


async def test_a_challenge_is_good_for_a_minute(ana: PasskeyUser) -> None:
    credential = await ana.authenticator.create(await ana.options())
    ana.api.advance(60)
    assert (await ana.not_completed(credential))[0] == NO_CHALLENGE
    credential = await ana.authenticator.create(await ana.options())
    ana.api.advance(59)
    assert await ana.complete(credential) == {}


async def test_the_last_challenge_counts(ana: PasskeyUser) -> None:
    first = await ana.options()
    second = await ana.options()
    assert (await ana.not_completed(await ana.authenticator.create(first)))[0] == NO_CHALLENGE
    third = await ana.options()
    assert third["challenge"] != second["challenge"]
    assert await ana.complete(await ana.authenticator.create(third)) == {}


async def test_another_users_challenge(ana: PasskeyUser) -> None:
    """A challenge is answered only by its user."""
    ben = await passkey_user(ana.api, "ben")
    credential = await ana.authenticator.create(await ana.options())
    await ben.options()
    assert (await ben.not_completed(credential))[0] == NO_CHALLENGE
    assert await ana.complete(credential) == {}


async def test_another_clients_token(ana: PasskeyUser) -> None:
    """A registration is completed with the client that began it."""
    credential = await ana.authenticator.create(await ana.options())
    members = {"UserPoolId": ana.api.pool_id, "ClientName": "other", "ExplicitAuthFlows": FLOWS}
    made = await ana.api("CreateUserPoolClient", **members)
    ana.api.client_id = made["UserPoolClient"]["ClientId"]
    other = PasskeyUser(ana.api, (await ana.api.tokens())["AccessToken"])
    assert (await other.not_completed(credential))[0] == "WebAuthnClientMismatchException"


async def test_the_same_passkey_twice(ana: PasskeyUser) -> None:
    first = await ana.register()
    _, handle = ana.authenticator._keys[first["id"]]
    options = await ana.options()
    again = deepcopy(first)
    data = {"type": "webauthn.create", "challenge": options["challenge"], "origin": ana.authenticator.origin}
    again["response"]["clientDataJSON"] = encode(json.dumps(data).encode())
    assert handle == claims(ana.access)["sub"].encode()
    refusal = await ana.not_completed(again)
    assert refusal == ("InvalidParameterException", "The passkey is registered already.")


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        ("https://example.com", True),
        ("https://example.com:8443", True),
        ("https://app.example.com", True),
        ("http://app.example.com", False),
        ("https://example.com.evil.example", False),
        ("https://notexample.com", False),
        ("https://evil.example", False),
        ("http://localhost", False),
        ("", False),
        ("example.com", False),
    ],
)
async def test_origins(ana: PasskeyUser, origin: str, taken: bool) -> None:
    """Only pages of the relying party may register."""
    ana.authenticator.origin = origin
    credential = await ana.authenticator.create(await ana.options())
    if taken:
        assert await ana.complete(credential) == {}
    else:
        assert (await ana.not_completed(credential))[0] == "WebAuthnOriginNotAllowedException"


async def test_an_origin_that_is_not_text(ana: PasskeyUser) -> None:
    ana.authenticator.origin = None  # type: ignore[assignment]  # what a browser never sends
    credential = await ana.authenticator.create(await ana.options())
    assert (await ana.not_completed(credential))[0] == "WebAuthnOriginNotAllowedException"


async def test_another_relying_party(ana: PasskeyUser) -> None:
    """A passkey of another relying party is refused."""
    options = await ana.options()
    options["rp"]["id"] = "app.example.com"
    credential = await ana.authenticator.create(options)
    assert (await ana.not_completed(credential))[0] == "WebAuthnRelyingPartyMismatchException"


async def test_an_assertion_is_refused_as_registration(ana: PasskeyUser) -> None:
    await ana.register()
    options = await ana.options()
    asked = {**options, "rpId": "example.com", "allowCredentials": options["excludeCredentials"]}
    assert (await ana.not_completed(await ana.authenticator.get(asked)))[0] == NO_CHALLENGE


class Rsa(Authenticator):
    """An authenticator whose keys are RS256; or call themselves something else."""

    algorithm = -257

    async def create(self, options: dict[str, Any]) -> dict[str, Any]:
        key = rsa.generate_private_key(65537, 2048)
        numbers = key.public_key().public_numbers()
        cose = {1: 3, 3: self.algorithm, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"}
        name = secrets.token_bytes(16)
        attested = bytes(16) + struct.pack(">H", len(name)) + name + cbor.encode(cose)
        auth_data = self._auth_data(options["rp"]["id"], 0x40) + attested
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
            "attestationObject": encode(cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data})),
        }
        self._keys[encode(name)] = (Signing(key), decode(options["user"]["id"]))  # type: ignore[assignment]  # fido2's types are wider
        return {**self._credential(encode(name), response), "authenticatorAttachment": None}


@attrs.frozen
class Signing:
    """Signs with RS256 in any case."""

    key: rsa.RSAPrivateKey

    def sign(self, data: bytes, _: object) -> bytes:
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


async def test_rsa_keys(ana: PasskeyUser) -> None:
    """A passkey may have a key of RSA."""
    ana.authenticator = Rsa()
    await ana.register()
    (listed,) = await ana.passkeys()
    assert listed["AuthenticatorTransports"] == []
    assert "AuthenticatorAttachment" not in listed
    assert "AccessToken" in await ana.signs_in()


async def test_keys_of_another_kind(ana: PasskeyUser) -> None:
    ana.authenticator = Rsa()
    ana.authenticator.algorithm = -37
    credential = await ana.authenticator.create(await ana.options())
    assert (await ana.not_completed(credential))[0] == "WebAuthnCredentialNotSupportedException"


async def test_no_key_at_all(ana: PasskeyUser) -> None:
    credential = await ana.authenticator.create(await ana.options())
    auth_data = ana.authenticator._auth_data("example.com", 0)
    attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data})
    credential["response"]["attestationObject"] = encode(attestation)
    assert (await ana.not_completed(credential))[0] == "WebAuthnCredentialNotSupportedException"


@pytest.mark.parametrize(("wanted", "taken"), [("preferred", True), ("required", False)])
async def test_a_user_who_was_not_verified(empty_api: Api, wanted: str, taken: bool) -> None:
    await make_pool(empty_api, RelyingPartyId="example.com", UserVerification=wanted)
    ana = await passkey_user(empty_api)
    options = await ana.options()
    assert options["authenticatorSelection"]["userVerification"] == wanted
    ana.authenticator.verifies_user = False
    credential = await ana.authenticator.create(options)
    if taken:
        assert await ana.complete(credential) == {}
    else:
        refusal = await ana.not_completed(credential)
        assert refusal == ("InvalidParameterException", "The user was not verified.")
        ana.authenticator.verifies_user = True
        await ana.register()
        ana.authenticator.verifies_user = False
    asked = await ana.begin()
    assertion = await ana.assertion(asked)
    if taken:
        assert "AuthenticationResult" in await ana.prove(asked, assertion)
    else:
        assert await ana.not_proven(asked, assertion) == UNPROVEN


JUNK: tuple[object, ...] = (None, 5, "x", "ä", [], [1], {}, {"a": 1}, True, -1.5)


async def test_malformed_credentials_are_refused(ana: PasskeyUser) -> None:
    """Members changed and left out, bytes changed, cut off and added: never an internal error."""
    dice = random.Random(7)
    good = await ana.authenticator.create(await ana.options())
    for _ in range(300):
        options = await ana.options()
        credential = deepcopy(good)
        credential["response"]["clientDataJSON"] = ana.authenticator._client_data(
            "webauthn.create", options["challenge"]
        )
        spoil(credential, dice)
        with suppress(Refused):  # whose code the model must declare
            await ana.complete(credential)
        for passkey in await ana.passkeys():  # its answer is held against the model
            named = {"CredentialId": passkey["CredentialId"]}
            await ana.api("DeleteWebAuthnCredential", AccessToken=ana.access, **named)


async def test_credentials_that_prove_nothing_are_refused(ana: PasskeyUser) -> None:
    dice = random.Random(8)
    await ana.register()
    for _ in range(200):
        asked = await ana.begin()
        credential = await ana.assertion(asked)
        spoil(credential, dice)
        with suppress(Refused):
            await ana.prove(asked, credential)
    assert "AccessToken" in await ana.signs_in()


def spoil(credential: dict[str, Any], dice: random.Random) -> None:
    """Change something about a credential."""
    response = credential["response"]
    place = dice.choice([credential, response])
    member = dice.choice(list(place))
    way = dice.randrange(3)
    if way == 0:
        place[member] = dice.choice(JUNK)
    elif way == 1:
        del place[member]
    else:
        member = dice.choice([name for name, value in response.items() if isinstance(value, str)])
        data = bytearray(decode(response[member]))
        at = dice.randrange(len(data))
        data[at:] = dice.choice([b"", bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]])
        response[member] = encode(bytes(data))


@pytest.mark.parametrize(
    "credential",
    [
        {"response": "x"},
        {"response": {"clientDataJSON": "W10"}},
        {"response": {"clientDataJSON": encode(b"[" * 100_000)}},
    ],
    ids=["response", "client data", "depth"],
)
async def test_texts_that_are_not_credentials(ana: PasskeyUser, credential: object) -> None:
    await ana.options()
    assert await ana.not_completed(credential) == MALFORMED


@pytest.mark.parametrize("credential", ["text", [1], 5])
async def test_a_credential_is_an_object(ana: PasskeyUser, credential: object) -> None:
    options = await ana.options()
    assert (await ana.not_completed(credential))[0] == "SerializationException"
    assert await ana.complete(await ana.authenticator.create(options)) == {}


@pytest.mark.parametrize(
    "attestation",
    [b"", b"\x1b", b"\x81" * 100_000, b"\x9b" + b"\xff" * 8, b"\x5b" + b"\xff" * 8],
    ids=["nothing", "cut off", "depth", "long list", "long bytes"],
)
async def test_bytes_that_are_not_attestations(ana: PasskeyUser, attestation: bytes) -> None:
    credential = await ana.authenticator.create(await ana.options())
    credential["response"]["attestationObject"] = encode(attestation)
    assert await ana.not_completed(credential) == MALFORMED


@pytest.mark.parametrize(
    "changed", [{"authenticatorAttachment": 5}, {"transports": 5}, {"transports": [5]}, {"transports": "usb"}]
)
async def test_what_would_be_listed_wrongly(ana: PasskeyUser, changed: dict[str, Any]) -> None:
    credential = await ana.authenticator.create(await ana.options())
    if "transports" in changed:
        credential["response"].update(changed)
    else:
        credential.update(changed)
    assert await ana.not_completed(credential) == MALFORMED


# ListWebAuthnCredentials, DeleteWebAuthnCredential


async def test_listed_in_pages(ana: PasskeyUser) -> None:
    """Passkeys are listed in pages."""
    assert await ana.passkeys() == []
    made = [(await ana.register())["id"] for _ in range(5)]
    found: list[Any] = []
    token: dict[str, str] = {}
    for size in (2, 2, 1):
        page = await ana.api("ListWebAuthnCredentials", AccessToken=ana.access, MaxResults=2, **token)
        assert len(page["Credentials"]) == size
        found += [entry["CredentialId"] for entry in page["Credentials"]]
        token = {name: value for name, value in page.items() if name == "NextToken"}
    assert not token, "the last page leads nowhere"
    assert found == made
    for size in (0, 20):
        assert len(await ana.passkeys(MaxResults=size)) == 5
    for wrong in ({"MaxResults": 21}, {"NextToken": "x"}):
        refusal = await ana.api.refused("ListWebAuthnCredentials", AccessToken=ana.access, **wrong)
        assert refusal[0] == "InvalidParameterException"


async def test_an_entry(ana: PasskeyUser) -> None:
    """ListWebAuthnCredentials describes a passkey."""
    credential = await ana.register()
    (entry,) = await ana.passkeys()
    assert entry.pop("FriendlyCredentialName")
    assert entry == {
        "CredentialId": credential["id"],
        "RelyingPartyId": "example.com",
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["internal"],
        "CreatedAt": ana.api.state.clock(),
    }


async def test_deleted(ana: PasskeyUser) -> None:
    """A deleted passkey cannot sign in, and only its user may delete it."""
    credential = await ana.register()
    ben = await passkey_user(ana.api, "ben")
    named = {"CredentialId": credential["id"]}
    unknown = ("ResourceNotFoundException", "Credential does not exist.")
    assert await ben.api.refused("DeleteWebAuthnCredential", AccessToken=ben.access, **named) == unknown
    asked = await ana.begin()
    assertion = await ana.assertion(asked)
    assert await ana.api("DeleteWebAuthnCredential", AccessToken=ana.access, **named) == {}
    assert await ana.api.refused("DeleteWebAuthnCredential", AccessToken=ana.access, **named) == unknown
    assert await ana.passkeys() == []
    assert await ana.not_proven(asked, assertion) == UNPROVEN
    assert (await ana.begin())["ChallengeName"] == "SELECT_CHALLENGE"


# WEB_AUTHN


async def test_the_options_of_a_proof(ana: PasskeyUser) -> None:
    made = [(await ana.register())["id"] for _ in range(2)]
    asked = await ana.begin()
    assert asked["ChallengeName"] == "WEB_AUTHN"
    assert asked["ChallengeParameters"].keys() == {"CREDENTIAL_REQUEST_OPTIONS"}
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    assert len(decode(options.pop("challenge"))) == 32
    assert options == {
        "timeout": 180_000,
        "rpId": "example.com",
        "allowCredentials": [
            {"type": "public-key", "id": passkey, "transports": ["internal"]} for passkey in made
        ],
        "userVerification": "preferred",
    }


async def test_a_passkey_signs_in(ana: PasskeyUser) -> None:
    await ana.register()
    result = await ana.signs_in()
    assert claims(result["AccessToken"])["username"] == "ana"
    asked = await ana.begin(None)
    assert "WEB_AUTHN" in asked["AvailableChallenges"]
    chosen = await ana.api.respond(asked, ANSWER="WEB_AUTHN")
    assert chosen["ChallengeName"] == "WEB_AUTHN"
    assert "AuthenticationResult" in await ana.prove(chosen, await ana.assertion(chosen))


async def test_without_a_passkey_it_is_not_offered(ana: PasskeyUser) -> None:
    asked = await ana.begin()
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    assert "WEB_AUTHN" not in asked["AvailableChallenges"]


def client_data(**changed: str) -> Change:
    def change(credential: Any) -> None:
        data = json.loads(decode(credential["response"]["clientDataJSON"])) | changed
        credential["response"]["clientDataJSON"] = encode(json.dumps(data).encode())

    return change


def authenticator_data(change_at: int) -> Change:
    def change(credential: Any) -> None:
        data = bytearray(decode(credential["response"]["authenticatorData"]))
        data[change_at] ^= 1
        credential["response"]["authenticatorData"] = encode(bytes(data))

    return change


def another_user(credential: Any) -> None:
    credential["response"]["userHandle"] = encode(b"another user")


def another_passkey(credential: Any) -> None:
    credential["id"] = credential["rawId"] = encode(bytes(16))


@pytest.mark.parametrize(
    "change",
    [
        client_data(challenge=encode(bytes(32))),
        client_data(type="webauthn.create"),
        client_data(origin="https://evil.example"),
        client_data(origin="https://www.example.com"),
        authenticator_data(0),
        authenticator_data(32),
        authenticator_data(36),
        another_user,
        another_passkey,
    ],
    ids=["challenge", "type", "origin", "signed", "relying party", "presence", "counter", "user", "passkey"],
)
async def test_a_false_proof(ana: PasskeyUser, change: Change) -> None:
    """Each change of an assertion is refused."""
    await ana.register()
    asked = await ana.begin()
    true = await ana.assertion(asked)
    false = deepcopy(true)
    change(false)
    assert await ana.not_proven(asked, false) == UNPROVEN
    assert await ana.not_proven(asked, true) == USED, "a second attempt is refused"
    assert "AccessToken" in await ana.signs_in()


async def test_properly_signed_and_false_all_the_same(ana: PasskeyUser) -> None:
    """Where the authenticator itself lies, the signature holds; what it signed is judged."""
    await ana.register()
    for name, value in (("origin", "https://evil.example"), ("origin", "http://app.example.com")):
        before = getattr(ana.authenticator, name)
        setattr(ana.authenticator, name, value)
        asked = await ana.begin()
        assert await ana.not_proven(asked, await ana.assertion(asked)) == UNPROVEN
        setattr(ana.authenticator, name, before)
    for member, value in (("rpId", "app.example.com"), ("challenge", encode(bytes(32)))):
        asked = await ana.begin()
        options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        credential = await ana.authenticator.get({**options, member: value})
        assert await ana.not_proven(asked, credential) == UNPROVEN
    assert "AccessToken" in await ana.signs_in()


@pytest.mark.parametrize("back", [0, 1, 3])
async def test_a_counter_that_does_not_move_on(ana: PasskeyUser, back: int) -> None:
    await ana.register()
    for _ in range(3):
        await ana.signs_in()
    ana.authenticator.count -= back + 1  # it counts on before it signs
    asked = await ana.begin()
    assert await ana.not_proven(asked, await ana.assertion(asked)) == UNPROVEN
    ana.authenticator.count = 3
    assert "AccessToken" in await ana.signs_in()


async def test_authenticators_that_do_not_count(ana: PasskeyUser) -> None:
    await ana.register()
    for _ in range(2):
        ana.authenticator.count = -1
        assert "AccessToken" in await ana.signs_in()


async def test_a_proof_without_a_user_handle(ana: PasskeyUser) -> None:
    await ana.register()
    asked = await ana.begin()
    credential = await ana.assertion(asked)
    del credential["response"]["userHandle"]
    assert "AuthenticationResult" in await ana.prove(asked, credential)


async def test_another_users_passkey(ana: PasskeyUser) -> None:
    """A passkey signs in only its own user."""
    ben = await passkey_user(ana.api, "ben")
    await ana.register()
    await ben.register()
    for_ana, for_ben = await ana.begin(), await ben.begin()
    assert await ana.not_proven(for_ana, await ben.assertion(for_ben)) == UNPROVEN
    options = json.loads(for_ben["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    known = json.loads((await ana.begin())["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    known["challenge"] = options["challenge"]
    assert await ben.not_proven(for_ben, await ana.authenticator.get(known)) == UNPROVEN


async def test_handles_are_for_one_answer_of_one_user_and_expire(ana: PasskeyUser) -> None:
    await passkey_user(ana.api, "ben")
    await ana.register()
    asked = await ana.begin()
    credential = await ana.assertion(asked)
    assert await ana.not_proven(asked, credential, "ben") == INVALID
    assert await ana.not_proven({**asked, "ChallengeName": "SOFTWARE_TOKEN_MFA"}, credential) == INVALID
    with pytest.raises(Refused, match="Missing required parameter CREDENTIAL"):
        await ana.api.respond(asked, "ana")
    assert "AuthenticationResult" in await ana.prove(asked, credential)
    assert await ana.not_proven(asked, credential) == USED
    asked = await ana.begin()
    credential = await ana.assertion(asked)
    ana.api.advance(180)
    assert await ana.not_proven(asked, credential) == LATE


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "1", "null", '"x"', "[" * 100_000], ids=lambda text: text[:8]
)
async def test_texts_that_are_not_json(ana: PasskeyUser, text: str) -> None:
    await ana.register()
    asked = await ana.begin()
    with pytest.raises(Refused) as refusal:
        await ana.api.respond(asked, CREDENTIAL=text)
    missing = ("InvalidParameterException", "Missing required parameter CREDENTIAL")
    assert (refusal.value.code, refusal.value.message) == (UNPROVEN if text else missing)


async def test_the_password_still_works(ana: PasskeyUser) -> None:
    await ana.register()
    assert "AuthenticationResult" in await ana.api.begin(password=PASSWORD)


async def test_nothing_secret_is_shown(ana: PasskeyUser) -> None:
    credential = await ana.register()
    user = ana.api.pool.users.find("ana")
    assert user is not None
    options = await ana.options()
    assert options["challenge"] not in repr(user.registration)
    assert "data" not in repr(user.passkeys[credential["id"]])
