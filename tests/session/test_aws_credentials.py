"""AWS credentials of guests and users: stored in the session, and fetched once and in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve, frozen

from aiocognito import AuthClient, AuthConfig, Credentials, MemoryStorage
from aiocognito._early_renewal import EARLY_RETRY_SECONDS
from aiocognito._jwt import decode_jwt
from aiocognito._models import AuthSession, AuthTokens
from aiocognito.errors import (
    CredentialsException,
    CredentialsNotFoundException,
    InvalidIdTokenException,
    NetworkError,
    NotAuthorizedException,
    ServiceError,
    TooManyRequestsException,
    UserUnAuthenticatedException,
    service_error,
)
from helpers.clock import Clock
from helpers.hosted_ui import FakeHostedUi
from helpers.hosted_ui import config as hosted_config
from helpers.user_pool import ScriptedService, attach, jwt, signed_in

POOL = "us-east-1:0e1f2a3b-0000-4000-8000-000000000000"
CONFIG = AuthConfig(
    user_pool_id="us-east-1_Scripted",
    user_pool_client_id="client",
    identity_pool_id=POOL,
    allow_guest_access=True,
)
ISSUER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Scripted"


class Identities(ScriptedService):
    """An identity pool: each guest has a new identity, and a login keeps its first identity."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.life = 3600.0
        self._named = 0
        self.issued = 0
        self.renamed: str | None = None
        self.answer("GetId", self._get_id)
        self.answer("GetCredentialsForIdentity", self._get_credentials)

    def _get_id(self, sent: Any) -> dict[str, Any]:
        self._named += 1
        return {"IdentityId": f"us-east-1:id-{self._named}"}

    def _get_credentials(self, sent: Any) -> dict[str, Any]:
        self.issued += 1
        ends = datetime.fromtimestamp(self.clock() + self.life, UTC)
        return {
            "IdentityId": self.renamed or sent["IdentityId"],
            "Credentials": {
                "AccessKeyId": f"ASIA{self.issued}",
                "SecretKey": "aws-s3cr3t",
                "SessionToken": "aws-t0k3n",
                "Expiration": ends,
            },
        }

    def sent(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == operation]


@frozen
class Services:
    client: AuthClient
    pool: ScriptedService
    identities: Identities
    clock: Clock

    async def sign_in(self, **arguments: Any) -> None:
        """Sign a user in whose id tokens name their issuer."""
        await signed_in(self.client, self.pool, **arguments)

    async def refresh(self) -> None:
        self.pool.only("GetTokensFromRefreshToken", self.pool.tokens())
        await self.client.fetch_auth_session(force_refresh=True, credentials=False)

    async def key(self, **arguments: Any) -> str:
        found: Credentials | None = (await self.client.fetch_auth_session(**arguments)).credentials
        assert found is not None
        return found.access_key_id


class UserPool(ScriptedService):
    """A user pool whose id tokens have an issuer."""

    issuer: Any = f"https://{ISSUER}"

    def tokens(self, **arguments: Any) -> dict[str, Any]:
        answer = super().tokens(**arguments)
        result = answer["AuthenticationResult"]
        if "IdToken" in result:
            result["IdToken"] = jwt(**{**decode_jwt(result["IdToken"]).payload, "iss": self.issuer})
        return answer


@asynccontextmanager
async def services(
    settings: AuthConfig = CONFIG, *, ahead: float = 0.0, **arguments: Any
) -> AsyncIterator[Services]:
    """A client whose clock is ``ahead`` of the services' clock."""
    clock = arguments.pop("clock", None) or Clock()
    pool, identities = UserPool(clock), Identities(clock)
    if "token_provider" not in arguments:
        arguments.setdefault("storage", MemoryStorage(clock=clock))
    async with AuthClient(settings, clock=lambda: clock() + ahead, **arguments) as client:
        attach(client, pool)
        client._session.context.connections._identity_pool_service = identities  # type: ignore[assignment]  # a stand-in
        yield Services(client, pool, identities, clock)


# Guests


