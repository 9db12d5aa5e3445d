"""AWS clients sign with the identity pool's credentials of the moment; signatures are computed here, too."""

import asyncio
import hashlib
import hmac
import logging
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from attrs import evolve
from blockbuster import blockbuster_ctx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aiocognito import AuthClient, MemoryStorage, SessionManager
from aiocognito._jwt import decode_jwt
from aiocognito._models import AuthTokens
from aiocognito.errors import InvalidIdentityPoolIdException, NetworkError, UserUnAuthenticatedException
from aiocognito.integrations.aiobotocore import aws_session
from helpers.clock import Clock
from helpers.stub_server import Request, Stub, stub_server
from helpers.user_pool import CONFIG as SCRIPTED
from helpers.user_pool import ScriptedService, attach, jwt

CONFIG = evolve(
    SCRIPTED, identity_pool_id="eu-central-1:0e1f2a3b-0000-4000-8000-000000000000", allow_guest_access=True
)
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Scripted"


class Lender:
    """Provides the tokens of the signed-in user."""

    def __init__(self) -> None:
        self.name: str | None = None

    async def get_tokens(self, **arguments: Any) -> AuthTokens | None:
        if self.name is None:
            return None
        return AuthTokens(decode_jwt(jwt(sub=self.name)), decode_jwt(jwt(sub=self.name, iss=ISSUER)))


class Identities(ScriptedService):
    """Gives each its own keys, for an hour."""

    issued = 0

    async def call(self, operation: str, params: Any, *, repeatable: bool = False) -> dict[str, Any]:
        await super().call(operation, params)
        if operation == "GetId":
            return {"IdentityId": "eu-central-1:id"}
        self.issued += 1
        return {
            "Credentials": {
                "AccessKeyId": f"ASIA{self.issued}",
                "SecretKey": f"secret-{self.issued}",
                "SessionToken": f"token-{self.issued}",
                "Expiration": datetime.fromtimestamp(self.clock() + 3600, UTC),
            }
        }


@asynccontextmanager
async def person(config: Any = CONFIG) -> AsyncIterator[tuple[AuthClient, Lender, Identities, Clock]]:
    clock, lender = Clock(), Lender()
    identities = Identities(clock)
    async with AuthClient(config, token_provider=lender, clock=clock) as auth:
        attach(auth, identities)
        auth._session.context.connections._identity_pool_service = identities  # type: ignore[assignment]  # a stand-in
        yield auth, lender, identities, clock


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with credentials of its own, which must never be used, and no region."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAOFTHEMACHINE\naws_secret_access_key = machine\n"
    )
    (tmp_path / "config").write_text("[default]\nretries = standard\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "machine")


@pytest.fixture
async def aws() -> AsyncIterator[Stub]:
    async with stub_server() as stub:
        stub.reply(json={"TableNames": []})
        yield stub


async def list_tables(session: AioSession, aws: Stub) -> Request:
    """Call DynamoDB once; return what it was sent."""
    async with session.create_client("dynamodb", endpoint_url=aws.url) as client:
        assert (await client.list_tables())["TableNames"] == []
    return aws.requests[-1]


# Signature Version 4, from its description (docs.aws.amazon.com: "Create a signed AWS API request")


def signature(request: Request, service: str, region: str, secret: str) -> str:
    scheme, _, rest = request.headers["authorization"].partition(" ")
    assert scheme == "AWS4-HMAC-SHA256"
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    names = fields["SignedHeaders"].split(";")
    url = urlsplit(request.path)
    query = sorted(parse_qsl(url.query, keep_blank_values=True))
    payload = request.headers.get("x-amz-content-sha256", hashlib.sha256(request.body).hexdigest())
    canonical = "\n".join(
        [
            request.method,
            url.path,
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query),
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
            "",
            ";".join(names),
            payload,
        ]
    )
    when = request.headers["x-amz-date"]
    scope = f"{when[:8]}/{region}/{service}/aws4_request"
    assert fields["Credential"].partition("/")[2] == scope
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashed}"
    assert fields["Signature"] == hmac.new(key, text.encode(), "sha256").hexdigest()
    return fields["Credential"].partition("/")[0]


def keys(aws: Stub, secrets: list[int]) -> list[str]:
    """The keys that requests were signed with, which must have been those with these secrets."""
    return [
        signature(request, "dynamodb", "eu-central-1", f"secret-{number}")
        for request, number in zip(aws.requests, secrets, strict=True)
    ]


async def test_a_request_is_signed(aws: Stub) -> None:
    async with person() as (auth, lender, identities, _):
        lender.name = "ana"
        session = aws_session(auth)
        assert isinstance(session, AioSession)
        assert identities.calls == []  # nothing is asked before a request is signed
        request = await list_tables(session, aws)
        assert signature(request, "dynamodb", "eu-central-1", "secret-1") == "ASIA1"
        assert request.headers["x-amz-security-token"] == "token-1"
        with pytest.raises(AssertionError):
            signature(request, "dynamodb", "eu-central-1", "secret-2")


async def test_s3_is_signed_too(aws: Stub) -> None:
    async with person() as (auth, _, _, _):
        config = AioConfig(s3={"addressing_style": "path"})
        session = await aws_session(auth)
        async with session.create_client("s3", "us-west-2", endpoint_url=aws.url, config=config) as client:
            aws.reply(204)
            await client.delete_object(Bucket="bucket", Key="a b/ä", VersionId="1")
        request = aws.requests[-1]
        assert (request.method, request.path) == ("DELETE", "/bucket/a%20b/%C3%A4?versionId=1")
        assert signature(request, "s3", "us-west-2", "secret-1") == "ASIA1"


