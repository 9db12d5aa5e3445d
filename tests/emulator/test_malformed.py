"""Requests that no client would send: each is refused with a 4xx, and the emulator goes on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel as BotocoreModel
from botocore.model import Shape

from aiocognito.emulator import Clock, CognitoEmulator, strict_json
from aiocognito.emulator.clock import LATEST
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import PASSWORD, OnePair

from .raw_http import Header, exchange

FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
PREFIXES = {
    "cognito-idp": b"AWSCognitoIdentityProviderService.",
    "cognito-identity": b"AWSCognitoIdentityService.",
}
VALUES = (
    b"",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"%00",
    b"=;,=",
    b"a" * 9000,
    b"Bearer \xff",
    b"Basic \xff",
    b"Basic " + b"A" * 3000,
    b"Basic OjpBOkI=",
)
HEADERS = (
    b"X-Amz-Target",
    b"Authorization",
    b"X-Emulator-Token",
    b"Origin",
    b"Cookie",
    b"Content-Type",
    b"Content-Encoding",
    b"Access-Control-Request-Headers",
    b"Sec-Fetch-Site",
    b"Expect",
)
CONTENT_TYPES = (
    b"application/x-www-form-urlencoded",
    b"application/json; charset=nonsense",
    b"application/json; charset=rot13",
    b"text/plain; charset=utf-16",
    b"multipart/form-data",
    b"\xff/\xff",
    b";;;",
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b'"a"',
    b"{",
    b"\xff",
    b"\x00",
    b'{"a":NaN}',
    b'{"a":1e999}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    "{}".encode("utf-16"),
    b'{"Username":"\\ud800","ClientId":"a"}',
    b'{"Username":"\xed\xa0\x80"}',
    b'{"a":1' + b"0" * 5000 + b"}",
    b"a=%ff&b=%00&_csrf=%ff&username=%ff&password=%ed%a0%80&code=x",
    b"a&" * 300,
)
STEERING = (
    b'{"advance":1e300}',
    b'{"advance":-1e300}',
    b'{"advance":1' + b"0" * 400 + b"}",
    b'{"advance":"1"}',
    b'{"operation":5,"status":500}',
    b'{"operation":["x"],"status":500}',
    b'{"operation":"Q","latency":"x"}',
    b'{"operation":"Q","latency":-1}',
    b'{"operation":"Q","status":"abc"}',
    b'{"operation":"Q","status":99}',
    b'{"operation":"Q","status":true}',
    b'{"operation":"Q","error":5}',
    b'{"operation":"Q","error":"A","message":5}',
    b'{"operation":"Q","status":500,"times":"x"}',
    b'{"operation":"Q","status":500,"times":0}',
    b'{"operation":"Q","cut":["x"]}',
    b'{"operation":"Q","malformed":"yes"}',
    b'{"self":1,"operation":"Q"}',
)


@pytest.fixture
async def paths(emulator: CognitoEmulator) -> list[bytes]:
    """Every kind of path that the emulator serves, and some that it does not."""
    pool = await emulator.create_user_pool(client={"CallbackURLs": ["http://localhost/callback"]})
    await pool.add_user("ana", PASSWORD)
    redirect = "http%3A%2F%2Flocalhost%2Fcallback"
    query = f"client_id={pool.client_id}&response_type=code&redirect_uri={redirect}"
    pages = ("oauth2/authorize", "login", "mfa/x", "signup", "confirm/x", "forgotPassword", "idp/x", "logout")
    found = [f"/{page}?{query}".encode() for page in pages]
    plain = "oauth2/token oauth2/userInfo oauth2/revoke oauth2/idpresponse confirmUser error nothing"
    found += [f"/{path}".encode() for path in plain.split()]
    steering = "_emulator/messages _emulator/clock _emulator/faults .well-known/jwks_uri"
    found += [f"/{path}".encode() for path in steering.split()]
    odd = (
        b"/",
        b"//",
        b"/%ff",
        b"/\xff",
        b"/?%ff=%ff",
        b"/%ff/.well-known/jwks.json",
        b"/confirmUser?client_id=%ff",
    )
    return [*found, *odd, f"/{pool.id}/.well-known/openid-configuration".encode()]


async def fine(emulator: CognitoEmulator, *request: Any, **options: Any) -> None:
    answered = await exchange(emulator.url, *request, **options)
    assert answered.status < 500, (request, options, answered)


def hostile_headers(paths: list[bytes]) -> Iterator[tuple[bytes, bytes, list[Header]]]:
    for path in paths:
        for name in HEADERS:
            for value in VALUES:
                for method in (b"GET", b"POST", b"OPTIONS"):
                    yield method, path, [(name, value)]


async def test_headers(emulator: CognitoEmulator, paths: list[bytes]) -> None:
    """Hostile headers never cause a server error."""
    # Each header meets each path and each value; a third of the methods is enough for that.
    for method, path, headers in random.Random(7).sample(list(hostile_headers(paths)), 1500):
        await fine(emulator, method, path, headers, b"{}")


async def test_methods_and_hosts(emulator: CognitoEmulator, paths: list[bytes]) -> None:
    """Unusual methods and hosts never cause a server error."""
    for path in paths:
        for method in (b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"get", b"\xff"):
            await fine(emulator, method, path)
        for host in (
            b"",
            b"\xff",
            b"[::1",
            b"localhost:99999999",
            b"a" * 300 + b".localhost",
            b"..localhost",
        ):
            await fine(emulator, b"GET", path, host=host)


async def test_bodies_and_content_types(emulator: CognitoEmulator, paths: list[bytes]) -> None:
    # aiohttp refuses a path with bytes before it reads the body, and TCP resets what is still on its way.
    for path in [path for path in paths if path.isascii()]:
        for body in BODIES:
            await fine(emulator, b"POST", path, [FORM, (b"Cookie", b"XSRF-TOKEN=\xff")], body)
        for kind in CONTENT_TYPES:
            await fine(emulator, b"POST", path, [(b"Content-Type", kind)], b"\xff=\xfe")


@pytest.mark.parametrize("service", PREFIXES)
async def test_bodies_of_every_operation(emulator: CognitoEmulator, service: str) -> None:
    for name in model_of(service).operation_names:
        for body in (BODIES[0], *random.Random(name).sample(BODIES, 4)):
            await fine(emulator, b"POST", b"/", [(b"X-Amz-Target", PREFIXES[service] + name.encode())], body)


@pytest.mark.parametrize("path", [b"/_emulator/clock", b"/_emulator/faults"])
@pytest.mark.parametrize("body", [*BODIES, *STEERING], ids=lambda body: repr(body[:40]))
async def test_steering_refuses_what_would_fail_later(
    emulator: CognitoEmulator, path: bytes, body: bytes
) -> None:
    for kind in (b"application/json", b"application/json; charset=rot13"):
        answered = await exchange(emulator.url, b"POST", path, [(b"Content-Type", kind)], body)
        assert answered.status == 400
        assert answered.body
    assert emulator.clock.offset == 0
    assert emulator.faults.take("Q") is None


async def test_a_planned_error_fits_into_a_header(emulator: CognitoEmulator) -> None:
    emulator.faults.add("GetUser", error="NotAuthorizedException", message="a\x00b\u2028é")
    emulator.faults._planned["GetUser"][0].error = "Odd\r\nX-Injected: 1"
    target = (b"X-Amz-Target", b"AWSCognitoIdentityProviderService.GetUser")
    answered = await exchange(emulator.url, b"POST", b"/", [target], b"{}")
    assert answered.status == 400
    assert answered.headers["x-amzn-ErrorType"] == "Odd X-Injected: 1:"
    assert answered.headers["x-amzn-ErrorMessage"] == "a b ?"
    assert "X-Injected" not in answered.headers


async def test_an_expectation_that_is_unknown_is_417(emulator: CognitoEmulator) -> None:
    for path in (b"/", b"/nothing"):
        for value, status in ((b"\xff", 417), (b"200-ok", 417)):
            answered = await exchange(emulator.url, b"PUT", path, [(b"Expect", value)])
            assert answered.status == status


async def test_control_characters_stay_out_of_headers(emulator: CognitoEmulator) -> None:
    target = (b"X-Amz-Target", b"AWSCognitoIdentityProviderService.DescribeUserPool")
    answered = await exchange(emulator.url, b"POST", b"/", [target], b'{"UserPoolId": "\\u0000\\u007f"}')
    assert answered.status == 400
    assert "failed to satisfy constraint" in answered.headers["x-amzn-ErrorMessage"]


# Requests of the right shape, with values that are hostile

HOSTILE = (
    "\x00",
    "é" * 50,
    "a" * 3000,
    "",
    "' or 1",
    "\u202e",
    "\U0001f600",
    "us-east-1_\u0661",
    "\u0661\u0662\u0663\u0664\u0665\u0666",
    "1e999",
    "A.B.C",
    "e30.e30.e30",
    "eyJhbGciOiJSUzI1NiJ9.e30.AA",
    "2147483648",
)
ODD: tuple[Any, ...] = (None, True, 1, -1, 1.5, "x", [], {}, [None], 10**30)
KEYS = ("USERNAME", "PASSWORD", "SRP_A", "DEVICE_KEY", "ANSWER", "PREFERRED_CHALLENGE", "REFRESH_TOKEN")


def model_of(service: str) -> BotocoreModel:
    return BotocoreModel(Loader().load_service_model(service, "service-2"), service)


class Values:
    """Draws values for the shapes of botocore's models."""

    def __init__(self, seed: str, known: dict[str, list[str]]) -> None:
        self.random = random.Random(seed)
        self.known = known

    def of(self, shape: Shape | None, depth: int = 0) -> Any:
        if shape is None:
            return {}
        if depth and self.random.random() < 0.05:
            return self.random.choice(ODD)
        draw: dict[str, Callable[[Any, int], Any]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "string": self._string,
        }
        if shape.type_name in draw:
            return draw[shape.type_name](shape, depth + 1)
        if shape.type_name == "boolean":
            return self.random.random() < 0.5
        return self.random.choice([0, 1, -1, 60, 3600, 2**31, 10**18])

    def _structure(self, shape: Any, depth: int) -> dict[str, Any]:
        members = shape.members.items() if depth < 6 else ()
        required = shape.required_members
        return {
            name: self.of(member, depth)
            for name, member in members
            if name in required or self.random.random() < 0.35
        }

    def _list(self, shape: Any, depth: int) -> list[Any]:
        return [self.of(shape.member, depth) for _ in range(self.random.randint(0, 2))]

    def _map(self, shape: Any, depth: int) -> dict[str, Any]:
        return {self.random.choice(KEYS + HOSTILE): self.of(shape.value, depth) for _ in range(3)}

    def _string(self, shape: Any, _depth: int) -> str:
        if shape.enum and self.random.random() < 0.9:
            return str(self.random.choice(shape.enum))
        for part, values in self.known.items():
            if part in shape.name and self.random.random() < 0.8:
                return self.random.choice(values)
        return self.random.choice((*HOSTILE, PASSWORD, "ana", "email", "123456"))


