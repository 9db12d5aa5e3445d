"""What takes long never happens on the event loop."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from blockbuster import blockbuster_ctx

from aiocognito.errors import AuthConfigError, NetworkError, NotAuthorizedException
from helpers.stub_server import Stub

from .conftest import Connect


async def run_one_call(url: str, environment: dict[str, str]) -> dict[str, list[str]]:
    script = Path(__file__).parent / "one_call.py"
    result = await anyio.run_process([sys.executable, str(script), url], env=environment, check=False)
    assert result.returncode == 0, result.stderr.decode()
    seen: dict[str, list[str]] = json.loads(result.stdout)
    return seen


async def test_the_first_call_imports_and_opens_nothing_on_the_event_loop(
    tls_stub: Stub, certificate: Path
) -> None:
    seen = await run_one_call(tls_stub.url, {**os.environ, "AWS_CA_BUNDLE": str(certificate)})
    assert set(seen["tls"]) == {"thread"}
    assert seen["opened"] == []
    assert not [name for name in seen["imported"] if name.startswith(("aio", "boto"))]
    assert tls_stub.operations == ["GetUser"]


async def test_no_first_use_imports_or_opens_anything_on_the_event_loop(stub: Stub, tmp_path: Path) -> None:
    stub.reply(json={"ChallengeName": "SMS_MFA", "ChallengeParameters": {}, "Session": "S" * 20})
    script = Path(__file__).parent / "first_use.py"
    result = await anyio.run_process([sys.executable, str(script), stub.url, str(tmp_path)], check=False)
    assert result.returncode == 0, result.stderr.decode()
    seen = json.loads(result.stdout)
    assert seen["opened"] == []
    names = {name.partition(".")[0] for name in seen["imported"]}
    assert names <= {"sniffio"}  # which anyio looks for in vain
    assert len(stub.requests) >= 4


async def test_the_environment_and_the_files_of_aws_are_not_looked_at(stub: Stub, tmp_path: Path) -> None:
    aws = tmp_path / ".aws"
    models = aws / "models" / "cognito-idp" / "2099-01-01"
    models.mkdir(parents=True)
    (models / "service-2.json").write_text("no JSON")
    (aws / "config").write_text("no ini file")
    (aws / "credentials").write_text("no ini file")
    environment = {
        "HOME": str(tmp_path),
        "AWS_PROFILE": "missing",
        "AWS_CONFIG_FILE": str(aws / "config"),
        "AWS_DATA_PATH": str(aws / "models"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_DEFAULTS_MODE": "auto",
        "AWS_RETRY_MODE": "adaptive",
    }
    await run_one_call(stub.url, environment)
    assert stub.operations == ["GetUser"]


async def test_nothing_blocks_while_a_client_is_made_and_used(
    connect: Connect, stub: Stub, tls_stub: Stub, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connect().call("GetUser", {"AccessToken": "t"})  # so that there is a session to forget
    from aiocognito._gateways.aws import connection

    connection._own_session.cache_clear()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with blockbuster_ctx():
        client = connect(tls_stub.url)
        await client.call("GetUser", {"AccessToken": "t"})
        await client.aclose()
    connection._own_session.cache_clear()
    assert tls_stub.operations == ["GetUser"]


async def test_a_given_session_is_used_and_left_open(
    connect: Connect, tls_stub: Stub, certificate: Path
) -> None:
    from aiobotocore.session import AioSession

    session = AioSession()
    session.set_config_variable("ca_bundle", str(certificate))
    for _ in range(2):
        client = connect(tls_stub.url, aws_session=session)
        await client.call("GetUser", {"AccessToken": "t"})
        await client.aclose()
    assert tls_stub.operations == ["GetUser", "GetUser"]


async def test_a_given_session_looks_for_no_credentials_and_asks_no_machine_metadata(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiobotocore.session import AioSession
    from aiobotocore.utils import AioIMDSRegionProvider

    asked = []
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")  # asks EC2 where it is, unless it is told not to
    monkeypatch.setattr(AioIMDSRegionProvider, "provide", lambda _: asked.append("region"))
    monkeypatch.setattr(AioSession, "get_credentials", lambda _: asked.append("credentials"))
    await connect(aws_session=AioSession()).call("GetUser", {"AccessToken": "t"})
    assert stub.operations == ["GetUser"]
    assert asked == []


async def test_a_given_sessions_event_handlers_are_called(connect: Connect, stub: Stub) -> None:
    from aiobotocore.session import AioSession

    session = AioSession()

    def trace(params: dict[str, dict[str, str]], **_: object) -> None:
        params["headers"]["x-trace-id"] = "1-2-3"

    session.register("before-call.cognito-identity-provider", trace)
    await connect(aws_session=session).call("GetUser", {"AccessToken": "t"})
    assert stub.requests[0].headers["x-trace-id"] == "1-2-3"


async def test_event_handlers_see_request_id_and_status_and_the_caller_does_not(
    connect: Connect, stub: Stub
) -> None:
    from aiobotocore.session import AioSession

    session, seen = AioSession(), []

    def after(parsed: dict[str, Any], **_: object) -> None:
        seen.append((parsed["ResponseMetadata"], parsed.get("Error")))

    session.register("after-call.cognito-identity-provider", after)
    client = connect(aws_session=session)
    stub.reply(json={"Username": "ana"}, headers={"x-amzn-RequestId": "one"})
    assert await client.call("GetUser", {"AccessToken": "t"}) == {"Username": "ana"}
    refused = {"__type": "NotAuthorizedException", "message": "token-1234567 has expired"}
    stub.reply(400, refused, headers={"x-amzn-RequestId": "two"})
    with pytest.raises(NotAuthorizedException) as caught:
        await client.call("GetUser", {"AccessToken": "token-1234567"})
    assert (caught.value.request_id, caught.value.__cause__, caught.value.__context__) == ("two", None, None)
    assert seen == [
        ({"RequestId": "one", "HTTPStatusCode": 200}, None),
        (
            {"RequestId": "two", "HTTPStatusCode": 400},
            {"Code": "NotAuthorizedException", "Message": str(caught.value)},
        ),
    ]
    assert "token-1234567" not in str(seen)


async def test_an_error_of_an_event_handler_is_raised_as_it_is(connect: Connect, stub: Stub) -> None:
    from aiobotocore.session import AioSession
    from botocore.exceptions import ClientError

    session, error = AioSession(), ClientError({"Error": {"Code": "Mine"}}, "GetUser")

    def fails(**_: object) -> None:
        raise error

    session.register("after-call.cognito-identity-provider", fails)
    with pytest.raises(ClientError) as caught:
        await connect(aws_session=session).call("GetUser", {"AccessToken": "t"})
    assert caught.value is error


async def test_a_given_session_that_waits_while_a_client_is_made_gets_an_error(connect: Connect) -> None:
    from aiobotocore.session import AioSession

    async def wait(**_: object) -> None:
        await asyncio.sleep(0)

    session = AioSession()
    session.register("creating-client-class", wait)
    with pytest.raises(RuntimeError, match="event handler"):
        await connect(aws_session=session).call("GetUser", {"AccessToken": "t"})


async def test_a_ca_bundle_that_is_not_there_is_named(connect: Connect, tls_stub: Stub) -> None:
    from aiobotocore.session import AioSession

    session = AioSession()
    session.set_config_variable("ca_bundle", "/nowhere/ca.pem")
    with pytest.raises(AuthConfigError, match="/nowhere/ca"):
        await connect(tls_stub.url, aws_session=session).call("GetUser", {"AccessToken": "t"})


async def test_an_untrusted_certificate_is_refused(
    connect: Connect, tls_stub: Stub, sleeps: list[float]
) -> None:
    with pytest.raises(NetworkError, match="certificate") as caught:
        await connect(tls_stub.url).call("GetUser", {"AccessToken": "t"})
    assert caught.value.request_sent is False
    assert tls_stub.requests == []
    assert len(sleeps) == 2
