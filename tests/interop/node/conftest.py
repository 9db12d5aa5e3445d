"""JavaScript clients, each in a Node process that handles one call at a time over lines of JSON."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from aiocognito.emulator import CognitoEmulator


class NodeError(Exception):
    """What a JavaScript client threw: its name (or code, in the older client) and its message."""

    def __init__(self, name: str | None, message: str | None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


@frozen
class NodeClient:
    """One running client."""

    process: asyncio.subprocess.Process

    async def __call__(self, name: str, /, **arguments: Any) -> Any:
        """Call one of its functions with an object of these members; raise what it throws."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"call": name, "args": arguments}).encode() + b"\n")
        async with asyncio.timeout(120):
            line = await self.process.stdout.readline()
        assert line, f"node ended during {name}"
        answer = json.loads(line)
        if "error" in answer:
            error = answer["error"]
            raise NodeError(error.get("code") or error.get("name"), error.get("message"))
        return answer["ok"]

    async def refused(self, name: str, /, **arguments: Any) -> str | None:
        """Call one of its functions, which must throw; return the error's name."""
        with pytest.raises(NodeError) as refusal:
            await self(name, **arguments)
        error = refusal.value
        assert isinstance(error, NodeError)
        return error.name


@asynccontextmanager
async def run(project: Path, script: str) -> AsyncIterator[NodeClient]:
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is missing: Node 20 or later runs the JavaScript clients")
    process = await asyncio.create_subprocess_exec(
        node,
        script,
        cwd=project,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        yield NodeClient(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        # Timers of a client, such as Amplify's for `autoSignIn`, would keep it running.
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
async def node(node_project: Path) -> AsyncIterator[Callable[[str], Awaitable[NodeClient]]]:
    """Start a client: `await node("amplify.mjs")`."""
    async with AsyncExitStack() as stack:
        yield lambda script: stack.enter_async_context(run(node_project, script))


@pytest.fixture
async def amplify(node: Callable[[str], Awaitable[NodeClient]]) -> NodeClient:
    """aws-amplify 6."""
    return await node("amplify.mjs")


@pytest.fixture
def make_pool(emulator: CognitoEmulator, amplify: NodeClient) -> Callable[..., Awaitable[Any]]:
    """Make a user pool and point Amplify at it: `await make_pool(**CreateUserPool's members)`."""

    async def make(**settings: Any) -> Any:
        pool = await emulator.create_user_pool(**settings)
        await amplify(
            "configure", userPoolId=pool.id, userPoolClientId=pool.client_id, userPoolEndpoint=emulator.url
        )
        return pool

    return make
