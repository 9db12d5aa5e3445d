"""aws-amplify 6 gets AWS credentials from our emulator's identity pool."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
EDITORS = "arn:aws:iam::123456789012:role/editors"
NodeClient = Any  # the conftest's class, which cannot be imported in this import mode


@pytest.fixture
def make(emulator: CognitoEmulator, amplify: NodeClient) -> Callable[..., Awaitable[Any]]:
    """Make an identity pool for a user pool's people, and point Amplify at both."""

    async def make(people: Any, *, guests: bool = True, **settings: Any) -> Any:
        pool = await emulator.create_identity_pool(
            user_pools=[people], AllowUnauthenticatedIdentities=guests, **settings
        )
        await amplify(
            "configure",
            userPoolId=people.id,
            userPoolClientId=people.client_id,
            userPoolEndpoint=emulator.url,
            identityPoolId=pool.id,
            identityPoolEndpoint=emulator.url,
            allowGuestAccess=True,
        )
        return pool

    return make


@pytest.fixture
async def people(emulator: CognitoEmulator) -> Any:
    pool = await emulator.create_user_pool()
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    return pool


def issued(emulator: CognitoEmulator, session: dict[str, Any]) -> Any:
    """Return what the emulator stores for the session's access key, after comparing the other credentials."""
    given = session["credentials"]
    found = emulator.credentials_of(given["accessKeyId"])
    assert given["secretAccessKey"] == found.secret_key
    assert given["sessionToken"] == found.session_token
    assert datetime.fromisoformat(given["expiration"]).timestamp() == found.expires
    assert session["identityId"] == found.identity_id
    return found


async def test_the_identity_of_a_guest_and_of_a_user(
    amplify: NodeClient, people: Any, make: Callable[..., Awaitable[Any]]
) -> None:
    await make(people)
    guest = await amplify("fetchAuthSession")
    assert guest["credentials"]["sessionToken"]
    await amplify("signIn", username="ana", password=PASSWORD)
    user = await amplify("fetchAuthSession")
    assert user["identityId"] == guest["identityId"]
    assert user["credentials"]["accessKeyId"] != guest["credentials"]["accessKeyId"]
    await amplify("signOut")
    assert (await amplify("fetchAuthSession"))["identityId"] != user["identityId"]
    await make(people, guests=False)
    assert await amplify.refused("fetchAuthSession", forceRefresh=True) == "NotAuthorizedException"


@pytest.mark.in_process
async def test_a_guest_becomes_a_user_and_signs_out(
    emulator: CognitoEmulator, amplify: NodeClient, people: Any, make: Callable[..., Awaitable[Any]]
) -> None:
    pool = await make(people)
    guest = await amplify("fetchAuthSession")
    assert "tokens" not in guest
    assert issued(emulator, guest).role_arn == pool.state.roles["unauthenticated"]
    again = await amplify("fetchAuthSession")
    assert again["identityId"] == guest["identityId"]

    await amplify("signIn", username="ana", password=PASSWORD)
    person = await amplify("fetchAuthSession")
    assert person["tokens"]
    found = issued(emulator, person)
    assert (found.authenticated, found.identity_id) == (True, guest["identityId"])
    assert found.role_arn == pool.state.roles["authenticated"]

    await amplify("signOut")
    later = await amplify("fetchAuthSession")
    assert not issued(emulator, later).authenticated
    assert later["identityId"] != person["identityId"]
    assert [identity.linked for identity in pool.identities] == [True, False]
    assert [call.error for call in emulator.calls if call.error] == []


@pytest.mark.in_process
async def test_a_user_signs_in_again(
    emulator: CognitoEmulator, amplify: NodeClient, people: Any, make: Callable[..., Awaitable[Any]]
) -> None:
    pool = await make(people)
    await amplify("signIn", username="ana", password=PASSWORD)
    known = (await amplify("fetchAuthSession"))["identityId"]
    await amplify("signOut")
    guest = (await amplify("fetchAuthSession"))["identityId"]
    assert guest != known
    await amplify("signIn", username="ana", password=PASSWORD)
    assert issued(emulator, await amplify("fetchAuthSession")).identity_id == known
    # The guest in between was merged into the person.
    assert {identity.id: identity.successor for identity in pool.identities} == {known: None, guest: known}


@pytest.mark.in_process
async def test_the_role_of_a_rule(
    emulator: CognitoEmulator, amplify: NodeClient, people: Any, make: Callable[..., Awaitable[Any]]
) -> None:
    rule = {"Claim": "email", "MatchType": "Equals", "Value": "ana@example.com", "RoleARN": EDITORS}
    mapping = {
        "Type": "Rules",
        "AmbiguousRoleResolution": "Deny",
        "RulesConfiguration": {"Rules": [rule]},
    }
    await make(people, role_mappings={people: mapping})
    await amplify("signIn", username="ana", password=PASSWORD)
    assert issued(emulator, await amplify("fetchAuthSession")).role_arn == EDITORS


@pytest.mark.in_process
async def test_refusals(
    emulator: CognitoEmulator, amplify: NodeClient, people: Any, make: Callable[..., Awaitable[Any]]
) -> None:
    """Guests and pools without roles get errors of Cognito's names."""
    await make(people, guests=False)
    assert await amplify.refused("fetchAuthSession") == "NotAuthorizedException"
    await make(people, roles={})
    refusal = await amplify.refused("fetchAuthSession", forceRefresh=True)
    assert refusal == "InvalidIdentityPoolConfigurationException"


@pytest.mark.in_process
async def test_renewed_after_their_time(
    emulator: CognitoEmulator, amplify: NodeClient, people: Any, make: Callable[..., Awaitable[Any]]
) -> None:
    await make(people)
    await amplify("signIn", username="ana", password=PASSWORD)
    before = await amplify("fetchAuthSession")
    emulator.clock.advance(3601)
    await amplify("advanceClock", seconds=3601)
    after = await amplify("fetchAuthSession")
    assert after["identityId"] == before["identityId"]
    assert issued(emulator, after).authenticated
    assert after["credentials"]["accessKeyId"] != before["credentials"]["accessKeyId"]
