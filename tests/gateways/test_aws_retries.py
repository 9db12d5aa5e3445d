"""What is tried again, how often, and after how long."""

import random
from contextlib import aclosing

import pytest

from aiocognito import AuthConfig
from aiocognito._gateways.aws.client import AwsClient
from aiocognito._gateways.aws.retry import RetryPolicy
from aiocognito.errors import NetworkError, NotAuthorizedException, ServiceError
from helpers.stub_server import Stub

from .conftest import Connect

SIGN_UP = {"ClientId": "c", "Username": "ana", "Password": "p"}


@pytest.mark.amplify("B2")
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("TooManyRequestsException", 400),
        ("LimitExceededException", 400),
        ("ThrottlingException", 400),
        ("WhateverException", 429),
        ("ThrottlingException", 503),
    ],
)
async def test_three_attempts_on_what_says_not_now(
    client: AwsClient, stub: Stub, code: str, status: int
) -> None:
    stub.refuse(code, status=status)
    with pytest.raises(ServiceError) as caught:
        await client.call("SignUp", SIGN_UP)
    assert len(stub.requests) == 3
    assert (caught.value.name, caught.value.service_status, caught.value.retryable) == (code, status, True)


@pytest.mark.amplify("B2")
async def test_three_attempts_on_a_connection_failure(connect: Connect, sleeps: list[float]) -> None:
    with pytest.raises(NetworkError):
        await connect("http://127.0.0.1:1").call("SignUp", SIGN_UP)
    assert len(sleeps) == 2


@pytest.mark.amplify("B2")
@pytest.mark.parametrize(
    "code",
    [
        "NotAuthorizedException",
        "CodeMismatchException",
        "UserNotFoundException",
        "BadRequestException",
        "InvalidSignatureException",
        "NeverHeardOfException",
    ],
)
async def test_one_attempt_on_a_refusal(client: AwsClient, stub: Stub, code: str) -> None:
    stub.refuse(code)
    with pytest.raises(ServiceError) as caught:
        await client.call("GetUser", {"AccessToken": "t"}, repeatable=True)
    assert len(stub.requests) == 1
    assert caught.value.retryable is False


@pytest.mark.amplify("B3")
async def test_delays_of_200_to_300_and_400_to_500_milliseconds(
    client: AwsClient, stub: Stub, sleeps: list[float]
) -> None:
    stub.refuse("TooManyRequestsException")
    for _ in range(20):
        with pytest.raises(ServiceError):
            await client.call("SignUp", SIGN_UP)
    assert len(sleeps) == 40
    assert all(0.2 <= delay <= 0.3 for delay in sleeps[::2])
    assert all(0.4 <= delay <= 0.5 for delay in sleeps[1::2])
    assert len(set(sleeps)) == 40


@pytest.mark.amplify("B3")
def test_the_bounds_of_the_delays() -> None:
    shortest = RetryPolicy(3, uniform=lambda low, _: low)
    longest = RetryPolicy(3, uniform=lambda _, high: high)
    assert [shortest.delay(n) for n in (1, 2, 3)] == pytest.approx([0.2, 0.4, 0.8])
    assert [longest.delay(n) for n in (1, 2, 3)] == pytest.approx([0.3, 0.5, 0.9])
    assert RetryPolicy(3).uniform == random.uniform


async def test_the_answer_of_a_later_attempt_counts(client: AwsClient, stub: Stub) -> None:
    stub.refuse("TooManyRequestsException")
    stub.refuse("ThrottlingException", status=503)
    stub.reply(json={"UserSub": "s"})
    assert await client.call("SignUp", SIGN_UP) == {"UserSub": "s"}
    assert [request.members for request in stub.requests] == [SIGN_UP] * 3


async def test_a_refusal_after_not_now_ends_it(client: AwsClient, stub: Stub) -> None:
    stub.refuse("TooManyRequestsException")
    stub.refuse("NotAuthorizedException")
    with pytest.raises(NotAuthorizedException):
        await client.call("SignUp", SIGN_UP)
    assert len(stub.requests) == 2


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_the_configuration_says_how_often(stub: Stub, connect: Connect, attempts: int) -> None:
    stub.refuse("TooManyRequestsException")
    with pytest.raises(ServiceError):
        await connect(max_attempts=attempts).call("SignUp", SIGN_UP)
    assert len(stub.requests) == attempts


