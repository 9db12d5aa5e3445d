"""No secret of a call is in a log, an error, or what an error stands for."""

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator

import pytest

from aiocognito._gateways.aws.client import AwsClient
from aiocognito.errors import AuthError
from helpers.stub_server import Stub

from .conftest import Connect

SECRETS = {
    "password": "correct-horse-battery",
    "secret hash": "c2VjcmV0LWhhc2g=",
    "session": "AYABe-cognito-session",
    "access token": "eyJ.access.token",
    "refresh token": "eyJ.refresh.token",
    "next session": "AYABe-next-session",
    "garbled": "garbled-token",
}
REQUEST = {
    "AuthFlow": "USER_PASSWORD_AUTH",
    "ClientId": "c",
    "Session": SECRETS["session"],
    "AuthParameters": {
        "USERNAME": "ana",
        "PASSWORD": SECRETS["password"],
        "SECRET_HASH": SECRETS["secret hash"],
    },
}
RESULT = {
    "Session": SECRETS["next session"],
    "AuthenticationResult": {
        "AccessToken": SECRETS["access token"],
        "RefreshToken": SECRETS["refresh token"],
    },
}


def assert_no_secret(text: str) -> None:
    assert [name for name, secret in SECRETS.items() if secret in text] == []


class Recorder(logging.Handler):
    """Keeps everything that a record says, would say when formatted, and was made of."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records = 0
        self.text: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(pathname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        self.text += [self.format(record), repr(record.__dict__), repr(record.args)]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Everything that is logged while the root logger is at DEBUG."""
    root, recorder = logging.getLogger(), Recorder()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(recorder)
    yield recorder
    root.removeHandler(recorder)
    root.setLevel(level)


Tell = Callable[[Stub], None]
OUTCOMES: dict[str, Tell] = {
    "success": lambda stub: stub.reply(json=RESULT),
    "refused": lambda stub: stub.refuse("NotAuthorizedException", f"{SECRETS['password']} is wrong"),
    "throttled": lambda stub: stub.refuse("TooManyRequestsException"),
    "not JSON": lambda stub: stub.reply(body=f"<p>{SECRETS['garbled']}, {SECRETS['password']}".encode()),
    "truncated JSON": lambda stub: stub.reply(body=b'{"AccessToken": "garbled-token'),
    "wrong kind": lambda stub: stub.reply(json=[SECRETS["garbled"]]),
    "cut": lambda stub: stub.reply(fate="cut"),
    "cut body": lambda stub: stub.reply(fate="cut_body"),
    "not HTTP": lambda stub: stub.reply(fate="garbage"),
    "no answer": lambda stub: stub.reply(fate="hang"),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_nothing_of_a_body_is_logged(
    connect: Connect, stub: Stub, recorder: Recorder, outcome: str
) -> None:
    asyncio.get_running_loop().set_debug(True)
    asyncio.get_running_loop().slow_callback_duration = 0.0
    OUTCOMES[outcome](stub)
    client = connect(read_timeout=0.05)
    try:
        await client.call("InitiateAuth", REQUEST, repeatable=True)
    except AuthError:
        logging.getLogger("a.service").exception("sign-in failed")
    finally:
        asyncio.get_running_loop().set_debug(False)
    assert recorder.records > 5
    assert_no_secret("\n".join(recorder.text))


async def test_nothing_is_logged_of_a_cancelled_call(
    connect: Connect, stub: Stub, recorder: Recorder
) -> None:
    client = connect()
    stub.reply(fate="hang", json=RESULT)
    call = asyncio.create_task(client.call("InitiateAuth", REQUEST))
    await stub.asked()
    call.cancel()
    await asyncio.wait([call])
    await client.aclose()
    assert_no_secret("\n".join(recorder.text))


def everything_about(error: BaseException) -> Iterator[str]:
    """Yield what can be seen of an error and of every error behind it."""
    yield "".join(traceback.format_exception(error))
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        each = queue.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield f"{each!r} {each} {each.args!r} {vars(each)!r} {getattr(each, '__notes__', '')}"
        queue += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


@pytest.mark.parametrize("outcome", [name for name in OUTCOMES if name != "success"])
async def test_no_error_holds_a_secret(connect: Connect, stub: Stub, outcome: str) -> None:
    OUTCOMES[outcome](stub)
    with pytest.raises(AuthError) as caught:
        await connect(read_timeout=0.05).call("InitiateAuth", REQUEST, repeatable=True)
    assert_no_secret("\n".join(everything_about(caught.value)))
    assert_no_secret(pickle.dumps(caught.value).decode("latin-1"))


async def test_a_message_that_quotes_the_request_is_masked(client: AwsClient, stub: Stub) -> None:
    stub.refuse("InvalidParameterException", f"Value '{SECRETS['password']}' for ana is refused")
    with pytest.raises(AuthError) as caught:
        await client.call("InitiateAuth", REQUEST)
    assert str(caught.value) == "Value '***' for ana is refused"


async def test_a_client_holds_no_secret(client: AwsClient, stub: Stub) -> None:
    stub.reply(json=RESULT)
    await client.call("InitiateAuth", REQUEST)
    assert_no_secret(repr(vars(client)) + repr(vars(client._connection)))