@pytest.mark.amplify("B64")
async def test_a_guest() -> None:
    """A guest receives credentials and an identity id without tokens."""
    async with services() as here:
        session = await here.client.fetch_auth_session()
        assert (session.tokens, session.user_sub) == (None, None)
        assert session.identity_id == "us-east-1:id-1"
        found = session.credentials
        assert found is not None
        assert (found.access_key_id, found.secret_access_key) == ("ASIA1", "aws-s3cr3t")
        assert found.session_token == "aws-t0k3n"
        assert found.expiration == datetime.fromtimestamp(here.clock() + 3600, UTC)
        assert here.identities.calls == [
            ("GetId", {"IdentityPoolId": POOL, "Logins": {}}),
            ("GetCredentialsForIdentity", {"IdentityId": "us-east-1:id-1"}),
        ]


@pytest.mark.amplify("B64")
async def test_a_guest_keeps_their_identity() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with services(storage=storage, clock=clock) as here:
        await here.client.fetch_auth_session()
    clock.advance(20 * 86_400)
    async with services(storage=storage, clock=clock) as later:
        session = await later.client.fetch_auth_session()
        assert session.identity_id == "us-east-1:id-1"
        assert later.identities.operations() == ["GetCredentialsForIdentity"]
    clock.advance(20 * 86_400)  # counted anew from then on
    async with services(storage=storage, clock=clock) as last:
        assert (await last.client.fetch_auth_session()).identity_id == "us-east-1:id-1"


@pytest.mark.amplify("B64")
async def test_an_identity_that_the_service_renames() -> None:
    async with services() as here:
        here.identities.renamed = "us-east-1:other"
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:other"
        await here.client.fetch_auth_session(force_refresh=True)
        assert here.identities.sent("GetCredentialsForIdentity")[-1]["IdentityId"] == "us-east-1:other"


@pytest.mark.amplify("B67")
@pytest.mark.parametrize(
    "settings", [evolve(CONFIG, allow_guest_access=False), evolve(CONFIG, identity_pool_id=None)]
)
async def test_guests_who_are_not_allowed_get_nothing_and_no_error(settings: AuthConfig) -> None:
    async with services(settings) as here:
        assert await here.client.fetch_auth_session() == AuthSession()
        assert here.identities.calls == []


async def test_without_an_identity_pool_a_user_has_tokens_only() -> None:
    async with services(evolve(CONFIG, identity_pool_id=None)) as here:
        await here.sign_in()
        session = await here.client.fetch_auth_session()
        assert (session.credentials, session.identity_id, session.user_sub) == (None, None, "sub-of-ana")


# Signed-in users


@pytest.mark.amplify("B68")
async def test_a_login_is_the_issuer_without_its_scheme_and_the_id_token() -> None:
    async with services() as here:
        await here.sign_in()
        session = await here.client.fetch_auth_session()
        assert session.tokens is not None
        assert session.tokens.id_token is not None
        logins = {ISSUER: session.tokens.id_token.token}
        assert here.identities.calls == [
            ("GetId", {"IdentityPoolId": POOL, "Logins": logins}),
            ("GetCredentialsForIdentity", {"IdentityId": "us-east-1:id-1", "Logins": logins}),
        ]
        assert (session.user_sub, session.identity_id) == ("sub-of-ana", "us-east-1:id-1")


@pytest.mark.amplify("B65")
async def test_a_guest_s_identity_becomes_the_user_s() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        await here.sign_in()
        here.identities.calls.clear()
        here.identities.renamed = "us-east-1:merged"
        session = await here.client.fetch_auth_session()
        ((operation, sent),) = here.identities.calls
        assert (operation, sent["IdentityId"]) == ("GetCredentialsForIdentity", "us-east-1:id-1")
        assert list(sent["Logins"]) == [ISSUER]
        assert session.identity_id == "us-east-1:merged"
        assert session.credentials is not None
        assert session.credentials.access_key_id == "ASIA2"  # not the guest's
        identity = (await here.client._session.load()).record.identity
        assert identity is not None
        assert (identity.identity_id, identity.is_guest) == ("us-east-1:merged", False)