async def test_credentials_are_kept_and_renewed(aws: Stub) -> None:
    async with person() as (auth, _, identities, clock):
        async with aws_session(auth).create_client("dynamodb", endpoint_url=aws.url) as client:
            for _ in range(3):
                await client.list_tables()
            assert identities.issued == 1
            clock.advance(3600)
            await asyncio.gather(*(client.list_tables() for _ in range(10)))
        used = keys(aws, [1] * 3 + [2] * 10)
        assert used == ["ASIA1"] * 3 + ["ASIA2"] * 10
        assert identities.issued == 2


async def test_a_request_is_signed_for_the_user_who_is_signed_in_by_then(aws: Stub) -> None:
    """A client made for one person must not sign in their name when they have left."""
    async with person(evolve(CONFIG, allow_guest_access=False)) as (auth, lender, _, _):
        lender.name = "ana"
        async with aws_session(auth).create_client("dynamodb", endpoint_url=aws.url) as client:
            await client.list_tables()
            lender.name = None
            with pytest.raises(UserUnAuthenticatedException):
                await client.list_tables()
            lender.name = "bob"
            await client.list_tables()
        assert keys(aws, [1, 2]) == ["ASIA1", "ASIA2"]


async def test_an_outage_is_reported_and_the_machine_s_own_credentials_stay_unused(aws: Stub) -> None:
    async with person() as (auth, _, identities, _):
        identities.only("GetId", NetworkError("no answer"))
        async with aws_session(auth).create_client("dynamodb", endpoint_url=aws.url) as client:
            with pytest.raises(NetworkError):
                await client.list_tables()
        assert aws.requests == []


async def test_sessions_share_what_belongs_to_no_user(aws: Stub) -> None:
    async with person() as (ana, _, _, _), person() as (bob, _, theirs, _):
        one, other = await aws_session(ana), await aws_session(bob)
        assert one.get_component("data_loader") is other.get_component("data_loader")
        resolvers = [each._get_internal_component("endpoint_resolver") for each in (one, other)]
        assert resolvers[0] is resolvers[1]
        assert await one.get_credentials() is not await other.get_credentials()
        heard: list[str] = []
        one.get_component("event_emitter").register("before-call", lambda **_: heard.append("one"))
        one.set_config_variable("region", "us-west-1")
        request = await list_tables(other, aws)
        assert heard == []
        assert theirs.issued == 1
        signature(request, "dynamodb", "eu-central-1", "secret-1")


async def test_clients_are_made_off_the_loop(aws: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    create = AioSession._create_client

    async def watched(self: AioSession, *args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread())
        return await create(self, *args, **kwargs)

    monkeypatch.setattr(AioSession, "_create_client", watched)
    async with person() as (auth, _, _, _):
        with blockbuster_ctx():
            await list_tables(aws_session(auth), aws)
            await asyncio.gather(*(list_tables(aws_session(auth), aws) for _ in range(3)))
    assert len(threads) == 4
    assert threading.main_thread() not in threads


async def test_a_region_of_the_environment_comes_first(aws: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    async with person() as (auth, _, _, _):
        signature(await list_tables(aws_session(auth), aws), "dynamodb", "ap-south-1", "secret-1")


async def test_signed_urls(aws: Stub) -> None:
    """URLs are signed with the user's credentials."""
    async with person() as (auth, _, _, _):
        async with aws_session(auth).create_client("s3") as client:
            url = await client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        query = dict(parse_qsl(urlsplit(url).query))
        assert (query.get("AWSAccessKeyId") or query["X-Amz-Credential"]).startswith("ASIA1")


async def test_credentials_as_other_libraries_ask_for_them() -> None:
    async with person() as (auth, _, _, clock):
        credentials = await aws_session(auth).get_credentials()
        frozen = await credentials.get_frozen_credentials()
        assert (frozen.access_key, frozen.secret_key, frozen.token) == ("ASIA1", "secret-1", "token-1")
        clock.advance(3600)
        assert await credentials.get_access_key() == "ASIA2"
        assert await credentials.get_secret_key() == "secret-2"
        assert await credentials.get_token() == "token-2"
        assert await credentials.get_account_id() is None
        # Nothing can be awaited there, and old ones must not be handed out.
        for name in ("access_key", "secret_key", "token"):
            with pytest.raises(NotImplementedError, match="get_frozen_credentials"):
                getattr(credentials, name)
        assert not hasattr(credentials, "nothing")


async def test_services_without_a_session() -> None:
    async with SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage()) as manager:
        with pytest.raises(TypeError, match="AuthClient"):
            aws_session(manager)  # type: ignore[arg-type]  # wrong on purpose
    async with AuthClient(SCRIPTED) as auth:
        with pytest.raises(InvalidIdentityPoolIdException):
            aws_session(auth)


def test_the_page_on_logging_says_how_to_keep_session_tokens_out(caplog: pytest.LogCaptureFixture) -> None:
    """A client of botocore's logs what it signs at DEBUG: the page's setting must end that."""
    credentials = Credentials("AKIAEXAMPLE", "secret-key", "session-t0ken")
    levels = {name: logging.getLogger(name).level for name in ("botocore", "aiobotocore", "httpcore")}
    page = (Path(__file__).parents[2] / "docs" / "logging.md").read_text()
    example = page[page.index("for name in (") : page.index("```", page.index("for name in ("))]

    def sign() -> str:
        caplog.clear()
        request = AWSRequest("GET", "https://bucket.s3.amazonaws.com/key")
        S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
        return caplog.text

    with caplog.at_level(logging.DEBUG):
        try:
            logging.getLogger("botocore").setLevel(logging.NOTSET)
            assert "session-t0ken" in sign()
            exec(example, {"logging": logging})
            assert "session-t0ken" not in sign()
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