@pytest.mark.parametrize("service", PREFIXES)
async def test_hostile_values_of_every_operation(
    emulator: CognitoEmulator, service: str, caplog: pytest.LogCaptureFixture
) -> None:
    pool = await emulator.create_user_pool()
    identity_pool = await emulator.create_identity_pool(user_pools=[pool])
    await pool.add_user("ana", PASSWORD, attributes={"email": "ana@example.com"})
    known = {"PoolId": [pool.id, identity_pool.id], "ClientId": [pool.client_id], "sername": ["ana"]}
    values = Values("malformed", known)
    model = model_of(service)
    # What it deletes is missing for the rest.
    names = [name for name in model.operation_names if not name.startswith("Delete")]
    for name in [name for name in names for _ in range(6)]:
        body = json.dumps(values.of(model.operation_model(name).input_shape)).encode()
        await fine(emulator, b"POST", b"/", [(b"X-Amz-Target", PREFIXES[service] + name.encode())], body)
    assert "failed inside the emulator" not in caplog.text


async def test_an_attribute_without_a_name_is_refused(emulator: CognitoEmulator) -> None:
    pool = await emulator.create_user_pool()
    nameless = [{"AttributeDataType": "String"}]
    for operation, members in (
        ("AddCustomAttributes", {"UserPoolId": pool.id, "CustomAttributes": nameless}),
        ("CreateUserPool", {"PoolName": "people", "Schema": nameless}),
    ):
        with pytest.raises(
            ValueError, match="InvalidParameterException: Invalid attribute: the name is missing"
        ):
            await emulator.call(operation, **members)