@pytest.mark.amplify("B65")
async def test_after_signing_out_the_guest_is_another() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        await here.sign_in()
        await here.client.fetch_auth_session()
        await here.client.sign_out()
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-2"


@pytest.mark.amplify("B65")
async def test_also_by_the_hosted_ui() -> None:
    settings = hosted_config(identity_pool_id=POOL, allow_guest_access=True)
    clock = Clock()
    hosted = FakeHostedUi(clock)
    async with services(settings, clock=clock, http_client=hosted.client) as here:
        await here.client.fetch_auth_session()
        request = await here.client.sign_in_with_redirect()
        await here.client.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-1"
        assert len(here.identities.sent("GetId")) == 1


async def test_an_identity_goes_along_to_the_new_session_key() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        old = here.client.session_key
        await here.sign_in()
        await here.client.rotate_session_key()
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-1"
        await here.client.fetch_auth_session()
        assert old != here.client.session_key


async def test_the_configured_role_is_requested_for_users_and_not_for_guests() -> None:
    role = "arn:aws:iam::123456789012:role/admin"
    async with services(evolve(CONFIG, custom_role_arn=role)) as here:
        await here.client.fetch_auth_session()
        await here.sign_in()
        await here.client.fetch_auth_session()
        guest, person = here.identities.sent("GetCredentialsForIdentity")
        assert "CustomRoleArn" not in guest
        assert person["CustomRoleArn"] == role


async def test_credentials_of_another_role_are_not_these() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with services(storage=storage, clock=clock) as here:
        await here.sign_in()
        await here.client.fetch_auth_session()
    role = "arn:aws:iam::123456789012:role/admin"
    async with services(evolve(CONFIG, custom_role_arn=role), storage=storage, clock=clock) as there:
        await there.client.fetch_auth_session()
        assert there.identities.operations() == ["GetCredentialsForIdentity"]


async def test_tokens_that_are_not_a_login_raise() -> None:
    async with services() as here:
        await here.sign_in(id_token=False)
        with pytest.raises(UserUnAuthenticatedException, match="id token"):
            await here.client.fetch_auth_session()
        assert (await here.client.fetch_auth_session(credentials=False)).tokens is not None
        assert here.identities.calls == []


@pytest.mark.parametrize("issuer", [None, "", 5])
async def test_an_id_token_without_an_issuer(issuer: Any) -> None:
    async with services() as here:
        here.pool.issuer = issuer  # type: ignore[attr-defined]  # a stand-in
        await here.sign_in()
        with pytest.raises(InvalidIdTokenException):
            await here.client.fetch_auth_session()


# Kept, and fetched anew


@pytest.mark.amplify("B66", "B73")
async def test_credentials_are_kept_and_their_end_honoured() -> None:
    async with services() as here:
        await here.sign_in(life=86_400)
        assert await here.key() == "ASIA1"
        here.clock.advance(3539)
        assert await here.key() == "ASIA1"
        here.clock.advance(1)  # a minute before their end
        assert await here.key() == "ASIA2"
        assert len(here.identities.sent("GetId")) == 1


@pytest.mark.amplify("B66")
async def test_a_role_of_fifteen_minutes_ends_after_fifteen() -> None:
    async with services() as here:
        here.identities.life = 900
        assert await here.key() == "ASIA1"
        here.clock.advance(839)
        assert await here.key() == "ASIA1"
        here.clock.advance(1)
        assert await here.key() == "ASIA2"


@pytest.mark.amplify("B66")
async def test_forced_or_with_another_id_token() -> None:
    async with services() as here:
        await here.sign_in()
        assert await here.key() == "ASIA1"
        here.pool.only("GetTokensFromRefreshToken", here.pool.tokens())
        assert await here.key(force_refresh=True) == "ASIA2"
        assert await here.key() == "ASIA2"
        await here.refresh()
        assert await here.key() == "ASIA3"
        assert len(here.identities.sent("GetId")) == 1


async def test_credentials_are_stored_for_every_process() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with services(storage=storage, clock=clock) as here:
        await here.sign_in()
        first = await here.client.fetch_auth_session()
    async with services(storage=storage, clock=clock) as there:
        second = await there.client.fetch_auth_session()
        assert second.credentials == first.credentials
        assert second.identity_id == first.identity_id
        assert there.identities.calls == []


