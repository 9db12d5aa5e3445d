"""Passkeys: registered by a signed-in user, listed and deleted; every invalid credential is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aiocognito import AuthClient, errors, steps
from aiocognito.emulator import CognitoEmulator
from sign_in.authenticator import Authenticator, decode, encode

PASSWORD = "Correct-Horse-7"
POLICIES = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}


async def signed_in(emulator: CognitoEmulator, **web_authn: Any) -> tuple[Any, AuthClient]:
    configuration = {"RelyingPartyId": "example.com", **web_authn}
    pool = await emulator.create_user_pool(Policies=POLICIES, WebAuthnConfiguration=configuration)
    await pool.add_user("ana", PASSWORD)
    auth = AuthClient(pool.config, clock=emulator.clock)
    await auth.sign_in("ana", PASSWORD)
    return pool, auth


async def test_a_passkey_is_registered_listed_and_deleted() -> None:
    async with CognitoEmulator() as emulator:
        _, auth = await signed_in(emulator)
        async with auth:
            authenticator = Authenticator()
            assert await auth.list_web_authn_credentials() == []
            options = await auth.start_web_authn_registration()
            assert options["rp"] == {"id": "example.com", "name": "example.com"}
            assert options["user"]["name"] == "ana"
            assert decode(options["user"]["id"]).decode() == (await auth.get_current_user()).user_id
            credential = await authenticator.create(options)
            await auth.complete_web_authn_registration(credential)
            (passkey,) = await auth.list_web_authn_credentials()
            assert passkey.credential_id == credential["id"]
            assert passkey.relying_party_id == "example.com"
            assert passkey.authenticator_transports == ["internal"]
            assert passkey.created_at is not None
            assert abs(passkey.created_at.timestamp() - emulator.clock()) < 60
            await auth.associate_web_authn_credential(authenticator.create)
            assert len(await auth.list_web_authn_credentials()) == 2
            again = await auth.start_web_authn_registration()
            assert {entry["id"] for entry in again["excludeCredentials"]} >= {credential["id"]}
            await auth.delete_web_authn_credential(credential["id"])
            assert len(await auth.list_web_authn_credentials()) == 1
            with pytest.raises(errors.ResourceNotFoundException):
                await auth.delete_web_authn_credential(credential["id"])


async def test_every_page_of_passkeys_is_listed_and_twenty_are_the_most() -> None:
    async with CognitoEmulator() as emulator:
        _, auth = await signed_in(emulator)
        async with auth:
            authenticator = Authenticator()
            for _ in range(20):
                await auth.associate_web_authn_credential(authenticator.create)
            listed = await auth.list_web_authn_credentials()
            assert len({passkey.credential_id for passkey in listed}) == 20
            with pytest.raises(errors.LimitExceededException):
                await auth.start_web_authn_registration()


Forgery = Callable[[dict[str, Any], Authenticator], None]


def _other_challenge(options: dict[str, Any], _: Authenticator) -> None:
    options["challenge"] = encode(b"another challenge of 32 bytes ..")


def _other_party(options: dict[str, Any], _: Authenticator) -> None:
    options["rp"] = {"id": "evil.example", "name": "evil"}


def _other_origin(_: dict[str, Any], authenticator: Authenticator) -> None:
    authenticator.origin = "https://evil.example"


def _plain_http(_: dict[str, Any], authenticator: Authenticator) -> None:
    authenticator.origin = "http://example.com"


@pytest.mark.parametrize(
    ("forge", "error"),
    [
        (_other_challenge, errors.WebAuthnChallengeNotFoundException),
        (_other_party, errors.WebAuthnRelyingPartyMismatchException),
        (_other_origin, errors.WebAuthnOriginNotAllowedException),
        (_plain_http, errors.WebAuthnOriginNotAllowedException),
    ],
)
async def test_a_false_registration_is_refused(forge: Forgery, error: type[errors.ServiceError]) -> None:
    async with CognitoEmulator() as emulator:
        _, auth = await signed_in(emulator)
        async with auth:
            authenticator = Authenticator()
            options = await auth.start_web_authn_registration()
            forge(options, authenticator)
            credential = await authenticator.create(options)
            with pytest.raises(error) as caught:
                await auth.complete_web_authn_registration(credential)
            assert isinstance(caught.value, errors.CompleteWebAuthnRegistrationException)
            assert await auth.list_web_authn_credentials() == []


async def test_a_registration_is_answered_once_and_in_time() -> None:
    async with CognitoEmulator() as emulator:
        _, auth = await signed_in(emulator)
        async with auth:
            authenticator = Authenticator()
            with pytest.raises(errors.WebAuthnChallengeNotFoundException):
                await auth.complete_web_authn_registration({"id": "x"})
            options = await auth.start_web_authn_registration()
            credential = await authenticator.create(options)
            emulator.clock.advance(61)
            with pytest.raises(errors.WebAuthnChallengeNotFoundException):
                await auth.complete_web_authn_registration(credential)
            credential = await authenticator.create(await auth.start_web_authn_registration())
            await auth.complete_web_authn_registration(credential)
            with pytest.raises(errors.WebAuthnChallengeNotFoundException):
                await auth.complete_web_authn_registration(credential)


async def test_a_malformed_credential_and_an_unverified_user_are_refused() -> None:
    async with CognitoEmulator() as emulator:
        _, auth = await signed_in(emulator, UserVerification="required")
        async with auth:
            authenticator = Authenticator()
            for broken in ({"id": "x"}, {"response": {"clientDataJSON": "e30"}}):
                await auth.start_web_authn_registration()
                with pytest.raises(errors.ServiceError):
                    await auth.complete_web_authn_registration(broken)
            authenticator.verifies_user = False
            credential = await authenticator.create(await auth.start_web_authn_registration())
            with pytest.raises(errors.InvalidParameterException):
                await auth.complete_web_authn_registration(credential)


async def test_pools_without_passkeys_or_a_relying_party_say_so() -> None:
    async with CognitoEmulator() as emulator:
        cases: tuple[tuple[dict[str, Any], type[errors.AuthError]], ...] = (
            ({}, errors.WebAuthnNotEnabledException),
            ({"Policies": POLICIES}, errors.WebAuthnConfigurationMissingException),
        )
        for settings, error in cases:
            pool = await emulator.create_user_pool(**settings)
            await pool.add_user("ana", PASSWORD)
            async with AuthClient(pool.config, clock=emulator.clock) as auth:
                await auth.sign_in("ana", PASSWORD)
                with pytest.raises(error):
                    await auth.start_web_authn_registration()


async def registered(emulator: CognitoEmulator, authenticator: Authenticator) -> AuthClient:
    """A signed-out user with a passkey."""
    pool, auth = await signed_in(emulator)
    await pool.add_user("ben", PASSWORD)
    await auth.associate_web_authn_credential(authenticator.create)
    await auth.sign_out()
    return auth


async def asked(auth: AuthClient, **arguments: Any) -> dict[str, Any]:
    result = await auth.sign_in(
        "ana", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN", **arguments
    )
    assert isinstance(result.next_step, steps.ConfirmSignInWithWebAuthn)
    return dict(result.next_step.credential_request_options)


@pytest.mark.parametrize("as_text", [False, True])
async def test_a_passkey_signs_in(as_text: bool) -> None:
    async with CognitoEmulator() as emulator:
        authenticator = Authenticator()
        async with await registered(emulator, authenticator) as auth:
            options = await asked(auth)
            assert options["rpId"] == "example.com"
            credential = await authenticator.get(options)
            result = await auth.confirm_sign_in(json.dumps(credential) if as_text else credential)
            assert result.is_signed_in
            assert (await auth.get_current_user()).username == "ana"


async def test_a_passkey_is_one_of_the_first_factors() -> None:
    async with CognitoEmulator() as emulator:
        authenticator = Authenticator()
        async with await registered(emulator, authenticator) as auth:
            result = await auth.sign_in("ana", auth_flow_type="USER_AUTH")
            assert isinstance(result.next_step, steps.ContinueSignInWithFirstFactorSelection)
            assert "WEB_AUTHN" in result.next_step.available_challenges
            result = await auth.confirm_sign_in("WEB_AUTHN")
            assert isinstance(result.next_step, steps.ConfirmSignInWithWebAuthn)
            credential = await authenticator.get(dict(result.next_step.credential_request_options))
            assert (await auth.confirm_sign_in(credential)).is_signed_in
            await auth.sign_out()
            other = await auth.sign_in("ben", auth_flow_type="USER_AUTH", preferred_challenge="WEB_AUTHN")
            assert isinstance(other.next_step, steps.ContinueSignInWithFirstFactorSelection)
            assert "WEB_AUTHN" not in other.next_step.available_challenges


def _replayed_counter(_: dict[str, Any], authenticator: Authenticator) -> None:
    authenticator.count -= 1


def _request_of_another_party(options: dict[str, Any], _: Authenticator) -> None:
    options["rpId"] = "evil.example"


@pytest.mark.parametrize(
    "forge", [_other_challenge, _other_origin, _plain_http, _replayed_counter, _request_of_another_party]
)
async def test_a_false_assertion_is_refused(forge: Forgery) -> None:
    async with CognitoEmulator() as emulator:
        authenticator = Authenticator()
        async with await registered(emulator, authenticator) as auth:
            assert (await auth.confirm_sign_in(await authenticator.get(await asked(auth)))).is_signed_in
            await auth.sign_out()
            options = await asked(auth)
            forge(options, authenticator)
            credential = await authenticator.get(options)
            with pytest.raises(errors.NotAuthorizedException) as caught:
                await auth.confirm_sign_in(credential)
            assert isinstance(caught.value, errors.RespondToAuthChallengeException)
            assert (await auth.fetch_auth_session()).tokens is None


async def test_a_changed_signature_is_refused() -> None:
    async with CognitoEmulator() as emulator:
        authenticator = Authenticator()
        async with await registered(emulator, authenticator) as auth:
            credential = await authenticator.get(await asked(auth))
            signature = bytearray(decode(credential["response"]["signature"]))
            signature[-1] ^= 1
            credential["response"]["signature"] = encode(bytes(signature))
            with pytest.raises(errors.NotAuthorizedException):
                await auth.confirm_sign_in(credential)
