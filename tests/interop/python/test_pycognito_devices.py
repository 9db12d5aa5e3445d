"""pycognito's own SRP for devices, against our emulator."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
import pytest

from aiocognito.emulator import CognitoEmulator

pytestmark = pytest.mark.interop

PASSWORD = "Correct-Horse-1"
ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
Pool = Any
Admin = Any


@pytest.fixture
def aws_srp(emulator: CognitoEmulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """pycognito's module, redirected to the emulator: it posts to AWS's URL with any client."""
    try:
        module = importlib.import_module("pycognito.aws_srp")
    except ImportError:
        pytest.fail("pycognito is missing: run `scripts/test`, which installs the peers")
    real = module.requests.post

    def post(url: str, **arguments: Any) -> Any:
        assert url == "https://cognito-idp.us-east-1.amazonaws.com/"
        return real(emulator.url, **arguments)

    monkeypatch.setattr(module.requests, "post", post)
    return module


async def make_pool(emulator: CognitoEmulator, **client: Any) -> Pool:
    made = await emulator.create_user_pool(
        DeviceConfiguration=ALWAYS, MfaConfiguration="OPTIONAL", client=client
    )
    await made.add_user("ana", PASSWORD, mfa="TOTP")
    return made


class PycognitoUser:
    """Signs in with pycognito's AWSSRP, whose calls wait, in threads."""

    def __init__(self, module: Any, pool: Pool, admin: Admin) -> None:
        self.module, self.pool, self.admin = module, pool, admin

    def srp(self, **device: str) -> Any:
        return self.module.AWSSRP(
            username="ana",
            password=PASSWORD,
            pool_id=self.pool.id,
            client_id=self.pool.client_id,
            client=self.admin.client,
            client_secret=self.pool.client_secret,
            **device,
        )

    async def with_code(self) -> tuple[Any, dict[str, Any]]:
        """Sign in with the second factor; return AWSSRP and the answer with the tokens."""
        srp = self.srp()
        with pytest.raises(Exception, match="Do Software Token MFA") as challenged:
            await call(srp.authenticate_user)
        given = challenged.value.get_tokens()  # type: ignore[attr-defined]  # pycognito's own exception
        responses = {"USERNAME": "ana", "SOFTWARE_TOKEN_MFA_CODE": self.pool.totp_code("ana")}
        if self.pool.client_secret:
            secret = (self.pool.client_id, self.pool.client_secret)
            responses["SECRET_HASH"] = srp.get_secret_hash("ana", *secret)
        answer = await self.admin(
            "respond_to_auth_challenge",
            ClientId=self.pool.client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=given["Session"],
            ChallengeResponses=responses,
        )
        return srp, answer

    async def confirmed(self) -> tuple[dict[str, str], str]:
        """Sign in and confirm the device; return AWSSRP's arguments for it, and an access token."""
        srp, answer = await self.with_code()
        response, password = await call(srp.confirm_device, answer, "pycognito")
        assert response.status_code == 200
        assert response.json() == {"UserConfirmationNecessary": False}
        device = {"device_key": srp.device_key, "device_group_key": srp.device_group_key}
        return {**device, "device_password": password}, answer["AuthenticationResult"]["AccessToken"]


@pytest.fixture
async def ana(aws_srp: Any, emulator: CognitoEmulator, admin: Admin) -> PycognitoUser:
    return PycognitoUser(aws_srp, await make_pool(emulator), admin)


async def call(function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Call in a thread: pycognito waits, and the emulator answers on this loop."""
    return await anyio.to_thread.run_sync(partial(function, *arguments))


async def refused(function: Callable[..., Any], /, *arguments: Any) -> tuple[str, str]:
    with pytest.raises(Exception, match="An error occurred") as refusal:
        await call(function, *arguments)
    error = refusal.value.response["Error"]  # type: ignore[attr-defined]  # botocore's ClientError
    return error["Code"], error["Message"]


async def test_a_device_signs_in_without_the_second_factor(ana: PycognitoUser, admin: Admin) -> None:
    device, _ = await ana.confirmed()
    for _ in range(8):  # it pads salts and B as text: several lengths come up
        answer = await call(ana.srp(**device).authenticate_user)
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        token = answer["AuthenticationResult"]["AccessToken"]
        listed = (await admin("list_devices", AccessToken=token))["Devices"]
        assert [entry["DeviceKey"] for entry in listed] == [device["device_key"]]


@pytest.mark.parametrize("wrong", ["device_group_key", "device_password"])
async def test_a_wrong_proof(ana: PycognitoUser, wrong: str) -> None:
    """A wrong proof of a device is refused."""
    device, _ = await ana.confirmed()
    refusal = await refused(ana.srp(**{**device, wrong: "-wrongkey"}).authenticate_user)
    assert refusal == ("NotAuthorizedException", "Incorrect username or password.")
    assert "AuthenticationResult" in await call(ana.srp(**device).authenticate_user)


async def test_a_device_that_is_no_longer_remembered(ana: PycognitoUser) -> None:
    device, token = await ana.confirmed()
    await call(ana.srp().update_device_status, False, token, device["device_key"])
    with pytest.raises(Exception, match="Do Software Token MFA"):
        await call(ana.srp(**device).authenticate_user)
    await call(ana.srp().update_device_status, True, token, device["device_key"])
    assert "AuthenticationResult" in await call(ana.srp(**device).authenticate_user)


async def test_a_forgotten_device(ana: PycognitoUser) -> None:
    """A forgotten device cannot prove itself."""
    device, token = await ana.confirmed()
    await call(ana.srp().forget_device, token, device["device_key"])
    refusal = await refused(ana.srp(**device).authenticate_user)
    assert refusal == ("ResourceNotFoundException", "Device does not exist.")


async def test_a_client_secret(aws_srp: Any, emulator: CognitoEmulator, admin: Admin) -> None:
    """It confirms and answers with the secret's hash, all but the device's public value."""
    user = PycognitoUser(aws_srp, await make_pool(emulator, GenerateSecret=True), admin)
    device, _ = await user.confirmed()
    code, text = await refused(user.srp(**device).authenticate_user)
    assert code == "NotAuthorizedException"
    assert text.endswith("is configured with secret but SECRET_HASH was not received")