async def test_credentials_without_an_expiration_are_used_for_fifty_minutes() -> None:
    async with services() as here:
        bare = {"IdentityId": "x", "Credentials": {"AccessKeyId": "A", "SecretKey": "S"}}
        here.identities.only("GetCredentialsForIdentity", bare)
        session = await here.client.fetch_auth_session()
        assert session.credentials is not None
        assert session.credentials.session_token is None
        here.clock.advance(2939)
        await here.client.fetch_auth_session()
        assert len(here.identities.sent("GetCredentialsForIdentity")) == 1
        here.clock.advance(1)
        await here.client.fetch_auth_session()
        assert len(here.identities.sent("GetCredentialsForIdentity")) == 2


async def test_tokens_alone_never_ask_the_identity_pool() -> None:
    async with services() as here:
        assert await here.client.fetch_auth_session(credentials=False) == AuthSession()
        await here.sign_in()
        await here.client.fetch_auth_session(credentials=False, force_refresh=False)
        await here.client.get_current_user()
        assert here.identities.calls == []


@pytest.mark.amplify("B73")
@pytest.mark.parametrize("person", [False, True])
async def test_one_request_however_many_ask(person: bool) -> None:
    async with services() as here:
        if person:
            await here.sign_in()
        gate = here.identities.hold("GetId")
        callers = [asyncio.create_task(here.client.fetch_auth_session()) for _ in range(50)]
        await here.identities.arrived["GetId"].wait()
        callers[0].cancel()
        gate.set()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert isinstance(outcomes[0], asyncio.CancelledError)
        assert len({outcome.identity_id for outcome in outcomes[1:]}) == 1  # type: ignore[union-attr]  # the test has made it
        assert here.identities.operations() == ["GetId", "GetCredentialsForIdentity"]


async def test_one_request_of_two_processes() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with (
        services(storage=storage, clock=clock) as here,
        services(storage=storage, clock=clock) as there,
    ):
        gate = here.identities.hold("GetId")
        first = asyncio.create_task(here.client.fetch_auth_session())
        await here.identities.arrived["GetId"].wait()
        second = asyncio.create_task(there.client.fetch_auth_session())
        await asyncio.sleep(0)
        gate.set()
        assert (await first).identity_id == (await second).identity_id
        assert there.identities.calls == []


# When it fails


Fail = Callable[[Identities], None]


def outage(identities: Identities) -> None:
    for operation in ("GetId", "GetCredentialsForIdentity"):
        identities.only(operation, NetworkError("no answer"))


def end_of_outage(identities: Identities) -> None:
    identities.only("GetId", identities._get_id)
    identities.only("GetCredentialsForIdentity", identities._get_credentials)


def throttled(identities: Identities) -> None:
    for operation in ("GetId", "GetCredentialsForIdentity"):
        identities.refuse(operation, "TooManyRequestsException")


@pytest.mark.parametrize(("fail", "error"), [(outage, NetworkError), (throttled, TooManyRequestsException)])
async def test_an_outage_breaks_nothing_that_needs_only_tokens(fail: Fail, error: type[Exception]) -> None:
    async with services() as here:
        await here.sign_in()
        fail(here.identities)
        with pytest.raises(error):
            await here.client.fetch_auth_session()
        assert (await here.client.get_current_user()).username == "ana"
        assert (await here.client.fetch_auth_session(credentials=False)).tokens is not None
        here.pool.answer("GetUser", {"UserAttributes": [{"Name": "email", "Value": "a@b"}]})
        assert await here.client.fetch_user_attributes() == {"email": "a@b"}
        assert (await here.client.sign_out()).revoked


async def test_after_a_failed_early_renewal_the_credentials_stay_in_use() -> None:
    async with services() as here:
        await here.sign_in(life=86_400)
        await here.client.fetch_auth_session()
        here.clock.advance(3550)
        outage(here.identities)
        assert await here.key() == "ASIA1"
        here.clock.advance(45)  # under five seconds are left
        with pytest.raises(NetworkError):
            await here.client.fetch_auth_session()
        here.clock.advance(100)
        with pytest.raises(NetworkError):
            await here.client.fetch_auth_session()


