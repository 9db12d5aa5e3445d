"""Interoperability: clients and servers that other people wrote, against ours.

A missing peer is a failure, not a skip: `scripts/test` installs them all.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import boto3
import pytest

from aiocognito.emulator import CognitoEmulator
from helpers.boto3_calls import Boto3Calls

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Exclude these tests from coverage: code that only they run lacks a unit test."""
    for item in items:
        if item.get_closest_marker("interop"):
            item.add_marker("no_cover")


def installed(path: Path) -> Path:
    """Return the path of a peer's program, or fail with a message that says how to install it."""
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing: run `scripts/test`, which installs the peers")
    return path


@pytest.fixture(scope="session")
def ministack_program() -> Path:
    """Return the path of `ministack` in its virtual environment."""
    return installed(ROOT / ".cache/venv-ministack/bin/ministack")


@pytest.fixture(scope="session")
def node_project() -> Path:
    """Return the directory of the JavaScript clients and their packages."""
    project = ROOT / "tests/interop/node"
    installed(project / "node_modules/.stamp")
    return project


@pytest.fixture(scope="session")
def connect_admin() -> Iterator[Callable[[str], Boto3Calls]]:
    """Make a boto3 client for a user-pool endpoint, in the name of some account's root."""
    with ExitStack() as stack:

        def connect(url: str) -> Boto3Calls:
            client = boto3.client(
                "cognito-idp",
                endpoint_url=url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            return Boto3Calls(stack.enter_context(closing(client)))

        yield connect


@pytest.fixture
async def emulator() -> AsyncIterator[CognitoEmulator]:
    """Our emulator, on this test's loop."""
    async with CognitoEmulator() as running:
        yield running


@pytest.fixture
def admin(emulator: CognitoEmulator, connect_admin: Callable[[str], Boto3Calls]) -> Boto3Calls:
    """boto3's Cognito client for our emulator."""
    return connect_admin(emulator.url)
