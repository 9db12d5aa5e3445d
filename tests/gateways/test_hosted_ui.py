"""The token endpoint: which of its failures are tried again."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from aiocognito._gateways.aws.retry import RetryPolicy
from aiocognito._gateways.hosted_ui import HostedUi
from aiocognito._gateways.http import Http
from aiocognito.errors import AuthError, NetworkError, OAuthSignInException, ServiceError
from helpers.hosted_ui import config, refused
from helpers.user_pool import jwt

TOKENS = {"access_token": jwt(sub="client"), "expires_in": 3600}
SETTINGS = config(user_pool_client_secret="clients3cr3t")


def lost() -> httpx.Response:
    raise httpx.ReadError("reset")


def refused_connection() -> httpx.Response:
    raise httpx.ConnectError("refused")


class Endpoint:
    """Gives one failing answer, and then tokens."""

    def __init__(self, *failures: Callable[[], httpx.Response]) -> None:
        self.failures = list(failures)
        self.asked = 0
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        assert SETTINGS.oauth is not None
        retries = RetryPolicy(3, sleep=self._sleep)
        self.gateway = HostedUi(SETTINGS, SETTINGS.oauth, Http(self.client), retries=retries)

    async def _sleep(self, _: float) -> None:
        pass

    def _handle(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.failures.pop(0)() if self.failures else httpx.Response(200, json=TOKENS)

    async def exchange(self) -> Any:
        return await self.gateway.exchange_code("code", redirect_uri="https://a", code_verifier="v" * 43)


# An answer, whether it surely did no work, and whether a machine's token is asked for again after it.
FAILURES = [
    pytest.param(refused_connection, True, True, id="not sent"),
    pytest.param(refused("slow_down", status=429), True, True, id="429"),
    pytest.param(lost, False, True, id="lost"),
    pytest.param(refused("server_error", status=503), False, True, id="503"),
    pytest.param(lambda: httpx.Response(502, text="<html>"), False, True, id="502 without JSON"),
    pytest.param(lambda: httpx.Response(200, text="<html>"), False, True, id="200 without JSON"),
    pytest.param(refused("invalid_grant"), False, False, id="400"),
]


@pytest.mark.parametrize(("failure", "did_no_work", "may_pass"), FAILURES)
async def test_a_code_is_sent_again_only_if_it_surely_was_not_used(
    failure: Callable[[], httpx.Response], did_no_work: bool, may_pass: bool
) -> None:
    endpoint = Endpoint(failure)
    if did_no_work:
        assert (await endpoint.exchange()).access_token == TOKENS["access_token"]
    else:
        with pytest.raises((OAuthSignInException, NetworkError)):
            await endpoint.exchange()
    assert endpoint.asked == (2 if did_no_work else 1)


@pytest.mark.parametrize(("failure", "did_no_work", "may_pass"), FAILURES)
async def test_a_machine_s_token_is_asked_for_again_if_that_may_help(
    failure: Callable[[], httpx.Response], did_no_work: bool, may_pass: bool
) -> None:
    endpoint = Endpoint(failure)
    if may_pass:
        assert (await endpoint.gateway.client_credentials(())).access_token == TOKENS["access_token"]
    else:
        with pytest.raises(ServiceError):
            await endpoint.gateway.client_credentials(())
    assert endpoint.asked == (2 if may_pass else 1)


async def test_it_is_tried_as_often_as_configured() -> None:
    endpoint = Endpoint(*[refused("server_error", status=503)] * 5)
    with pytest.raises(AuthError) as failure:
        await endpoint.gateway.client_credentials(())
    assert (endpoint.asked, failure.value.retryable) == (3, True)
