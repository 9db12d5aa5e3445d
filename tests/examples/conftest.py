"""The shop as its command starts it: two processes, and the emulator."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import frozen

from helpers.chromium import running_chromium
from helpers.ports import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 90


@frozen
class Running:
    """The running shop.

    Attributes:
        origins: Where each of its processes is served.
        emulator: The URL of the emulator.
    """

    origins: tuple[str, str]
    emulator: str

    async def code(self, to: str) -> str:
        """Return the last code that was sent to an address or a number."""
        async with httpx.AsyncClient() as client:
            messages = (await client.get(f"{self.emulator}/_emulator/messages")).json()
        return next(str(each["code"]) for each in reversed(messages) if each["to"] == to)

    async def advance(self, seconds: float) -> None:
        """Move the emulator's clock."""
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{self.emulator}/_emulator/clock", json={"advance": seconds})
            assert answer.status_code == 200


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Any]:
    """Chromium, one for each module."""
    async with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=["examples.shop"])
async def running(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """Start the shop by its command. It must write nothing but what it prints, and end when it is told to."""
    ports = [free_port(), free_port()]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", request.param, "--ports", *map(str, ports)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    errors = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(START_SECONDS):
            printed = (await process.stdout.readuntil(b"to stop.\n")).decode()
        rest = asyncio.create_task(process.stdout.read())
        emulator = next(line for line in printed.splitlines() if "emulated user pool" in line)
        origins = (f"http://localhost:{ports[0]}", f"http://localhost:{ports[1]}")
        assert all(origin in printed for origin in origins)
        yield Running(origins, emulator.rpartition(" ")[2].rstrip("/"))
        process.terminate()
        assert await process.wait() == 0
        assert (await errors).decode() == ""
        await rest
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        errors.cancel()
        await process.wait()