async def test_the_policy_is_the_configurations_by_default(stub: Stub, connect: Connect) -> None:
    config = AuthConfig(user_pool_id="eu-west-1_abc", user_pool_endpoint=stub.url, max_attempts=1)
    async with aclosing(AwsClient("cognito-idp", config)) as client:
        stub.refuse("TooManyRequestsException")
        with pytest.raises(ServiceError):
            await client.call("SignUp", SIGN_UP)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("fate", ["cut", "cut_body", "garbage"])
async def test_what_was_sent_and_not_answered_is_not_sent_twice(
    client: AwsClient, stub: Stub, fate: str
) -> None:
    stub.reply(fate=fate)
    with pytest.raises(NetworkError) as caught:
        await client.call("SignUp", SIGN_UP)
    assert len(stub.requests) == 1
    assert caught.value.request_sent is True


@pytest.mark.parametrize("fate", ["cut", "cut_body", "garbage"])
async def test_what_is_repeatable_is_sent_again(client: AwsClient, stub: Stub, fate: str) -> None:
    stub.reply(fate=fate)
    stub.reply(fate=fate)
    stub.reply(json={"Username": "ana"})
    assert await client.call("GetUser", {"AccessToken": "t"}, repeatable=True) == {"Username": "ana"}
    assert len(stub.requests) == 3


@pytest.mark.parametrize(
    ("sent", "expected"),
    [((False, False, False), False), ((True, False, False), True), ((False, True), True)],
)
async def test_request_sent_is_true_if_any_attempt_was(sent: tuple[bool, ...], expected: bool) -> None:
    failures = [NetworkError("lost", request_sent=each) for each in sent]

    async def attempt() -> None:
        raise failures.pop(0)

    async def sleep(_: float) -> None:
        pass

    with pytest.raises(NetworkError) as caught:
        await RetryPolicy(len(sent), sleep=sleep).run(attempt, repeatable=True)
    assert caught.value.request_sent is expected
    assert failures == []
    assert caught.value.retryable is True


async def test_what_was_never_sent_may_always_be_tried_again_but_then_only_once_sent() -> None:
    failures = [NetworkError("no way", request_sent=False), NetworkError("lost", request_sent=True)]

    async def attempt() -> None:
        raise failures.pop(0)

    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    with pytest.raises(NetworkError) as caught:
        await RetryPolicy(3, sleep=sleep).run(attempt, repeatable=False)
    assert caught.value.request_sent is True
    assert len(slept) == 1


FAILURES = [
    ("RequestTimeoutException", 400),
    ("InternalErrorException", 500),
    ("WhateverException", 502),
    ("WhateverException", 503),
    ("WhateverException", 504),
]


@pytest.mark.parametrize(("code", "status"), FAILURES)
async def test_a_failure_of_the_service_is_tried_again_where_that_is_repeatable(
    client: AwsClient, stub: Stub, code: str, status: int
) -> None:
    stub.refuse(code, status=status)
    with pytest.raises(ServiceError) as caught:
        await client.call("GetUser", {"AccessToken": "t"}, repeatable=True)
    assert len(stub.requests) == 3
    assert caught.value.retryable is True


@pytest.mark.parametrize(("code", "status"), FAILURES)
async def test_a_failure_of_the_service_may_come_after_the_work_was_done(
    client: AwsClient, stub: Stub, code: str, status: int
) -> None:
    stub.refuse(code, status=status)
    with pytest.raises(ServiceError) as caught:
        await client.call("SignUp", SIGN_UP)
    assert len(stub.requests) == 1
    assert caught.value.retryable is True


@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_response_that_cannot_be_read_is_asked_for_again_where_that_is_repeatable(
    client: AwsClient, stub: Stub, repeatable: bool
) -> None:
    stub.reply(body=b"<html>")
    stub.reply(json={"Username": 5})
    stub.reply(json={"Username": "ana"})
    call = client.call("GetUser", {"AccessToken": "t"}, repeatable=repeatable)
    if repeatable:
        assert await call == {"Username": "ana"}
    else:
        with pytest.raises(ServiceError, match="could not be read"):
            await call
    assert len(stub.requests) == (3 if repeatable else 1)
