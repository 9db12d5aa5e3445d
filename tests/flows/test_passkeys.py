"""A user's passkeys: registered with options and a credential, listed and deleted."""

from __future__ import annotations

import json
import types
from datetime import UTC, datetime
from typing import Any

import pytest

from aiocognito import AuthClient, errors
from aiocognito._models import WebAuthnCredential
from helpers.user_pool import ScriptedService, refusal, scripted_client, signed_in

START, COMPLETE = "StartWebAuthnRegistration", "CompleteWebAuthnRegistration"
LIST, DELETE = "ListWebAuthnCredentials", "DeleteWebAuthnCredential"
OPTIONS: dict[str, Any] = {
    "challenge": "Y2hhbGxlbmdl",
    "rp": {"id": "example.com", "name": "example.com"},
    "user": {"id": "dXNlcg", "name": "ana", "displayName": "ana"},
    "pubKeyCredParams": [{"alg": -7, "type": "public-key"}],
    "timeout": 60000,
}
CREDENTIAL: dict[str, Any] = {
    "id": "a",
    "rawId": "a",
    "type": "public-key",
    "clientExtensionResults": {},
    "response": {"clientDataJSON": "e30", "attestationObject": "oA", "transports": ["internal"]},
}


async def token_of(client: AuthClient, service: ScriptedService) -> str:
    """Sign in and return the access token."""
    await signed_in(client, service)
    tokens = (await client.fetch_auth_session()).tokens
    assert tokens is not None
    return tokens.access_token.token


async def test_the_options_go_to_the_browser_as_they_came() -> None:
    async with scripted_client() as (client, service, _):
        token = await token_of(client, service)
        service.answer(START, {"CredentialCreationOptions": OPTIONS})
        options = await client.start_web_authn_registration()
        assert options == OPTIONS
        assert json.loads(json.dumps(options)) == OPTIONS
        assert service.calls == [(START, {"AccessToken": token})]


@pytest.mark.parametrize("missing", ["challenge", "user", "rp", "pubKeyCredParams", "all"])
async def test_7_1_options_that_lack_what_a_browser_needs_are_refused_by_name(missing: str) -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        options = {} if missing == "all" else {k: v for k, v in OPTIONS.items() if k != missing}
        service.answer(START, {"CredentialCreationOptions": options})
        expected = "challenge, user, rp, pubKeyCredParams" if missing == "all" else missing
        with pytest.raises(errors.InvalidPasskeyRegistrationOptions, match=f"lack {expected}$"):
            await client.start_web_authn_registration()


async def test_an_answer_without_options_lacks_them_all() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        with pytest.raises(errors.InvalidPasskeyRegistrationOptions):
            await client.start_web_authn_registration()


@pytest.mark.parametrize(
    "credential", [CREDENTIAL, types.MappingProxyType(CREDENTIAL), json.dumps(CREDENTIAL)]
)
async def test_the_credential_may_be_a_mapping_or_text_and_is_sent_as_an_object(credential: Any) -> None:
    async with scripted_client() as (client, service, _):
        token = await token_of(client, service)
        result = await client.complete_web_authn_registration(credential)  # type: ignore[func-returns-value]  # None
        assert result is None
        assert service.calls == [(COMPLETE, {"AccessToken": token, "Credential": CREDENTIAL})]


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "",
        "no json",
        "[]",
        '"text"',
        {},
        "{}",
        7,
        b"{}",
        [CREDENTIAL],
        {"response": b"bytes"},
        {"response": {"nested": object()}},
        {"timeout": float("inf")},
    ],
)
async def test_a_malformed_credential_is_refused_before_anything_is_sent(credential: Any) -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        with pytest.raises(errors.AuthValidationError, match="credential"):
            await client.complete_web_authn_registration(credential)
        assert service.calls == []


