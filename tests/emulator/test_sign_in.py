"""Signing in with a password, in the clear and over SRP (InitiateAuth, RespondToAuthChallenge)."""

from __future__ import annotations

import base64
from typing import Any

import attrs
import pytest

from aiocognito import _srp as srp
from aiocognito.emulator import Assumptions
from aiocognito.emulator.auth.srp_proof import parse_timestamp
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, Api, Refused, claims

WRONG = ("NotAuthorizedException", "Incorrect username or password.")
LOCKED = ("NotAuthorizedException", "Password attempts exceeded")
WAYS = ("in the clear", "over SRP")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


async def sign_in(api: Api, way: str, name: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
    return await (api.srp(name, password) if way == "over SRP" else api.begin(name=name, password=password))


async def refused(api: Api, way: str, name: str = "ana", password: str = PASSWORD) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        await sign_in(api, way, name, password)
    return refusal.value.code, refusal.value.message


async def initiate(api: Api, flow: str, **parameters: str) -> tuple[str, str]:
    return await api.refused("InitiateAuth", ClientId=api.client_id, AuthFlow=flow, AuthParameters=parameters)


async def test_tokens(api: Api, way: str) -> None:
    """A sign-in returns three tokens, and when they expire."""
    await api.add_user()
    answer = await sign_in(api, way)
    assert answer["ChallengeParameters"] == {}
    result = answer["AuthenticationResult"]
    assert result["TokenType"] == "Bearer"
    assert result["ExpiresIn"] == 3600
    assert claims(result["AccessToken"])["username"] == "ana"
    assert "Session" not in answer


async def test_wrong_password(api: Api, way: str) -> None:
    """A wrong password is refused, and the right one is accepted afterwards."""
    await api.add_user()
    assert await refused(api, way, password=NEW_PASSWORD) == WRONG
    assert "AuthenticationResult" in await sign_in(api, way)


async def test_unknown_users_are_reported(api: Api, way: str) -> None:
    assert await refused(api, way, "unknown") == ("UserNotFoundException", "User does not exist.")


async def test_unknown_users_are_hidden(empty_api: Api, way: str) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    assert await refused(empty_api, way, "unknown") == WRONG


async def test_unknown_users_are_locked_out_as_users_are(empty_api: Api, way: str) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await empty_api.add_user()
    for name in ("ana", "unknown"):
        for _ in range(5):
            assert await refused(empty_api, way, name, NEW_PASSWORD) == WRONG
        assert await refused(empty_api, way, name, NEW_PASSWORD) == LOCKED


async def test_the_amount_of_work_does_not_reveal_users(
    empty_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    await empty_api.add_user()
    (await empty_api.add_user("without")).secret = None
    done: list[str] = []
    work = srp.run

    async def counted(function: Any, *given: Any) -> Any:
        done.append(function.__name__)
        return await work(function, *given)

    monkeypatch.setattr(srp, "run", counted)
    for name in ("ana", "without", "unknown"):
        for _ in range(5):
            assert await refused(empty_api, "password", name, NEW_PASSWORD) == WRONG
        assert len(done) == 5, name
        assert await refused(empty_api, "password", name, NEW_PASSWORD) == LOCKED
        assert len(done) == 5, name
        done.clear()


async def test_states_that_refuse(api: Api, way: str) -> None:
    """Each state of a user that refuses a sign-in has its own error."""
    user = await api.add_user()
    await api.admin("AdminDisableUser")
    assert await refused(api, way) == ("NotAuthorizedException", "User is disabled.")
    assert await refused(api, way, password=NEW_PASSWORD) == WRONG
    await api.admin("AdminEnableUser")
    user.status = "UNCONFIRMED"
    unconfirmed = ("UserNotConfirmedException", "User is not confirmed.")
    assert await refused(api, way) == unconfirmed
    # Measured: before the password, where the password itself is sent.
    clear = way != "over SRP"
    assert await refused(api, way, password=NEW_PASSWORD) == (unconfirmed if clear else WRONG)
    user.status = "RESET_REQUIRED"
    reset = ("PasswordResetRequiredException", "Password reset required for the user")
    assert await refused(api, way) == reset
    assert await refused(api, way, password=NEW_PASSWORD) == reset


async def test_the_order_of_checks_can_be_believed_otherwise(api: Api) -> None:
    api.state.assumptions = Assumptions(
        disabled_before_password=True, unconfirmed_before_password=False, reset_required_before_password=False
    )
    user = await api.add_user(status="UNCONFIRMED")
    assert await refused(api, "in the clear", password=NEW_PASSWORD) == WRONG
    user.enabled = False
    assert await refused(api, "in the clear", password=NEW_PASSWORD) == (
        "NotAuthorizedException",
        "User is disabled.",
    )
    user.enabled, user.status = True, "RESET_REQUIRED"
    assert await refused(api, "in the clear", password=NEW_PASSWORD) == WRONG


async def test_a_user_without_password(empty_api: Api, way: str) -> None:
    factors = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}
    await empty_api.make_pool(Policies={"SignInPolicy": factors})
    await empty_api.admin("AdminCreateUser", UserAttributes=[{"Name": "email", "Value": EMAIL}])
    assert (await empty_api.admin("AdminGetUser"))["UserStatus"] == "CONFIRMED"
    assert empty_api.state.outbox.messages == []
    assert await refused(empty_api, way) == WRONG


# The lock-out


async def test_five_wrong_passwords_lock_for_a_second_then_two(api: Api, way: str) -> None:
    await api.add_user()
    for _ in range(5):
        assert await refused(api, way, password=NEW_PASSWORD) == WRONG
    assert await refused(api, way) == LOCKED
    api.advance(1)
    assert await refused(api, way, password=NEW_PASSWORD) == WRONG
    api.advance(1)
    assert await refused(api, way) == LOCKED
    api.advance(1)
    await sign_in(api, way)
    assert await refused(api, way, password=NEW_PASSWORD) == WRONG
    await sign_in(api, way)


async def test_the_longest_lock_and_the_quiet_that_ends_it(api: Api) -> None:
    user = await api.add_user()
    for _ in range(40):
        assert await refused(api, "in the clear", password=NEW_PASSWORD) == WRONG
        api.advance(max(0, user.lockout.until - api.state.clock()))
    api.advance(-1)
    assert await refused(api, "in the clear") == LOCKED
    api.advance(1 + 899)
    assert await refused(api, "in the clear", password=NEW_PASSWORD) == WRONG
    assert user.lockout.failures == 41
    api.advance(2 * 900)
    assert await refused(api, "in the clear", password=NEW_PASSWORD) == WRONG
    assert user.lockout.failures == 1


# Parameters and configuration


@pytest.mark.parametrize(
    ("flow", "parameters", "missing"),
    [
        ("USER_PASSWORD_AUTH", {}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "ana"}, "PASSWORD"),
        ("USER_SRP_AUTH", {"USERNAME": "ana"}, "SRP_A"),
        ("REFRESH_TOKEN_AUTH", {}, "REFRESH_TOKEN"),
    ],
)
async def test_missing_parameters(api: Api, flow: str, parameters: dict[str, str], missing: str) -> None:
    """A missing parameter is named."""
    await api.add_user()
    refusal = await initiate(api, flow, **parameters)
    assert refusal == ("InvalidParameterException", f"Missing required parameter {missing}")