async def test_an_early_renewal_that_failed_is_tried_again_after_a_while() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        here.clock.advance(3550)
        outage(here.identities)
        before = len(here.identities.calls)
        for _ in range(3):
            assert await here.key() == "ASIA1"
        assert len(here.identities.calls) == before + 1
        here.clock.advance(EARLY_RETRY_SECONDS)
        assert await here.key() == "ASIA1"
        assert len(here.identities.calls) == before + 2
        with pytest.raises(NetworkError):
            await here.client.fetch_auth_session(force_refresh=True)
        assert len(here.identities.calls) == before + 3
        end_of_outage(here.identities)
        assert await here.key() == "ASIA1"
        here.clock.advance(EARLY_RETRY_SECONDS)
        assert await here.key() == "ASIA2"


async def test_the_backoff_of_one_session_does_not_apply_to_another() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        here.clock.advance(3550)
        outage(here.identities)
        assert await here.key() == "ASIA1"
        here.clock.advance(EARLY_RETRY_SECONDS)
        await here.client.fetch_auth_session()
        await here.sign_in(life=86_400)
        end_of_outage(here.identities)
        assert await here.key() == "ASIA2"


async def test_a_failed_forced_fetch_raises() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        outage(here.identities)
        with pytest.raises(NetworkError):
            await here.client.fetch_auth_session(force_refresh=True)
        assert await here.key() == "ASIA1"


@pytest.mark.amplify("B67")
@pytest.mark.parametrize(
    "answer", [{}, {"Credentials": {"AccessKeyId": "A"}}, {"Credentials": {"SecretKey": "S"}}]
)
async def test_keys_that_are_missing(answer: dict[str, Any]) -> None:
    async with services() as here:
        here.identities.only("GetCredentialsForIdentity", {"IdentityId": "x", **answer})
        with pytest.raises(CredentialsNotFoundException):
            await here.client.fetch_auth_session()
        await here.sign_in()
        with pytest.raises(CredentialsException):
            await here.client.fetch_auth_session()


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "NotAuthorizedException", "ResourceConflictException"]
)
async def test_an_identity_that_the_pool_does_not_accept_is_replaced(code: str) -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        await here.sign_in()
        refusal = service_error("GetCredentialsForIdentity", code, "no", service_status=400)
        here.identities.only("GetCredentialsForIdentity", refusal, here.identities._get_credentials)
        session = await here.client.fetch_auth_session()
        assert session.identity_id == "us-east-1:id-2"
        assert [each["IdentityId"][-1] for each in here.identities.sent("GetCredentialsForIdentity")] == [
            "1",
            "1",
            "2",
        ]


async def test_a_refusal_of_the_login_raises() -> None:
    async with services() as here:
        await here.sign_in()
        here.identities.refuse("GetCredentialsForIdentity", "NotAuthorizedException", "Invalid login token.")
        with pytest.raises(NotAuthorizedException, match="Invalid login token"):
            await here.client.fetch_auth_session()
        assert here.identities.operations() == ["GetId", "GetCredentialsForIdentity"]


async def test_a_refusal_of_another_kind_replaces_nothing() -> None:
    async with services() as here:
        await here.client.fetch_auth_session()
        here.identities.refuse("GetCredentialsForIdentity", "InvalidIdentityPoolConfigurationException")
        with pytest.raises(ServiceError) as refusal:
            await here.client.fetch_auth_session(force_refresh=True)
        assert refusal.value.name == "InvalidIdentityPoolConfigurationException"
        assert len(here.identities.sent("GetId")) == 1


# Whose they are


