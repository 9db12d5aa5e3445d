"""The libraries that are measured beside ours, and how they are called."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import shutil
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import boto3
from attrs import field, frozen
from botocore.config import Config
from pycognito.aws_srp import AWSSRP

from aiocognito import AuthConfig

from . import stub

NODE = Path(__file__).parent / "node"
AT_ONCE = 50
T = TypeVar("T")


@frozen
class Amplify:
    """amplify-js in a Node process of its own."""

    process: subprocess.Popen[str]
    version: str
    jwt_verify: str
    node: str

    def ask(self, command: str, **options: object) -> dict[str, float]:
        numbers: dict[str, float] = _ask(self.process, command, **options)
        return numbers


def _ask(process: subprocess.Popen[str], command: str, **options: object) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"command": command, **options}) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise RuntimeError(f"amplify-js: {answer['error']}")
    return answer


def install_node_packages() -> None:
    """Install what the lock file of the JavaScript peers names, once."""
    if not (NODE / "node_modules" / "aws-jwt-verify").exists():
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=NODE,
            check=True,
        )


@contextmanager
def amplify(url: str) -> Iterator[Amplify | None]:
    """Start amplify-js, having installed what its lock file names; None without Node."""
    if not (shutil.which("node") and shutil.which("npm")):
        yield None
        return
    install_node_packages()
    with subprocess.Popen(
        ["node", "driver.mjs"],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        about = _ask(process, "configure", pool=stub.POOL, client=stub.CLIENT, endpoint=url)
        yield Amplify(process, about["version"], about["jwtVerify"], about["node"])
        assert process.stdin is not None
        process.stdin.close()


@frozen
class Bench:
    """What every benchmark is given.

    Args:
        quick: Whether fewer repetitions must do.
        url: The stub server.
        amplify: The JavaScript peer, if Node is there.
        loop: The event loop that everything asynchronous runs on.
    """

    quick: bool
    url: str
    amplify: Amplify | None
    loop: asyncio.Runner = field(repr=False)

    @property
    def config(self) -> AuthConfig:
        return AuthConfig(
            user_pool_id=stub.POOL, user_pool_client_id=stub.CLIENT, user_pool_endpoint=self.url
        )

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 7

    def scaled(self, times: int, *, quick: int) -> int:
        """How often to repeat."""
        return quick if self.quick else times

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    def boto3_client(self) -> Any:
        config = Config(max_pool_connections=AT_ONCE)
        return boto3.client("cognito-idp", region_name="eu-west-1", endpoint_url=self.url, config=config)


def pycognito_sign_in(client: Any) -> None:
    """One sign-in by pycognito."""
    AWSSRP("ana", stub.PASSWORD, stub.POOL, stub.CLIENT, client=client).authenticate_user()


async def together(times: int, workers: int, call: Any) -> None:
    """Await `call()` so many times, so many at once."""
    left = iter(range(times))

    async def worker() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(worker() for _ in range(workers)))


def versions(amplify_js: Amplify | None) -> dict[str, str]:
    """Of everything that was measured."""
    names = ["pycognito", "boto3", "botocore", "aiobotocore", "aiohttp", "gmpy2"]
    names += ["cryptography", "python-jose", "joserfc", "pyjwt"]
    found = {name: importlib.metadata.version(name) for name in names}
    if amplify_js:
        found |= {
            "@aws-amplify/auth": amplify_js.version,
            "aws-jwt-verify": amplify_js.jwt_verify,
            "Node": amplify_js.node,
        }
    return found
