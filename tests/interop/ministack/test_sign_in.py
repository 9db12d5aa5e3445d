"""Our client against ministack, another project's user pool that verifies every SRP proof."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pyotp.totp import TOTP

from aiocognito import AuthClient, AuthTokens, errors, steps

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("ministack")]

PASSWORD = "Correct-Horse-1"
Pool = Any  # the conftest's class, which cannot be imported in this import mode


@pytest.fixture
async def auth(pool: Pool) -> AsyncIterator[AuthClient]:
    async with AuthClient(pool.config) as client:
        yield client


async def access_token(auth: AuthClient, **arguments: Any) -> str:
    tokens: AuthTokens | None = (await auth.fetch_auth_session(credentials=False, **arguments)).tokens
    assert tokens is not None
    return tokens.access_token.token


async def test_sign_up_confirm_and_sign_in(pool: Pool, auth: AuthClient) -> None:
    signed_up = await auth.sign_up("ana", PASSWORD, user_attributes={"email": "ana@example.com"})
    assert isinstance(signed_up.next_step, steps.ConfirmSignUp)
    assert signed_up.next_step.code_delivery_details is not None
    assert signed_up.next_step.code_delivery_details.attribute_name == "email"

    early = await auth.sign_in("ana", PASSWORD)
    assert isinstance(early.next_step, steps.ConfirmSignUp)
    with pytest.raises(errors.CodeMismatchException) as refused:
        await auth.confirm_sign_up("ana", "000000")
    assert isinstance(refused.value, errors.ConfirmSignUpException)

    confirmed = await auth.confirm_sign_up("ana", await pool.code_mailed_to("ana@example.com"))
    assert confirmed.is_sign_up_complete
    signed_in = await auth.sign_in("ana", PASSWORD)
    assert signed_in.is_signed_in
    assert isinstance(signed_in.next_step, steps.Done)
    user = await auth.get_current_user()
    assert user.username == "ana"
    assert user.user_id == signed_up.user_id
    assert (await auth.fetch_user_attributes())["email"] == "ana@example.com"


async def test_an_existing_name_cannot_be_signed_up(pool: Pool, auth: AuthClient) -> None:
    await pool.add_user("ana", PASSWORD)
    with pytest.raises(errors.UsernameExistsException):
        await auth.sign_up("ana", PASSWORD, user_attributes={"email": "other@example.com"})


async def test_resend_sign_up_code(pool: Pool, auth: AuthClient) -> None:
    await auth.sign_up("ana", PASSWORD, user_attributes={"email": "resend@example.com"})
    delivery = await auth.resend_sign_up_code("ana")
    assert delivery.delivery_medium == "EMAIL"
    assert (
        await auth.confirm_sign_up("ana", await pool.code_mailed_to("resend@example.com"))
    ).is_sign_up_complete


async def test_wrong_password_is_refused_over_srp(pool: Pool, auth: AuthClient) -> None:
    await pool.add_user("ana", PASSWORD)
    with pytest.raises(errors.NotAuthorizedException) as refused:
        await auth.sign_in("ana", "Wrong-Horse-1")
    assert isinstance(refused.value, errors.RespondToAuthChallengeException)
    assert (await auth.sign_in("ana", PASSWORD)).is_signed_in


async def test_wrong_password_is_refused_in_the_clear(pool: Pool, auth: AuthClient) -> None:
    await pool.add_user("ana", PASSWORD)
    with pytest.raises(errors.NotAuthorizedException) as refused:
        await auth.sign_in("ana", "Wrong-Horse-1", auth_flow_type="USER_PASSWORD_AUTH")
    assert isinstance(refused.value, errors.InitiateAuthException)
    assert (await auth.sign_in("ana", PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")).is_signed_in


async def test_unknown_and_disabled_users_are_refused(pool: Pool, auth: AuthClient) -> None:
    with pytest.raises(errors.UserNotFoundException):
        await auth.sign_in("unknown", PASSWORD)
    await pool.add_user("ana", PASSWORD)
    await pool.on_user("admin_disable_user", "ana")
    with pytest.raises(errors.NotAuthorizedException):
        await auth.sign_in("ana", PASSWORD)


async def test_many_srp_sign_ins(make_pool: Callable[..., Pool]) -> None:
    """Values of odd length and with their top bit set come up by chance: 40 sign-ins see both."""
    pool = make_pool(secret=True)
    for number in range(8):
        await pool.add_user(f"user{number}", f"{PASSWORD}{number}")
    async with AuthClient(pool.config) as auth:
        for number in range(40):
            name = f"user{number % 8}"
            assert (await auth.sign_in(name, f"{PASSWORD}{number % 8}")).is_signed_in
            assert (await auth.get_current_user()).username == name
            await auth.sign_out()


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
@pytest.mark.parametrize("kind", ["AliasAttributes", "UsernameAttributes"])
async def test_sign_in_by_email(make_pool: Callable[..., Pool], kind: str, secret: bool) -> None:
    """The proof and the secret hash are made from the name that the challenge gives, not from the e-mail."""
    pool = make_pool(secret=secret, **{kind: ["email"]})
    username = "ana" if kind == "AliasAttributes" else "ana@example.com"
    await pool.add_user(username, PASSWORD, email="ana@example.com", email_verified="true")
    async with AuthClient(pool.config) as auth:
        assert (await auth.sign_in("ana@example.com", PASSWORD)).is_signed_in
        before = await access_token(auth)
        assert await access_token(auth, force_refresh=True) != before
        user = await auth.get_current_user()
        assert user.username == (await pool.on_user("admin_get_user", "ana@example.com"))["Username"]


async def test_refresh(pool: Pool, auth: AuthClient) -> None:
    """A forced refresh returns another token."""
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)
    before = await access_token(auth)
    assert await access_token(auth) == before
    after = await access_token(auth, force_refresh=True)
    assert after != before
    assert (await pool.admin("get_user", AccessToken=after))["Username"] == "ana"


async def test_sign_out_revokes(pool: Pool, auth: AuthClient) -> None:
    """After a sign-out, the tokens are refused."""
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)
    token = await access_token(auth)
    assert (await pool.admin("get_user", AccessToken=token))["Username"] == "ana"
    assert (await auth.sign_out()).revoked
    assert await pool.admin.refused("get_user", AccessToken=token) == "NotAuthorizedException"
    assert (await auth.fetch_auth_session(credentials=False)).tokens is None


async def test_global_sign_out_ends_every_session(pool: Pool, auth: AuthClient) -> None:
    await pool.add_user("ana", PASSWORD)
    async with AuthClient(pool.config) as elsewhere:
        await elsewhere.sign_in("ana", PASSWORD)
        await auth.sign_in("ana", PASSWORD)
        assert (await auth.sign_out(global_sign_out=True)).revoked
        session = await elsewhere.fetch_auth_session(force_refresh=True, credentials=False)
        assert session.tokens is None
        with pytest.raises(errors.UserUnAuthenticatedException):
            await elsewhere.get_current_user()


async def test_new_password_required(pool: Pool, auth: AuthClient) -> None:
    """An invited user chooses a password."""
    await pool.on_user("admin_create_user", "ana", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    challenged = await auth.sign_in("ana", PASSWORD)
    assert isinstance(challenged.next_step, steps.ConfirmSignInWithNewPasswordRequired)
    assert (await auth.confirm_sign_in("Better-Horse-2")).is_signed_in
    await auth.sign_out()
    with pytest.raises(errors.NotAuthorizedException):
        await auth.sign_in("ana", PASSWORD)
    assert (await auth.sign_in("ana", "Better-Horse-2")).is_signed_in


async def test_totp(pool: Pool, auth: AuthClient) -> None:
    """An authenticator app is the second factor."""
    await pool.admin(
        "set_user_pool_mfa_config",
        UserPoolId=pool.id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    await pool.add_user("ana", PASSWORD)
    await auth.sign_in("ana", PASSWORD)
    token = await access_token(auth)
    totp = TOTP((await pool.admin("associate_software_token", AccessToken=token))["SecretCode"])
    await pool.admin("verify_software_token", AccessToken=token, UserCode=totp.now())
    preferred = {"Enabled": True, "PreferredMfa": True}
    await pool.admin("set_user_mfa_preference", AccessToken=token, SoftwareTokenMfaSettings=preferred)
    await auth.sign_out()

    challenged = await auth.sign_in("ana", PASSWORD)
    assert isinstance(challenged.next_step, steps.ConfirmSignInWithTotpCode)
    wrong = f"{(int(totp.now()) + 500_000) % 1_000_000:06d}"
    with pytest.raises(errors.CodeMismatchException):
        await auth.confirm_sign_in(wrong)
    assert (await auth.confirm_sign_in(totp.now())).is_signed_in
    assert (await auth.get_current_user()).username == "ana"