@pytest.mark.amplify("B73")
async def test_the_identity_is_lost_with_the_session() -> None:
    """A session that Cognito ended must not go on as a guest under the user's identity."""
    async with services() as here:
        await here.sign_in()
        await here.client.fetch_auth_session()
        here.pool.refuse("GetTokensFromRefreshToken", "NotAuthorizedException", "Refresh Token has expired")
        here.identities.calls.clear()
        session = await here.client.fetch_auth_session(force_refresh=True)
        assert session.tokens is None
        assert session.identity_id == "us-east-1:id-2"
        assert here.identities.calls[0] == ("GetId", {"IdentityPoolId": POOL, "Logins": {}})


async def test_nothing_is_left_of_credentials_when_the_session_is_lost() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    settings = evolve(CONFIG, allow_guest_access=False)
    async with services(settings, storage=storage, clock=clock) as here:
        await here.sign_in()
        await here.client.fetch_auth_session()
        here.pool.refuse("GetTokensFromRefreshToken", "NotAuthorizedException", "Refresh Token has expired")
        assert await here.client.fetch_auth_session(force_refresh=True) == AuthSession()
        assert await storage.get(here.client._session.storage_key) is None


async def test_the_next_user_does_not_receive_the_last_one_s_identity() -> None:
    async with services() as here:
        await here.sign_in(username="ana", refresh_token=None)
        await here.client.fetch_auth_session()
        here.clock.advance(4000)
        await here.sign_in(username="bob")
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-2"


async def test_signing_out_meanwhile_leaves_nothing_behind() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with services(storage=storage, clock=clock) as here:
        await here.sign_in()
        gate = here.identities.hold("GetCredentialsForIdentity")
        caller = asyncio.create_task(here.client.fetch_auth_session())
        await here.identities.arrived["GetCredentialsForIdentity"].wait()
        await here.client.sign_out()
        gate.set()
        await caller
        assert await storage.get(here.client._session.storage_key) is None


async def test_a_guest_after_a_sign_out_is_not_served_with_one_from_before() -> None:
    """A user who has signed in meanwhile may own the identity of a guest's renewal."""
    async with services() as here:
        before = (await here.client.fetch_auth_session()).identity_id
        here.clock.advance(3600)
        gate = here.identities.hold("GetCredentialsForIdentity")
        renewal = asyncio.create_task(here.client.fetch_auth_session())
        await here.identities.arrived["GetCredentialsForIdentity"].wait()
        await here.sign_in()
        await here.client.sign_out()
        after = asyncio.create_task(here.client.fetch_auth_session())
        await asyncio.sleep(0)
        gate.set()
        assert (await renewal).identity_id == before
        assert (await after).identity_id == "us-east-1:id-2"
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-2"


async def test_a_guest_who_signs_in_meanwhile_keeps_their_tokens() -> None:
    async with services() as here:
        gate = here.identities.hold("GetCredentialsForIdentity")
        caller = asyncio.create_task(here.client.fetch_auth_session())
        await here.identities.arrived["GetCredentialsForIdentity"].wait()
        await here.sign_in()
        gate.set()
        assert (await caller).tokens is None
        record = (await here.client._session.load()).record
        assert record.tokens is not None
        assert record.identity is None


async def test_an_identity_does_not_end_a_sign_in() -> None:
    async with services() as here:
        here.pool.answer(
            "InitiateAuth", {"ChallengeName": "SMS_MFA", "Session": "S" * 20, "ChallengeParameters": {}}
        )
        await here.client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        await here.client.fetch_auth_session()
        assert await here.client.get_sign_in_step() is not None


class Lender:
    def __init__(self, tokens: AuthTokens | None) -> None:
        self.tokens = tokens

    async def get_tokens(self, **arguments: Any) -> AuthTokens | None:
        return self.tokens


async def test_borrowed_tokens_open_an_identity_too() -> None:
    lent = AuthTokens(decode_jwt(jwt(sub="s")), decode_jwt(jwt(sub="s", iss=f"https://{ISSUER}")))
    lender = Lender(lent)
    async with services(token_provider=lender) as here:
        assert await here.key() == "ASIA1"
        assert await here.key() == "ASIA1"
        lender.tokens = None
        session = await here.client.fetch_auth_session()
        assert session.identity_id == "us-east-1:id-2"


