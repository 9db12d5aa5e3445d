"""Remembered devices, end to end: confirmed, proven in place of MFA, listed, forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito import AuthClient, MemoryStorage, SessionManager, errors, steps
from aiocognito.emulator import CognitoEmulator

PASSWORD = "Correct-Horse-7"
ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ON_REQUEST = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}


class Service:
    """A service whose users have a second factor, and whose pool tracks devices."""

    def __init__(self, emulator: CognitoEmulator, pool: Any, sessions: SessionManager) -> None:
        self.emulator = emulator
        self.pool = pool
        self.sessions = sessions

    def browser(self, key: str, device: str | None) -> AuthClient:
        return self.sessions.client(key, device_token=device)

    async def sign_in(self, client: AuthClient, *, expect_mfa: bool, **arguments: Any) -> None:
        result = await client.sign_in("ana", PASSWORD, **arguments)
        if expect_mfa:
            assert result.next_step == steps.ConfirmSignInWithTotpCode()
            self.emulator.clock.advance(60)
            result = await client.confirm_sign_in(self.pool.totp_code("ana"))
        assert result.is_signed_in


async def service(emulator: CognitoEmulator, configuration: Any, **client: Any) -> Service:
    pool = await emulator.create_user_pool(
        DeviceConfiguration=configuration, MfaConfiguration="OPTIONAL", client=client
    )
    await pool.add_user("ana", PASSWORD, mfa="TOTP")
    storage = MemoryStorage(clock=emulator.clock)
    return Service(
        emulator, pool, SessionManager(pool.config, fixed_keys=True, storage=storage, clock=emulator.clock)
    )


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_a_remembered_device_stands_in_for_the_second_factor(flow: Any, secret: bool) -> None:
    async with CognitoEmulator() as emulator:
        s = await service(emulator, ALWAYS, GenerateSecret=secret)
        async with s.sessions:
            first = s.browser("one", "browser")
            await s.sign_in(first, expect_mfa=True, auth_flow_type=flow)
            (device,) = await first.fetch_devices()
            assert device.name == first.config.device_name
            assert device.attributes["dev:device_remembered_status"] == "remembered"
            assert (await first.fetch_auth_session(force_refresh=True)).tokens is not None
            await first.sign_out()
            again = s.browser("two", "browser")
            await s.sign_in(again, expect_mfa=False, auth_flow_type=flow)
            tokens = (await again.fetch_auth_session()).tokens
            assert tokens is not None
            assert tokens.access_token.payload["device_key"] == device.id
            assert len(await again.fetch_devices()) == 1
            assert (await again.fetch_auth_session(force_refresh=True)).tokens is not None


async def test_the_right_password_in_another_browser_meets_the_second_factor() -> None:
    async with CognitoEmulator() as emulator:
        s = await service(emulator, ALWAYS)
        async with s.sessions:
            await s.sign_in(s.browser("one", "browser"), expect_mfa=True)
            await s.sign_in(s.browser("two", "another browser"), expect_mfa=True)
            await s.sign_in(s.browser("three", None), expect_mfa=True)
            await s.sign_in(s.browser("four", "browser"), expect_mfa=False)


async def test_a_device_is_remembered_on_request() -> None:
    async with CognitoEmulator() as emulator:
        s = await service(emulator, ON_REQUEST)
        async with s.sessions:
            client = s.browser("one", "browser")
            await s.sign_in(client, expect_mfa=True)
            (device,) = await client.fetch_devices()
            assert device.attributes["dev:device_remembered_status"] == "not_remembered"
            await s.sign_in(s.browser("two", "browser"), expect_mfa=True)
            await client.remember_device()
            await s.sign_in(s.browser("three", "browser"), expect_mfa=False)


async def test_a_forgotten_device_is_unknown_and_its_tokens_end() -> None:
    async with CognitoEmulator() as emulator:
        s = await service(emulator, ALWAYS)
        async with s.sessions:
            client = s.browser("one", "browser")
            await s.sign_in(client, expect_mfa=True)
            await client.forget_device()
            assert await client.fetch_devices() == []
            with pytest.raises(errors.DeviceMetadataNotFoundException):
                await client.remember_device()
            with pytest.raises(errors.DeviceMetadataNotFoundException):
                await client.forget_device()
            with pytest.raises(errors.NotAuthorizedException, match=r"Invalid Refresh Token\."):
                await client.fetch_auth_session(force_refresh=True)
            assert (await client.fetch_auth_session()).tokens is not None, "the access token serves"
            emulator.clock.advance(3601)
            assert (await client.fetch_auth_session()).tokens is None
            await s.sign_in(s.browser("two", "browser"), expect_mfa=True)


async def test_a_device_forgotten_elsewhere_is_dropped_and_the_sign_in_goes_on() -> None:
    async with CognitoEmulator() as emulator:
        s = await service(emulator, ALWAYS)
        async with s.sessions:
            await s.sign_in(s.browser("one", "browser"), expect_mfa=True)
            other = s.browser("two", "another browser")
            await s.sign_in(other, expect_mfa=True)
            (first, _) = await other.fetch_devices()
            await other.forget_device(first.id)
            await s.sign_in(s.browser("three", "browser"), expect_mfa=True)
            assert len(await other.fetch_devices()) == 2, "and a new one was confirmed"


async def test_every_page_of_devices_is_listed() -> None:
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(DeviceConfiguration=ALWAYS)
        await pool.add_user("ana", PASSWORD)
        storage = MemoryStorage(clock=emulator.clock)
        async with SessionManager(
            pool.config, fixed_keys=True, storage=storage, clock=emulator.clock
        ) as sessions:
            client = None
            for number in range(61):
                client = sessions.client(f"key-{number}", device_token=f"browser-{number}")
                await client.sign_in("ana", PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
            assert client is not None
            assert len({device.id for device in await client.fetch_devices()}) == 61


async def test_a_proof_with_the_wrong_group_key_is_refused() -> None:
    from attrs import evolve

    async with CognitoEmulator() as emulator:
        s = await service(emulator, ALWAYS)
        async with s.sessions:
            client = s.browser("one", "browser")
            await s.sign_in(client, expect_mfa=True)
            store = client._session.devices
            (name, device) = next(iter((await store.load()).items()))
            await store.remember(evolve(device, device_group_key="-wrongkey"), name)
            other = s.browser("two", "browser")
            with pytest.raises(errors.NotAuthorizedException) as caught:
                await other.sign_in("ana", PASSWORD)
            assert isinstance(caught.value, errors.RespondToAuthChallengeException)
            assert (await other.fetch_auth_session()).tokens is None


async def test_a_pool_without_tracking_names_no_device() -> None:
    async with CognitoEmulator() as emulator:
        s = await service(emulator, None)
        async with s.sessions:
            client = s.browser("one", "browser")
            await s.sign_in(client, expect_mfa=True)
            with pytest.raises(errors.InvalidUserPoolConfigurationException):
                await client.fetch_devices()
            assert "ConfirmDevice" not in [call.operation for call in emulator.calls]
