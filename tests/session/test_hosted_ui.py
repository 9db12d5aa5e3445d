"""A sign-in on the hosted UI is completed once, by the session that began it, with valid tokens."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from aiocognito import AuthClient, AuthConfig, AuthEvent, MemoryStorage, errors
from aiocognito._gateways.jwks import RETRY_SECONDS, STALE_SECONDS
from aiocognito.errors import (
    AuthError,
    AuthTokenConfigException,
    AuthUserPoolException,
    InvalidPreferredRedirectUrlException,
    InvalidTokens,
    JwksUnavailableError,
    NetworkError,
    OAuthNotConfigureException,
    OAuthSignInException,
    OAuthStateMismatchException,
    TokenClientError,
    TokenExpiredError,
    TokenIssuerError,
    TokenNonceError,
    TokenSignatureError,
    TokenUseError,
    TokenVerificationError,
    UnexpectedSignInInterruptionException,
    UserAlreadyAuthenticatedException,
)
from helpers.clock import Clock
from helpers.hosted_ui import FakeHostedUi, config, hosted_client, refused
from helpers.tokens import ISSUER, Key, access_claims, key
from helpers.user_pool import signed_in


class Broken:
    """A storage that fails."""

    async def get(self, key: str) -> bytes:
        raise errors.StorageError("the disk is gone")


def heard(client: AuthClient) -> list[AuthEvent]:
    events: list[AuthEvent] = []
    client.hub.listen(events.append)
    return events


def names(events: list[AuthEvent]) -> list[str]:
    return [event.name for event in events]


async def sign_in(client: AuthClient, hosted: FakeHostedUi, **arguments: Any) -> Any:
    request = await client.sign_in_with_redirect(**arguments)
    return await client.complete_sign_in_with_redirect(hosted.come_back(request.url))


# It works


@pytest.mark.amplify("B62")
async def test_there_and_back() -> None:
    """A sign-in at the hosted UI returns with tokens."""
    async with hosted_client() as (client, hosted, _):
        result = await sign_in(client, hosted)
        assert (result.is_signed_in, result.next_step.step, result.custom_state) == (True, "DONE", None)
        (form,) = hosted.forms
        assert form.pop("code_verifier")
        assert form == {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": "https://app.example/callback",
            "client_id": "client",
        }
        assert "authorization" not in hosted.requests[0].headers
        user = await client.get_current_user()
        assert (user.username, user.user_id, user.sign_in_details) == ("ana", "b0b0b0b0-0000", None)


@pytest.mark.amplify("B62")
async def test_tokens_are_the_access_token_s_user_s() -> None:
    for access, username in (({"username": "Google_1"}, "Google_1"), ({"username": None}, "username")):
        async with hosted_client() as (client, hosted, _):
            hosted.access = access
            await sign_in(client, hosted)
            stored = (await client._session.load()).record.tokens
            assert stored is not None
            assert stored.username == username


async def test_a_client_with_a_secret_proves_it_in_the_header() -> None:
    async with hosted_client(config=config(user_pool_client_secret="s3cr3t")) as (client, hosted, _):
        await sign_in(client, hosted)
        assert hosted.requests[-1].headers["authorization"] == "Basic Y2xpZW50OnMzY3IzdA=="
        assert not {"client_id", "client_secret"} & set(hosted.forms[0])


async def test_the_chosen_redirect_url_goes_with_the_code() -> None:
    async with hosted_client() as (client, hosted, _):
        await sign_in(client, hosted, redirect_uri="http://localhost:3000/")
        assert hosted.forms[0]["redirect_uri"] == "http://localhost:3000/"


async def test_without_an_id_token() -> None:
    async with hosted_client(config=config(oauth_scopes=("read/all",))) as (client, hosted, _):
        hosted.id_token = False
        assert (await sign_in(client, hosted)).is_signed_in
        assert hosted.asked == ["/oauth2/token"]
        assert (await client.get_current_user()).username == "ana"


async def test_the_tokens_are_renewed_like_any_others() -> None:
    clock = Clock()
    async with hosted_client(clock=clock) as (client, hosted, service):
        await sign_in(client, hosted)
        service.answer("GetTokensFromRefreshToken", service.tokens(refresh_token=None))
        await client.fetch_auth_session(force_refresh=True, credentials=False)
        assert service.calls[-1][1]["RefreshToken"] == "refresh-of-code-1"
        # What it came by is remembered: signing out ends the hosted UI's session, too.
        assert (await client.sign_out()).logout_url is not None


@pytest.mark.amplify("B63")
async def test_events_in_their_order() -> None:
    async with hosted_client() as (client, hosted, _):
        events = heard(client)
        result = await sign_in(client, hosted, custom_state="/ä?x=1")
        assert result.custom_state == "/ä?x=1"
        assert names(events) == ["customOAuthState", "signInWithRedirect", "signedIn"]
        assert [event.data for event in events] == [
            {"customState": "/ä?x=1"},
            {},
            {"username": "ana", "userId": "b0b0b0b0-0000"},
        ]
        assert {event.session_id for event in events} == {client.session_id}


@pytest.mark.amplify("B63")
async def test_without_a_custom_state_no_event_is_emitted() -> None:
    async with hosted_client() as (client, hosted, _):
        events = heard(client)
        await sign_in(client, hosted)
        assert names(events) == ["signInWithRedirect", "signedIn"]


async def test_another_process_completes_it() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with hosted_client(storage=storage, clock=clock) as (first, _, _):
        request = await first.sign_in_with_redirect(nonce=True, custom_state="x")
    async with hosted_client(storage=storage, clock=clock) as (second, hosted, _):
        result = await second.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert (result.is_signed_in, result.custom_state) == (True, "x")


# Who may begin


@pytest.mark.amplify("B60")
async def test_a_signed_in_session_needs_replace_or_prompt() -> None:
    async with hosted_client() as (client, hosted, service):
        await signed_in(client, service)
        with pytest.raises(UserAlreadyAuthenticatedException):
            await client.sign_in_with_redirect()
        assert (await client._session.load()).record.redirects == ()
        result = await sign_in(client, hosted, prompt="SELECT_ACCOUNT")
        assert result.is_signed_in
        assert (await client.get_current_user()).user_id == "b0b0b0b0-0000"


async def test_a_missing_configuration_raises_before_anything_is_sent() -> None:
    for settings, error in (
        (config(user_pool_id=None), AuthUserPoolException),
        (config(user_pool_client_id=None), AuthUserPoolException),
        (config(oauth=None), OAuthNotConfigureException),
    ):
        async with hosted_client(config=settings) as (client, _, _):
            with pytest.raises(error):
                await client.sign_in_with_redirect()
            with pytest.raises(error):
                await client.complete_sign_in_with_redirect("https://app.example/callback?code=a&state=b")


async def test_a_client_that_borrows_its_tokens() -> None:
    async with hosted_client() as (lender, _, _):
        client = AuthClient(config(), token_provider=lender.token_provider)
        with pytest.raises(AuthTokenConfigException):
            await client.sign_in_with_redirect()
        with pytest.raises(AuthTokenConfigException):
            await client.complete_sign_in_with_redirect("https://app.example/callback?code=a&state=b")
        await client.aclose()


# The state: this session's, once, for ten minutes


async def fails(client: AuthClient, url: str, error: type[AuthError]) -> AuthError:
    """Complete with a URL that must be refused: the session stays signed out, and the failure is emitted."""
    events = heard(client)
    with pytest.raises(error) as failure:
        await client.complete_sign_in_with_redirect(url)
    assert names(events) == ["signInWithRedirect_failure"]
    assert events[0].data == {"error": failure.value}
    assert (await client.fetch_auth_session(credentials=False)).tokens is None
    return failure.value


@pytest.mark.amplify("B61")
async def test_an_unknown_state_is_refused() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url)
        for state in (request.state + "x", request.state[:-1], request.state.swapcase(), "ä", "-"):
            changed = back.replace(request.state, state)
            error = await fails(client, changed, OAuthStateMismatchException)
            assert error.name == "oauthSignInError"
            assert isinstance(error, OAuthSignInException)
            assert errors.http_status_for(error) == 401
        assert hosted.requests == []
        assert (await client.complete_sign_in_with_redirect(back)).is_signed_in


async def test_the_state_of_another_session_is_refused() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with (
        hosted_client(storage=storage, clock=clock, session_key="attacker") as (attacker, hosted, _),
        hosted_client(storage=storage, clock=clock, session_key="victim") as (victim, theirs, _),
    ):
        request = await attacker.sign_in_with_redirect()
        await victim.sign_in_with_redirect()
        await fails(victim, hosted.come_back(request.url), OAuthStateMismatchException)
        assert theirs.requests == []


async def test_a_callback_counts_once() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url)
        await client.complete_sign_in_with_redirect(back)
        with pytest.raises(OAuthStateMismatchException):
            await client.complete_sign_in_with_redirect(back)
        assert len(hosted.forms) == 1
        # The session stays signed in.
        assert (await client.get_current_user()).username == "ana"


async def test_only_one_of_two_concurrent_callbacks_succeeds() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url)
        outcomes = await asyncio.gather(
            *(client.complete_sign_in_with_redirect(back) for _ in range(5)), return_exceptions=True
        )
        assert sum(isinstance(outcome, OAuthStateMismatchException) for outcome in outcomes) == 4
        assert len(hosted.forms) == 1


async def test_the_state_is_spent_before_the_code_is_exchanged() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        seen: list[Any] = []

        async def look() -> None:
            record = (await client._session.load()).record
            seen.extend((each.state, each.code_verifier) for each in record.redirects)

        hosted.before = look
        await client.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert seen == [(None, "")]


@pytest.mark.parametrize(("seconds", "counts"), [(599.0, True), (600.0, False)])
async def test_a_state_lives_ten_minutes(seconds: float, counts: bool) -> None:
    clock = Clock()
    async with hosted_client(clock=clock) as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        clock.advance(seconds)
        back = hosted.come_back(request.url)
        if counts:
            assert (await client.complete_sign_in_with_redirect(back)).is_signed_in
        else:
            await fails(client, back, OAuthStateMismatchException)


async def test_nothing_is_left_of_a_redirect_without_a_callback() -> None:
    clock = Clock()
    storage = MemoryStorage(clock=clock)
    async with hosted_client(storage=storage, clock=clock) as (client, _, _):
        await client.sign_in_with_redirect()
        clock.advance(300)
        await client.sign_in_with_redirect()
        clock.advance(599)
        assert len((await client._session.load()).record.redirects) == 1
        clock.advance(1)
        assert await storage.get(client._session.storage_key) is None


async def test_five_may_be_pending_and_the_oldest_leaves() -> None:
    async with hosted_client() as (client, hosted, _):
        requests = [await client.sign_in_with_redirect() for _ in range(6)]
        await fails(client, hosted.come_back(requests[0].url), OAuthStateMismatchException)
        assert (await client.complete_sign_in_with_redirect(hosted.come_back(requests[1].url))).is_signed_in


async def test_pending_redirects_end_with_a_sign_in() -> None:
    """A redirect planted before a sign-in must not let another account take over afterwards."""
    async with hosted_client() as (client, hosted, service):
        planted = await client.sign_in_with_redirect()
        await signed_in(client, service)
        with pytest.raises(OAuthStateMismatchException):
            await client.complete_sign_in_with_redirect(hosted.come_back(planted.url))
        assert (await client.get_current_user()).user_id == "sub-of-ana"


# What comes back instead of a code


@pytest.mark.amplify("B61")
async def test_an_error_is_reported_as_it_came() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(
            request.url, code=None, error="access_denied", error_description="User cancelled: ä"
        )
        error = await fails(client, back, OAuthSignInException)
        assert type(error) is OAuthSignInException
        assert (str(error), error.name) == ("User cancelled: ä", "OAuthSignInException")
        assert (error.error, error.error_description) == ("access_denied", "User cancelled: ä")
        assert hosted.requests == []


@pytest.mark.amplify("B63")
async def test_a_failure_clears_what_was_kept_of_it_and_nothing_else() -> None:
    async with hosted_client() as (client, hosted, _):
        failed, other = [await client.sign_in_with_redirect() for _ in range(2)]
        await fails(client, hosted.come_back(failed.url, error="x"), OAuthSignInException)
        await fails(client, hosted.come_back(failed.url), OAuthStateMismatchException)
        record = (await client._session.load()).record
        assert [each.state for each in record.redirects] == [other.state]


async def test_an_error_of_a_strange_state_ends_nothing() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        for query in ("error=server_error", "error=server_error&state=strange"):
            error = await fails(client, f"https://app.example/callback?{query}", OAuthStateMismatchException)
            assert "server_error" not in repr(error)
        assert (await client.complete_sign_in_with_redirect(hosted.come_back(request.url))).is_signed_in


@pytest.mark.parametrize("missing", [{"code": None}, {"code": None, "state": None}])
async def test_a_callback_without_a_code_means_that_the_user_cancelled(missing: dict[str, None]) -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        error = await fails(client, hosted.come_back(request.url, **missing), OAuthSignInException)
        assert str(error) == "the sign-in was cancelled: the browser came back without a code"


async def test_a_code_without_a_state_has_a_clear_error() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        error = await fails(client, hosted.come_back(request.url, state=None), OAuthStateMismatchException)
        assert "with a code and without a state" in str(error)
        assert "sign_in_with_redirect" in str(error.recovery_suggestion)
        assert hosted.requests == []
        assert len((await client._session.load()).record.redirects) == 1


async def test_a_long_error_is_cut() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url, code=None, error="x" * 9000, error_description="y" * 9000)
        error = await fails(client, back, OAuthSignInException)
        assert isinstance(error, OAuthSignInException)
        assert len(str(error)) == len(error.error or "") == len(error.error_description or "") == 1000


async def test_the_scope_openid_without_an_id_token_is_refused() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        hosted.id_token = False
        error = await fails(client, hosted.come_back(request.url), InvalidTokens)
        assert "openid" in str(error)


async def test_without_configured_scopes_an_id_token_may_be_missing() -> None:
    async with hosted_client(config=config(oauth_scopes=())) as (client, hosted, _):
        hosted.id_token = False
        assert (await sign_in(client, hosted)).is_signed_in


async def test_messages_of_the_token_endpoint_are_masked_and_cut() -> None:
    settings = config(user_pool_client_secret="clients3cr3t")
    async with hosted_client(config=settings) as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url)

        def echo() -> httpx.Response:
            form, sent = hosted.forms[-1], hosted.requests[-1]
            basic = sent.headers["authorization"]
            quoted = f"{form['code']} {form['code_verifier']} {basic} clients3cr3t {sent.content.decode()}"
            return httpx.Response(
                400, json={"error": "invalid_grant", "error_description": quoted + "x" * 9000}
            )

        hosted.answer = echo
        error = await fails(client, back, OAuthSignInException)
        assert isinstance(error, OAuthSignInException)
        form = hosted.forms[-1]
        secrets = (form["code"], form["code_verifier"], "clients3cr3t", "Y2xpZW50OmNsaWVudHMzY3IzdA==")
        seen: BaseException | None = error
        while seen is not None:
            assert not [secret for secret in secrets if secret in f"{seen!r} {vars(seen)}"]
            assert len(str(seen)) <= 1000
            seen = seen.__cause__ or seen.__context__
        assert (error.error, "***" in str(error)) == ("invalid_grant", True)


@pytest.mark.parametrize("error", ["x" * 101, "clients3cr3t", 'a"b', "ä"])
async def test_an_error_code_of_another_form_is_not_passed_on(error: str) -> None:
    settings = config(user_pool_client_secret="clients3cr3t")
    async with hosted_client(config=settings) as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        hosted.answer = refused(error)
        failure = await fails(client, hosted.come_back(request.url), OAuthSignInException)
        assert isinstance(failure, OAuthSignInException)
        assert failure.error is None
        assert error not in str(failure)


# What the token endpoint answers


@pytest.mark.parametrize(
    ("answer", "message", "said", "status"),
    [
        (refused("invalid_grant"), "invalid_grant", ("invalid_grant", None), 401),
        (refused("invalid_grant", "code expired"), "code expired", ("invalid_grant", "code expired"), 401),
        (refused("invalid_client", status=200), "invalid_client", ("invalid_client", None), 503),
        (refused("unauthorized_client"), "unauthorized_client", ("unauthorized_client", None), 503),
        (refused("server_error", status=503), "server_error", ("server_error", None), 502),
        (refused("slow_down", "later", status=429), "later", ("slow_down", "later"), 429),
        (lambda: httpx.Response(404, text="<html>s3cr3t"), "HTTP 404", (None, None), 401),
        (lambda: httpx.Response(200, text="s3cr3t"), "HTTP 200", (None, None), 401),
        (lambda: httpx.Response(200, json=[]), "HTTP 200", (None, None), 401),
        (lambda: httpx.Response(400, json={"error": 5}), "HTTP 400", (None, None), 401),
    ],
)
async def test_a_refusal_of_the_token_endpoint_is_raised_with_its_error(
    answer: Callable[[], httpx.Response], message: str, said: tuple[str | None, str | None], status: int
) -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        hosted.answer = answer
        error = await fails(client, hosted.come_back(request.url), OAuthSignInException)
        assert str(error).endswith(message)
        assert isinstance(error, OAuthSignInException)
        assert (error.error, error.error_description) == said
        assert error.service_status == answer().status_code
        assert error.retryable is (status in (429, 502))
        assert errors.http_status_for(error) == status
        assert "s3cr3t" not in repr(error)
        assert (await client._session.load()).record.redirects == ()


@pytest.mark.parametrize("body", [{"token_type": "Bearer"}, {"access_token": ""}, {"access_token": "x"}])
async def test_success_without_an_access_token(body: dict[str, str]) -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        hosted.answer = lambda: httpx.Response(200, json=body)
        await fails(client, hosted.come_back(request.url), InvalidTokens)


async def test_a_code_that_was_sent_is_not_sent_again() -> None:
    async with hosted_client(config=config(max_attempts=3)) as (client, hosted, _):
        request = await client.sign_in_with_redirect()

        def cut() -> httpx.Response:
            raise httpx.ReadError("gone")

        hosted.answer = cut
        error = await fails(client, hosted.come_back(request.url), NetworkError)
        assert isinstance(error, NetworkError)
        assert error.request_sent
        assert len(hosted.forms) == 1


# The id token must hold


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"aud": "other"}, TokenClientError),
        ({"iss": ISSUER + "x"}, TokenIssuerError),
        ({"token_use": "access", "client_id": "client"}, TokenUseError),
        ({"exp": 1}, TokenExpiredError),
        ({"nonce": "other"}, TokenNonceError),
        ({"nonce": None}, TokenNonceError),
        ({"nonce": 5}, TokenNonceError),
        ({"sub": "another user"}, InvalidTokens),
    ],
)
async def test_an_id_token_that_does_not_hold(claims: dict[str, Any], error: type[AuthError]) -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect(nonce=True)
        hosted.claims = claims
        failure = await fails(client, hosted.come_back(request.url), error)
        assert isinstance(failure, TokenVerificationError | InvalidTokens)


async def test_a_matching_nonce_and_one_that_was_not_requested() -> None:
    for nonce in (True, "n-1", None):
        async with hosted_client() as (client, hosted, _):
            hosted.claims = {} if nonce else {"nonce": "unasked"}
            assert (await sign_in(client, hosted, nonce=nonce)).is_signed_in


async def test_a_nonce_needs_an_id_token() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect(nonce=True)
        hosted.id_token = False
        assert "openid" in str(await fails(client, hosted.come_back(request.url), TokenNonceError))


async def test_an_id_token_of_another_key() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        thief = Key("key-1", key("thief").private)
        hosted.jwks = lambda: httpx.Response(200, json={"keys": [thief.jwk]})
        await fails(client, hosted.come_back(request.url), TokenSignatureError)


async def test_unavailable_keys_do_not_end_a_sign_in() -> None:
    clock = Clock()
    async with hosted_client(clock=clock) as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url)
        published, hosted.jwks = hosted.jwks, lambda: httpx.Response(500)
        error = await fails(client, back, JwksUnavailableError)
        assert errors.http_status_for(error) == 503
        assert hosted.forms == []
        assert [each.state for each in (await client._session.load()).record.redirects] == [request.state]
        hosted.jwks = published
        clock.advance(RETRY_SECONDS)
        assert (await client.complete_sign_in_with_redirect(back)).is_signed_in


async def test_keys_are_fetched_once_and_before_the_code_is_exchanged() -> None:
    async with hosted_client() as (client, hosted, _):
        await sign_in(client, hosted)
        await client.sign_out()
        await sign_in(client, hosted)
        assert [path.rpartition("/")[2] for path in hosted.asked] == ["jwks.json", "token", "token"]


async def test_keys_that_went_stale_do_in_an_outage() -> None:
    clock = Clock()
    async with hosted_client(clock=clock) as (client, hosted, _):
        await sign_in(client, hosted)
        await client.sign_out()
        clock.advance(STALE_SECONDS)
        hosted.jwks = lambda: httpx.Response(500)
        assert (await sign_in(client, hosted)).is_signed_in


async def test_a_key_that_came_meanwhile_and_cannot_be_had() -> None:
    async with hosted_client() as (client, hosted, _):
        await sign_in(client, hosted)
        await client.sign_out()
        request = await client.sign_in_with_redirect()
        back = hosted.come_back(request.url)
        hosted.jwks = lambda: httpx.Response(500)
        hosted.key = key("key-2")
        await fails(client, back, JwksUnavailableError)


async def test_without_scopes_cognito_gives_all_and_the_id_token_is_among_them() -> None:
    async with hosted_client(config=config(oauth_scopes=())) as (client, hosted, _):
        hosted.jwks = lambda: httpx.Response(500)
        request = await client.sign_in_with_redirect()
        await fails(client, hosted.come_back(request.url), JwksUnavailableError)
        assert hosted.forms == []


async def test_the_first_error_is_raised_if_the_storage_fails_afterwards() -> None:
    async with hosted_client() as (client, hosted, _):
        back = hosted.come_back((await client.sign_in_with_redirect()).url)
        hosted.answer = refused("invalid_grant")
        storage = client._session.context.storage

        async def break_storage() -> None:
            client._session.context.storage = Broken()  # type: ignore[assignment]  # a stand-in

        hosted.before = break_storage
        with pytest.raises(OAuthSignInException, match="invalid_grant"):
            await client.complete_sign_in_with_redirect(back)
        client._session.context.storage = storage
        assert [each.state for each in (await client._session.load()).record.redirects] == [None]


# Others do something meanwhile


@pytest.mark.parametrize("refusal", [False, True])
async def test_signing_out_meanwhile_wins(refusal: bool) -> None:
    async with hosted_client() as (client, hosted, service):
        if refusal:
            service.refuse("RevokeToken", "InternalErrorException")
        request = await client.sign_in_with_redirect()

        async def sign_out() -> None:
            await client.sign_out()

        hosted.before = sign_out
        with pytest.raises(UnexpectedSignInInterruptionException):
            await client.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert (await client.fetch_auth_session(credentials=False)).tokens is None
        assert service.calls[-1] == (
            "RevokeToken",
            {"Token": "refresh-of-code-1", "ClientId": "client"},
        )


async def test_without_a_refresh_token_there_is_nothing_to_revoke() -> None:
    async with hosted_client(config=config(oauth_scopes=("read/all",))) as (client, hosted, service):
        request = await client.sign_in_with_redirect()
        token = key().token(access_claims())
        hosted.answer = lambda: httpx.Response(200, json={"access_token": token})

        async def sign_out() -> None:
            await client.sign_out()

        hosted.before = sign_out
        with pytest.raises(UnexpectedSignInInterruptionException):
            await client.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert service.operations() == []


async def test_signing_in_meanwhile_wins() -> None:
    async with hosted_client() as (client, hosted, service):
        request = await client.sign_in_with_redirect()

        async def other() -> None:
            await signed_in(client, service)

        hosted.before = other
        with pytest.raises(UnexpectedSignInInterruptionException):
            await client.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert (await client.get_current_user()).user_id == "sub-of-ana"


async def test_a_caller_who_leaves_does_not_stop_it() -> None:
    async with hosted_client() as (client, hosted, _):
        request = await client.sign_in_with_redirect()
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            arrived.set()
            await go_on.wait()

        hosted.before = wait
        caller = asyncio.create_task(client.complete_sign_in_with_redirect(hosted.come_back(request.url)))
        await arrived.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        done = asyncio.Event()
        client.hub.listen(lambda event: done.set(), events=["signedIn"])
        go_on.set()
        await done.wait()
        assert (await client.get_current_user()).username == "ana"


# Signing out


@pytest.mark.amplify("B57")
async def test_a_user_of_the_hosted_ui_is_signed_out_there_too() -> None:
    async with hosted_client() as (client, hosted, service):
        await sign_in(client, hosted)
        events = heard(client)
        result = await client.sign_out()
        assert service.operations() == ["RevokeToken"]
        assert names(events) == ["signedOut"]
        assert result.revoked
        assert result.logout_url == (
            "https://auth.example/logout?client_id=client&logout_uri=https%3A%2F%2Fapp.example%2Fbye"
        )
        assert (await client.sign_out()).logout_url is None


@pytest.mark.amplify("B57")
async def test_globally_too() -> None:
    """A global sign-out also returns the URL that ends the session of the hosted UI."""
    async with hosted_client() as (client, hosted, service):
        await sign_in(client, hosted)
        result = await client.sign_out(global_sign_out=True, redirect_uri="http://localhost:3000/bye")
        assert service.operations() == ["GlobalSignOut"]
        assert result.logout_url is not None
        assert result.logout_url.endswith("&logout_uri=http%3A%2F%2Flocalhost%3A3000%2Fbye")


@pytest.mark.amplify("B57")
async def test_another_user_is_sent_to_the_hosted_ui_only_on_request() -> None:
    async with hosted_client() as (client, _, service):
        await signed_in(client, service)
        assert (await client.sign_out()).logout_url is None
        await signed_in(client, service)
        assert (await client.sign_out(redirect_uri="https://app.example/bye")).logout_url is not None


@pytest.mark.amplify("B58")
@pytest.mark.parametrize(
    "uri", ["https://app.example/by", "https://evil.example/", "https://app.example/callback"]
)
async def test_a_bad_redirect_url_is_reported_after_the_sign_out(uri: str) -> None:
    async with hosted_client() as (client, hosted, service):
        await sign_in(client, hosted)
        events = heard(client)
        result = await client.sign_out(redirect_uri=uri)
        assert isinstance(result.error, InvalidPreferredRedirectUrlException)
        assert (result.revoked, result.logout_url) == (True, None)
        assert service.operations() == ["RevokeToken"]
        assert names(events) == ["signedOut"]
        assert (await client.fetch_auth_session(credentials=False)).tokens is None


@pytest.mark.amplify("B58")
async def test_without_a_hosted_ui_every_redirect_url_is_a_bad_one() -> None:
    async with hosted_client(config=config(oauth=None)) as (client, _, _):
        result = await client.sign_out(redirect_uri="https://app.example/bye")
        assert isinstance(result.error, InvalidPreferredRedirectUrlException)
        assert result.logout_url is None


@pytest.mark.amplify("B58")
async def test_cognitos_refusal_is_raised_first() -> None:
    async with hosted_client() as (client, hosted, service):
        await sign_in(client, hosted)
        service.refuse("RevokeToken", "InternalErrorException")
        result = await client.sign_out(redirect_uri="https://evil.example/")
        assert isinstance(result.error, errors.InternalErrorException)
        assert (result.revoked, result.logout_url) == (False, None)


async def test_without_a_sign_out_redirect_the_result_has_no_url() -> None:
    async with hosted_client(config=config(oauth_redirect_sign_out=())) as (client, hosted, _):
        await sign_in(client, hosted)
        result = await client.sign_out()
        assert (result.revoked, result.logout_url) == (True, None)


# Nothing secret is told


async def test_no_secret_is_in_a_log_a_repr_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with hosted_client(config=config(user_pool_client_secret="s3cr3tOfTheClient")) as (
        client,
        hosted,
        _,
    ):
        events = heard(client)
        request = await client.sign_in_with_redirect(nonce=True)
        verifier = (await client._session.load()).record.redirects[0].code_verifier
        record = repr(await client._session.load())
        told = [
            repr(request),
            record,
            repr(await client.complete_sign_in_with_redirect(hosted.come_back(request.url))),
        ]
        again = await client.sign_in_with_redirect(prompt="LOGIN")
        hosted.answer = refused("invalid_grant")
        with pytest.raises(OAuthSignInException) as failure:
            await client.complete_sign_in_with_redirect(hosted.come_back(again.url))
        told += traceback.format_exception(failure.value)
        told += [repr(events), caplog.text, repr(hosted.forms[:0])]
        for secret in (request.state, again.state, verifier, "code-1", "code-2", "s3cr3t", "refresh-of"):
            assert secret not in "".join(told)


def test_a_redirect_request_as_json() -> None:
    from aiocognito._models import RedirectRequest

    assert RedirectRequest("https://a/", "s").to_dict() == {"url": "https://a/", "state": "s"}


async def test_keys_are_fetched_from_a_configured_endpoint() -> None:
    settings = config(user_pool_endpoint="http://127.0.0.1:9229")
    async with hosted_client(config=settings) as (client, hosted, _):
        await sign_in(client, hosted)
        assert str(hosted.requests[0].url) == "http://127.0.0.1:9229/us-east-1_Signed/.well-known/jwks.json"
        assert isinstance(settings, AuthConfig)


async def test_a_configured_jwks_uri_is_used_with_any_endpoint() -> None:
    settings = config(
        user_pool_endpoint="http://127.0.0.1:9229", jwks_uri="https://keys.example/pool/jwks.json"
    )
    async with hosted_client(config=settings) as (client, hosted, _):
        await sign_in(client, hosted)
        assert str(hosted.requests[0].url) == "https://keys.example/pool/jwks.json"