# What the emulator reads with


@pytest.mark.parametrize("body", [body for body in BODIES if body not in {b"null", b"[]", b'"a"'}])
def test_json_that_could_not_be_written_again_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        strict_json.parse(body)


@pytest.mark.parametrize(
    "value", [None, [], "a", "\U0001f600", "\\ud800", {"a": [1, 1.5, 10**30, -0.0, True]}, {"é": "\x00"}]
)
def test_other_json_is_read(value: object) -> None:
    for ascii_only in (True, False):
        assert strict_json.parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    "seconds", [float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 10**400, LATEST, -101]
)
def test_a_clock_stays_where_dates_can_be_written(seconds: float) -> None:
    clock = Clock(lambda: 100.0)
    with pytest.raises(ValueError, match="between 1970 and the year 9000"):
        clock.advance(seconds)
    assert clock() == 100


async def test_a_document_that_is_nested_too_deeply_is_refused(key_pair: KeyPair, tmp_path: Path) -> None:
    """It could not be written to the data directory, nor could any later change."""
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}
    async with CognitoEmulator(data=tmp_path, keys=OnePair(key_pair)) as emulator:
        pool = await emulator.create_user_pool()
        named = {"UserPoolId": pool.id, "ClientId": pool.client_id}
        with pytest.raises(
            ValueError, match="SerializationException: a document must not have more than 100"
        ):
            await emulator.call("CreateManagedLoginBranding", **named, Settings=deep)
        for _ in range(301):
            deep = deep["a"]
        made = await emulator.call("CreateManagedLoginBranding", **named, Settings=deep)
        merged = {**named, "ReturnMergedResources": True}
        described = await emulator.call("DescribeManagedLoginBrandingByClient", **merged)
        assert made["ManagedLoginBranding"]["Settings"] == deep
        assert described["ManagedLoginBranding"]["Settings"]["a"] == deep["a"]