@pytest.mark.parametrize(
    ("flow", "text"),
    [
        ("USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
        ("USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
        ("REFRESH_TOKEN_AUTH", "Refresh Token flow not enabled for this client"),
        ("REFRESH_TOKEN", "Refresh Token flow not enabled for this client"),
        ("USER_AUTH", "USER_AUTH flow not enabled for this client"),
    ],
)
async def test_flows_that_are_off(empty_api: Api, flow: str, text: str) -> None:
    await empty_api.make_pool(client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]})
    assert await initiate(empty_api, flow, USERNAME="ana") == ("InvalidParameterException", text)


async def test_flows_without_triggers(empty_api: Api) -> None:
    """Flows that need triggers are refused without them."""
    await empty_api.make_pool(client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]})
    assert await initiate(empty_api, "CUSTOM_AUTH", USERNAME="ana") == (
        "InvalidParameterException",
        "Custom auth lambda trigger is not configured for the user pool.",
    )


async def test_custom_auth_may_be_off(empty_api: Api) -> None:
    await empty_api.make_pool(client={"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]})
    assert await initiate(empty_api, "CUSTOM_AUTH", USERNAME="ana") == (
        "InvalidParameterException",
        "CUSTOM_AUTH flow not enabled for this client",
    )


async def test_the_default_flows(empty_api: Api) -> None:
    """A client without ExplicitAuthFlows has Cognito's default flows."""
    await empty_api.make_pool(client={"ExplicitAuthFlows": []})
    await empty_api.add_user()
    assert "AuthenticationResult" in await empty_api.srp()
    assert (await initiate(empty_api, "USER_PASSWORD_AUTH", USERNAME="ana", PASSWORD=PASSWORD))[0] == (
        "InvalidParameterException"
    )


@pytest.mark.parametrize(
    ("flows", "permitted"),
    [
        (["USER_PASSWORD_AUTH"], {"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
        (["ADMIN_NO_SRP_AUTH"], {"ADMIN_USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH"}),
        (["CUSTOM_AUTH_FLOW_ONLY"], {"CUSTOM_AUTH", "REFRESH_TOKEN_AUTH"}),
    ],
)
async def test_flows_by_their_older_names(empty_api: Api, flows: list[str], permitted: set[str]) -> None:
    pool = await empty_api.make_pool(client={"ExplicitAuthFlows": flows})
    client = pool.clients[empty_api.client_id]
    names = {
        "USER_PASSWORD_AUTH",
        "ADMIN_USER_PASSWORD_AUTH",
        "USER_SRP_AUTH",
        "CUSTOM_AUTH",
        "REFRESH_TOKEN_AUTH",
    }
    assert {name for name in names if client.permits(name)} == permitted


async def test_an_administrators_flow_is_for_administrators(api: Api) -> None:
    await api.add_user()
    refusal = await initiate(api, "ADMIN_USER_PASSWORD_AUTH", USERNAME="ana", PASSWORD=PASSWORD)
    assert refusal == ("InvalidParameterException", "Initiate Auth method not supported.")


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
async def test_an_administrators_sign_in(api: Api, flow: str) -> None:
    await api.add_user()
    members = {
        "UserPoolId": api.pool_id,
        "ClientId": api.client_id,
        "AuthFlow": flow,
        "AuthParameters": {"USERNAME": "ana", "PASSWORD": PASSWORD},
    }
    assert "AccessToken" in (await api("AdminInitiateAuth", **members))["AuthenticationResult"]
    api.pool.clients[api.client_id].settings["ExplicitAuthFlows"] = ["ALLOW_USER_SRP_AUTH"]
    refusal = await api.refused("AdminInitiateAuth", **members)
    assert refusal == ("InvalidParameterException", "Auth flow not enabled for this client")


async def test_the_client_must_be_the_pools(api: Api) -> None:
    first = api.pool_id
    await api.make_pool()
    members = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "ClientId": api.client_id}
    refusal = await api.refused("AdminInitiateAuth", UserPoolId=first, **members)
    assert refusal == ("ResourceNotFoundException", f"User pool client {api.client_id} does not exist.")
    refusal = await api.refused("AdminInitiateAuth", UserPoolId="us-east-1_none", **members)
    assert refusal == ("ResourceNotFoundException", "User pool us-east-1_none does not exist.")


# Secrets


async def test_secret_hashes(empty_api: Api) -> None:
    """A client with a secret has to prove it."""
    await empty_api.make_pool(client={"GenerateSecret": True})
    user = await empty_api.add_user()
    missing = f"Client {empty_api.client_id} is configured with secret but SECRET_HASH was not received"
    bad = f"Unable to verify secret hash for client {empty_api.client_id}"
    given = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    assert await initiate(empty_api, "USER_PASSWORD_AUTH", **given) == ("NotAuthorizedException", missing)
    wrong = {**given, "SECRET_HASH": empty_api.hash("ben")}
    assert await initiate(empty_api, "USER_PASSWORD_AUTH", **wrong) == ("NotAuthorizedException", bad)
    assert "AuthenticationResult" in await empty_api.begin(SECRET_HASH=empty_api.hash("ana"))

    ephemeral, challenged = await empty_api.srp_begin(SECRET_HASH=empty_api.hash("ana"))
    proof = empty_api.proof(ephemeral, challenged)
    with pytest.raises(Refused, match="SECRET_HASH was not received"):
        await empty_api.respond(challenged, **proof)
    with pytest.raises(Refused, match="Unable to verify"):
        await empty_api.respond(challenged, **proof, SECRET_HASH=empty_api.hash("ben"))
    # Over the name of this request, which may be another one of the same person's.
    answer = await empty_api.respond(challenged, user.sub, **proof, SECRET_HASH=empty_api.hash(user.sub))
    assert "AuthenticationResult" in answer


# SRP


async def test_values_as_java_prints_them(api: Api) -> None:
    """Without leading zeros, so of odd length now and then; opaque blocks of over a thousand characters."""
    await api.add_user()
    for _ in range(60):
        _ephemeral, challenged = await api.srp_begin()
        given = challenged["ChallengeParameters"]
        assert given["USERNAME"] == given["USER_ID_FOR_SRP"] == "ana"
        for name in ("SALT", "SRP_B"):
            assert f"{int(given[name], 16):x}" == given[name]
        assert len(base64.b64decode(given["SECRET_BLOCK"], validate=True)) == 900
        assert "Session" not in challenged


async def test_salts_and_blocks_are_fresh(api: Api) -> None:
    first, second = await api.add_user(), await api.add_user("ben")
    assert first.secret is not None
    assert second.secret is not None
    assert first.secret.salt != second.secret.salt
    blocks = {(await api.srp_begin())[1]["ChallengeParameters"]["SECRET_BLOCK"] for _ in range(3)}
    assert len(blocks) == 3


@pytest.mark.parametrize("salt", [1, 0x7F, 0x80, 0xFFF, (1 << 127) - 1, 1 << 127, (1 << 128) - 1])
async def test_salts_of_every_length(api: Api, salt: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leading zeros and set sign bits are where paddings differ: the client's arithmetic agrees on all."""
    monkeypatch.setattr("aiocognito.emulator.srp_server.secrets.randbits", lambda _bits: salt)
    await api.add_user()
    assert api.pool.users.find("ana").secret.salt == salt  # type: ignore[union-attr]  # the test has made it
    assert "AuthenticationResult" in await api.srp()


async def test_an_alias_gets_the_immutable_name(empty_api: Api) -> None:
    await empty_api.make_pool(UsernameAttributes=["email"])
    user = await empty_api.add_user(EMAIL)
    ephemeral, challenged = await empty_api.srp_begin(EMAIL)
    given = challenged["ChallengeParameters"]
    assert given["USERNAME"] == given["USER_ID_FOR_SRP"] == user.sub
    proof = empty_api.proof(ephemeral, challenged)
    assert "AuthenticationResult" in await empty_api.respond(challenged, EMAIL, **proof)


async def test_a_proof_serves_once(api: Api) -> None:
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    proof = api.proof(ephemeral, challenged)
    await api.respond(challenged, **proof)
    with pytest.raises(Refused, match="Incorrect username or password"):
        await api.respond(challenged, **proof)


async def test_a_wrong_proof_spends_the_block(api: Api) -> None:
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    for password in (NEW_PASSWORD, PASSWORD):
        with pytest.raises(Refused, match="Incorrect username or password"):
            await api.respond(challenged, **api.proof(ephemeral, challenged, password))


async def test_a_block_is_for_its_user_client_and_time(api: Api) -> None:
    await api.add_user()
    await api.add_user("ben")
    ephemeral, challenged = await api.srp_begin()
    proof = api.proof(ephemeral, challenged)
    with pytest.raises(Refused, match="Incorrect"):
        await api.respond(challenged, "ben", **proof)
    other = await api("CreateUserPoolClient", UserPoolId=api.pool_id, ClientName="other")
    own, api.client_id = api.client_id, other["UserPoolClient"]["ClientId"]
    with pytest.raises(Refused, match="Incorrect"):
        await api.respond(challenged, **proof)
    api.client_id = own
    api.advance(180)
    with pytest.raises(Refused, match="Incorrect"):
        await api.respond(challenged, **api.proof(ephemeral, challenged))
    with pytest.raises(Refused, match="Incorrect"):
        await api.respond(challenged, **{**proof, "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA"})


@pytest.mark.parametrize("name", ["PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"])
async def test_all_parts_of_a_proof_are_needed(api: Api, name: str) -> None:
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    proof = api.proof(ephemeral, challenged)
    part = proof.pop(name)
    with pytest.raises(Refused, match=f"Missing required parameter {name}"):
        await api.respond(challenged, **proof)
    assert "AuthenticationResult" in await api.respond(challenged, **proof, **{name: part})


@pytest.mark.parametrize("signature", ["AAAA", "not base64!", "AAAAA"])
async def test_signatures_that_cannot_be(api: Api, signature: str) -> None:
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    proof = {**api.proof(ephemeral, challenged), "PASSWORD_CLAIM_SIGNATURE": signature}
    with pytest.raises(Refused, match="Incorrect username or password"):
        await api.respond(challenged, **proof)


@pytest.mark.parametrize("skew", [-301, 301])
async def test_a_timestamp_that_is_off(api: Api, skew: int) -> None:
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    late = srp.timestamp(api.state.clock() + skew)
    with pytest.raises(Refused, match="Incorrect username or password"):
        await api.respond(challenged, **api.proof(ephemeral, challenged, timestamp=late))


async def test_a_client_whose_clock_was_not_advanced(api: Api) -> None:
    """Another program's clock cannot be set: its real time does, too."""
    await api.add_user()
    real = srp.timestamp(api.state.clock())
    api.advance(86_400)
    ephemeral, challenged = await api.srp_begin()
    answer = await api.respond(challenged, **api.proof(ephemeral, challenged, timestamp=real))
    assert "AuthenticationResult" in answer


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Tue Jan 1 06:06:09 UTC 2019", 1_546_322_769),
        ("Tue Jan 01 06:06:09 UTC 2019", None),
        ("Tue Jan  1 06:06:09 UTC 2019", None),
        ("Tue Jnn 1 06:06:09 UTC 2019", None),
        ("Di Jan 1 06:06:09 UTC 2019", None),
        ("Tue Jan 1 06:06:09 CET 2019", None),
        ("2019-01-01T06:06:09Z", None),
    ],
)
def test_timestamps(text: str, seconds: int | None) -> None:
    """The client's timestamp is parsed in Cognito's form only."""
    assert parse_timestamp(text) == seconds


async def test_an_unreadable_timestamp(api: Api) -> None:
    """A proof with an unreadable timestamp is refused."""
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    with pytest.raises(Refused, match="Incorrect username or password"):
        await api.respond(challenged, **api.proof(ephemeral, challenged, timestamp="now"))


@pytest.mark.parametrize("value", ["0", f"{srp.N:x}", f"{2 * srp.N:x}", "xyz", "-1"])
async def test_public_values_that_cannot_be(api: Api, value: str) -> None:
    await api.add_user()
    refusal = await initiate(api, "USER_SRP_AUTH", USERNAME="ana", SRP_A=value)
    assert refusal == ("InvalidParameterException", "SRP_A is not a valid public value.")


async def test_decoys_are_stable_and_look_real(empty_api: Api) -> None:
    await empty_api.make_pool(client={"PreventUserExistenceErrors": "ENABLED"})
    first = (await empty_api.srp_begin("unknown"))[1]["ChallengeParameters"]
    second = (await empty_api.srp_begin("unknown"))[1]["ChallengeParameters"]
    other = (await empty_api.srp_begin("unknown-else"))[1]["ChallengeParameters"]
    for name in ("SALT", "USERNAME", "USER_ID_FOR_SRP"):
        assert first[name] == second[name] != other[name]
    assert first["SRP_B"] != second["SRP_B"]
    assert len(first["USERNAME"]) == 36
    assert len(first["SECRET_BLOCK"]) == len(other["SECRET_BLOCK"])


async def test_a_session_with_the_proof_if_that_is_believed(api: Api) -> None:
    api.state.assumptions = attrs.evolve(api.state.assumptions, srp_challenge_has_session=True)
    await api.add_user()
    ephemeral, challenged = await api.srp_begin()
    assert challenged["Session"].startswith("AYABe")
    proof = api.proof(ephemeral, challenged)
    with pytest.raises(Refused, match="Invalid session for the user"):
        await api.respond({**challenged, "Session": "AYABe" * 5}, **proof)
    assert "AuthenticationResult" in await api.respond(challenged, **proof)


# Answers to challenges in general


async def test_an_answer_needs_a_name_and_a_session(api: Api) -> None:
    await api.add_user()
    members = {"ClientId": api.client_id, "ChallengeName": "SMS_MFA"}
    refusal = await api.refused("RespondToAuthChallenge", **members)
    assert refusal == ("InvalidParameterException", "Missing required parameter USERNAME")
    members["ChallengeResponses"] = {"USERNAME": "ana"}  # type: ignore[assignment]  # another shape than it began with
    refusal = await api.refused("RespondToAuthChallenge", **members)
    assert refusal == ("InvalidParameterException", "Missing required parameter Session")
    members["ChallengeResponses"] = {"USERNAME": "unknown"}  # type: ignore[assignment]  # another shape than it began with
    refusal = await api.refused("RespondToAuthChallenge", **members)
    assert refusal == ("UserNotFoundException", "User does not exist.")


async def test_no_session_no_tokens(api: Api) -> None:
    """The hole of another emulator: a code without session and password."""
    await api.add_user()
    for name in ("SOFTWARE_TOKEN_MFA", "SMS_MFA", "NEW_PASSWORD_REQUIRED", "MFA_SETUP", "CUSTOM_CHALLENGE"):
        for session in ({}, {"Session": "AYABe" + "A" * 100}):
            refusal = await api.refused(
                "RespondToAuthChallenge",
                ClientId=api.client_id,
                ChallengeName=name,
                ChallengeResponses={"USERNAME": "ana", f"{name}_CODE": "123456"},
                **session,
            )
            assert refusal[0] in {"InvalidParameterException", "NotAuthorizedException"}