async def test_registration_in_one_go_asks_the_browser_in_between() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(START, {"CredentialCreationOptions": OPTIONS})
        asked: list[dict[str, Any]] = []

        async def ceremony(options: dict[str, Any]) -> dict[str, Any]:
            asked.append(options)
            return CREDENTIAL

        await client.associate_web_authn_credential(ceremony)
        assert asked == [OPTIONS]
        assert service.operations() == [START, COMPLETE]


async def test_a_ceremony_that_was_cancelled_completes_nothing() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(START, {"CredentialCreationOptions": OPTIONS})

        async def ceremony(_: dict[str, Any]) -> dict[str, Any]:
            raise RuntimeError("the user walked away")

        with pytest.raises(RuntimeError, match="walked away"):
            await client.associate_web_authn_credential(ceremony)
        assert service.operations() == [START]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (START, "WebAuthnNotEnabledException"),
        (START, "WebAuthnConfigurationMissingException"),
        (COMPLETE, "WebAuthnChallengeNotFoundException"),
        (COMPLETE, "WebAuthnOriginNotAllowedException"),
        (COMPLETE, "WebAuthnRelyingPartyMismatchException"),
        (LIST, "NotAuthorizedException"),
        (DELETE, "ResourceNotFoundException"),
    ],
)
async def test_refusals_are_of_their_code_and_of_their_operation(operation: str, code: str) -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(operation, refusal(operation, code))
        calls: dict[str, Any] = {
            START: client.start_web_authn_registration,
            COMPLETE: lambda: client.complete_web_authn_registration(CREDENTIAL),
            LIST: client.list_web_authn_credentials,
            DELETE: lambda: client.delete_web_authn_credential("a"),
        }
        with pytest.raises(getattr(errors, code)) as caught:
            await calls[operation]()
        assert isinstance(caught.value, getattr(errors, f"{operation}Exception"))


async def test_every_page_is_listed() -> None:
    """Amplify leaves the pages to the caller."""
    entry = {
        "CredentialId": "a",
        "FriendlyCredentialName": "phone",
        "RelyingPartyId": "example.com",
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["internal", "hybrid"],
        "CreatedAt": 1715100742.022,
    }
    async with scripted_client() as (client, service, _):
        token = await token_of(client, service)
        service.answer(
            LIST,
            {"Credentials": [entry], "NextToken": "more"},
            {"Credentials": [{"CredentialId": "b", "CreatedAt": None}]},
        )
        assert await client.list_web_authn_credentials() == [
            WebAuthnCredential(
                credential_id="a",
                friendly_credential_name="phone",
                relying_party_id="example.com",
                authenticator_attachment="platform",
                authenticator_transports=["internal", "hybrid"],
                created_at=datetime(2024, 5, 7, 16, 52, 22, 22000, tzinfo=UTC),
            ),
            WebAuthnCredential("b"),
        ]
        assert service.calls == [
            (LIST, {"AccessToken": token, "MaxResults": 20}),
            (LIST, {"AccessToken": token, "MaxResults": 20, "NextToken": "more"}),
        ]


async def test_a_new_user_has_no_passkeys() -> None:
    async with scripted_client() as (client, service, _):
        await signed_in(client, service)
        service.answer(LIST, {"Credentials": []})
        assert await client.list_web_authn_credentials() == []


async def test_a_passkey_is_deleted_by_its_id() -> None:
    async with scripted_client() as (client, service, _):
        token = await token_of(client, service)
        await client.delete_web_authn_credential("a")
        assert service.calls == [(DELETE, {"AccessToken": token, "CredentialId": "a"})]
        for nothing in ("", None):
            with pytest.raises(errors.AuthValidationError, match="credential_id"):
                await client.delete_web_authn_credential(nothing)  # type: ignore[arg-type]  # wrong on purpose


async def test_each_method_needs_a_signed_in_user() -> None:
    async with scripted_client() as (client, service, _):
        for call in (
            client.start_web_authn_registration(),
            client.complete_web_authn_registration(CREDENTIAL),
            client.list_web_authn_credentials(),
            client.delete_web_authn_credential("a"),
        ):
            with pytest.raises(errors.UserUnAuthenticatedException):
                await call
        assert service.calls == []