async def test_borrowed_tokens_of_another_user_do_not_receive_the_first_user_s_identity() -> None:
    def lent(sub: str) -> AuthTokens:
        return AuthTokens(decode_jwt(jwt(sub=sub)), decode_jwt(jwt(sub=sub, iss=f"https://{ISSUER}")))

    lender = Lender(lent("ana"))
    async with services(token_provider=lender) as here:
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-1"
        await here.client.fetch_auth_session(force_refresh=True)
        assert len(here.identities.sent("GetId")) == 1
        lender.tokens = lent("ben")
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-2"
        asked = [sent["IdentityId"] for sent in here.identities.sent("GetCredentialsForIdentity")]
        assert asked == ["us-east-1:id-1", "us-east-1:id-1", "us-east-1:id-2"]


async def test_a_guest_s_identity_becomes_that_of_the_borrowed_tokens() -> None:
    lender = Lender(None)
    async with services(token_provider=lender) as here:
        await here.client.fetch_auth_session()
        lender.tokens = AuthTokens(
            decode_jwt(jwt(sub="s")), decode_jwt(jwt(sub="s", iss=f"https://{ISSUER}"))
        )
        assert (await here.client.fetch_auth_session()).identity_id == "us-east-1:id-1"


async def test_a_machine_has_no_identity() -> None:
    async with services(token_provider=Lender(AuthTokens(decode_jwt(jwt(sub="client"))))) as here:
        with pytest.raises(UserUnAuthenticatedException):
            await here.client.fetch_auth_session()
        assert (await here.client.fetch_auth_session(credentials=False)).tokens is not None


async def test_no_secret_is_in_a_repr() -> None:
    async with services() as here:
        session = await here.client.fetch_auth_session()
        told = repr(session) + repr(await here.client._session.load())
        assert "ASIA1" in told
        assert "s3cr3t" not in told
        assert "t0k3n" not in told


# Clocks that differ


@pytest.mark.parametrize("ahead", [-7200.0, -3600.0, -1200.0, 1200.0, 3590.0, 3600.0, 7200.0, 86_400.0])
async def test_credentials_live_as_long_with_a_wrong_clock(ahead: float) -> None:
    async with services(ahead=ahead) as here:
        await here.sign_in(life=86_400)
        session = await here.client.fetch_auth_session()
        assert session.credentials is not None
        # The end is told as AWS named it, by AWS's clock.
        assert session.credentials.expiration == datetime.fromtimestamp(here.clock() + 3600, UTC)
        here.clock.advance(3539)
        assert await here.key() == "ASIA1"
        here.clock.advance(1)  # refresh_ahead before their end
        assert await here.key() == "ASIA2"


@pytest.mark.parametrize("ahead", [1200.0, 3590.0, 3600.0, 7200.0])
async def test_an_early_renewal_that_fails_leaves_them_to_their_end(ahead: float) -> None:
    async with services(ahead=ahead) as here:
        await here.sign_in(life=86_400)
        assert await here.key() == "ASIA1"
        here.clock.advance(3550)
        here.identities.only("GetCredentialsForIdentity", NetworkError("gone", request_sent=True))
        assert await here.key() == "ASIA1"
        here.clock.advance(45)
        with pytest.raises(NetworkError):
            await here.key()


@pytest.mark.parametrize("ahead", [3590.0, 3600.0, 7200.0, 86_400.0])
@pytest.mark.parametrize("borrowed", [False, True])
async def test_without_tokens_of_our_own_new_credentials_still_count_as_good(
    ahead: float, borrowed: bool
) -> None:
    arguments: dict[str, Any] = {"token_provider": Lender(None)} if borrowed else {}
    async with services(ahead=ahead, **arguments) as here:
        for _ in range(10):
            assert await here.key() == "ASIA1"
        here.clock.advance(3000)
        assert await here.key() == "ASIA2"


async def test_a_guest_s_credentials_are_renewed_after_an_hour_though_our_clock_is_behind() -> None:
    async with services(ahead=-7200.0) as here:
        assert await here.key() == "ASIA1"
        here.clock.advance(3539)
        assert await here.key() == "ASIA1"
        here.clock.advance(1)
        assert await here.key() == "ASIA2"
