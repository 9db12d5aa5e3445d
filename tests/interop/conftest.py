"""Interoperability: clients and servers that other people wrote, against ours.

A missing peer is a failure, not a skip: `scripts/test` installs them all.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from anyio import to_thread

from aiocognito.emulator import CognitoEmulator
from helpers.boto3_calls import Boto3Calls
from helpers.remote_emulator import RemoteEmulator

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


IN_PROCESS, COMMAND_LINE = "in-process", "command-line"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each judge of the emulator twice: against the emulator in this process, and its command line.

    Tests that look into the emulator, or have Python functions as triggers, are marked ``in_process``.
    """
    if "emulator_kind" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("in_process") is not None
        kinds = [IN_PROCESS] if alone else [IN_PROCESS, COMMAND_LINE]
        metafunc.parametrize("emulator_kind", kinds, scope="function")


@pytest.fixture(scope="session")
def command_lines() -> Iterator[dict[tuple[str, ...], RemoteEmulator]]:
    """The running command lines, by their options."""
    running: dict[tuple[str, ...], RemoteEmulator] = {}
    yield running
    for emulator in running.values():
        emulator.stop()


@pytest.fixture
def emulator_options() -> dict[str, Any]:
    """The options of `CognitoEmulator`, which a module can override."""
    return {}


@pytest.fixture
async def emulator(
    emulator_kind: str,
    emulator_options: dict[str, Any],
    command_lines: dict[tuple[str, ...], RemoteEmulator],
) -> AsyncIterator[Any]:
    """Our emulator: on this test's loop, or its command line in a process of its own."""
    if emulator_kind == IN_PROCESS:
        async with CognitoEmulator(**emulator_options) as running:
            yield running
        return
    words = tuple(str(word) for name, value in emulator_options.items() for word in _option(name, value))
    async with _borrowed(command_lines, words) as remote:
        yield remote


@pytest.fixture
async def command_line(
    command_lines: dict[tuple[str, ...], RemoteEmulator],
) -> AsyncIterator[RemoteEmulator]:
    """The emulator's command line in a process of its own, without options."""
    async with _borrowed(command_lines, ()) as remote:
        yield remote


@asynccontextmanager
async def _borrowed(
    running: dict[tuple[str, ...], RemoteEmulator], words: tuple[str, ...]
) -> AsyncIterator[RemoteEmulator]:
    if words not in running:
        running[words] = await to_thread.run_sync(lambda: RemoteEmulator.start(*words))
    remote = running[words]
    await to_thread.run_sync(remote.begin)
    yield remote
    if remote.clock.offset:
        # The next test begins with the real time.
        await to_thread.run_sync(running.pop(words).stop)


def _option(name: str, value: Any) -> list[Any]:
    option = {"allowed_origins": "--allowed-origin", "allowed_hosts": "--allowed-host"}.get(name, f"--{name}")
    return [option, *value] if isinstance(value, tuple) else [option, value]


@pytest.fixture
def admin(emulator: Any, connect_admin: Callable[[str], Boto3Calls]) -> Boto3Calls:
    """boto3's Cognito client for our emulator."""
    return connect_admin(emulator.url)
