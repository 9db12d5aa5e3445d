"""``aiocognito emulator``: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from aiocognito import AuthClient, AuthConfig
from aiocognito.emulator import CognitoEmulator, Message
from aiocognito.emulator.cli import described, run, serve
from helpers.api import EMAIL, PASSWORD


@contextlib.asynccontextmanager
async def running(
    host: str = "127.0.0.1", data: Path | None = None, callback_urls: Sequence[str] = ()
) -> AsyncIterator[list[str]]:
    """Run it in this loop, until the block is left; yields the lines as they come."""
    lines: list[str] = []
    end, started = asyncio.Event(), asyncio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("export"):
            started.set()

    task = asyncio.create_task(serve(host, 0, data, callback_urls=callback_urls, say=say, until=end))
    try:
        async with asyncio.timeout(60):
            await started.wait()
        yield lines
    finally:
        end.set()
        await task


def found(lines: list[str], label: str) -> str:
    return next(line.removeprefix(label).strip() for line in lines if line.startswith(label))


async def test_what_is_printed() -> None:
    """The first lines have the URL, the ids and each message."""
    async with running() as lines, aiohttp.ClientSession() as http:
        url, client = found(lines, "Cognito emulator"), found(lines, "app client")
        assert found(lines, "region") == "us-east-1"
        assert found(lines, "user pool").startswith("us-east-1_")
        target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp"}
        body = {"ClientId": client, "Username": EMAIL, "Password": PASSWORD}
        async with http.post(url, headers=target, json=body) as response:
            assert response.status == 200
        assert re.fullmatch(r"EMAIL to ana@example.com: \d{6}   \(to confirm a sign-up\)", lines[-1])
        assert not any(line.startswith("token") for line in lines)


async def test_the_token_is_printed_beyond_loopback() -> None:
    async with running("0.0.0.0") as lines:
        assert len(found(lines, "token").split()[0]) > 40


async def test_the_same_pool_again(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        async with running(data=tmp_path) as lines:
            seen.append((found(lines, "user pool"), found(lines, "app client")))
    assert seen[0] == seen[1]


def test_temporary_passwords() -> None:
    """A temporary password is printed as such."""
    line = described(Message("+1555", "ana", "SMS", "Secret-1", "invitation", "pool"))
    assert line == "SMS to +1555: Secret-1   (a temporary password)"


def test_a_signal_ends_it() -> None:
    script = "from aiocognito.emulator.cli import run; run(port=0); print('ended')"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        assert next(lines).startswith("Cognito emulator  http://127.0.0.1:")
        next(line for line in lines if line.startswith("export COGNITO_OAUTH_DOMAIN"))
        os.kill(process.pid, signal.SIGTERM)
        assert [line for line in lines if line.strip()] == ["ended\n"]
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_taken_port_is_an_error() -> None:
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            run(port=port, say=lines.append)
    assert ended.value.code == 1
    assert len(lines) == 1
    cure = f"Stop the program that listens there, or add --port {port + 1}."
    assert lines[0] == f"Cannot listen on 127.0.0.1, port {port}: Address already in use. {cure}"


@pytest.mark.parametrize(
    ("host", "error", "cure"),
    [
        ("192.0.2.1", OSError(errno.EADDRNOTAVAIL, "cannot assign requested address"), "--host 127.0.0.1."),
        ("nothing.invalid", socket.gaierror(-2, "Name or service not known"), "--host 127.0.0.1."),
        ("127.0.0.1", PermissionError(errno.EACCES, "permission denied"), "--port 9229."),
    ],
)
def test_an_address_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, host: str, error: OSError, cure: str
) -> None:
    """The way out is about the address, not about another port, where that does not help."""

    async def refuse(_site: web.TCPSite) -> None:
        raise error

    monkeypatch.setattr(web.TCPSite, "start", refuse)
    lines: list[str] = []
    with pytest.raises(SystemExit):
        run(host, 80, say=lines.append)
    assert len(lines) == 1
    assert lines[0].startswith(f"Cannot listen on {host}, port 80: ")
    assert lines[0].endswith(cure)


def test_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a function to call, lines are printed."""
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(SystemExit):
        run(port=server.getsockname()[1])
    assert capsys.readouterr().out.startswith("Cannot listen on 127.0.0.1, port ")


async def test_the_identity_pool_accepts_the_users_of_the_user_pool(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        async with running(data=tmp_path) as lines, aiohttp.ClientSession() as http:
            url, pool_id = found(lines, "Cognito emulator"), found(lines, "identity pool")
            seen.append(pool_id)
            given = f"export COGNITO_IDENTITY_POOL_ID={pool_id} COGNITO_IDENTITY_POOL_ENDPOINT={url}"
            assert f"# for AWS credentials: {given}" in lines
            answer: dict[str, Any] = {}
            for operation, member in (("GetId", "IdentityId"), ("DescribeIdentityPool", "IdentityPoolId")):
                target = {"X-Amz-Target": f"AWSCognitoIdentityService.{operation}"}
                async with http.post(url, headers=target, json={"IdentityPoolId": pool_id}) as response:
                    answer = json.loads(await response.read())
                    assert member in answer
            (entry,) = answer["CognitoIdentityProviders"]
            assert entry["ProviderName"].endswith(f"/{found(lines, 'user pool')}")
            assert entry["ClientId"] == found(lines, "app client")
    assert seen[0] == seen[1]


def exported(lines: list[str]) -> dict[str, str]:
    """What a shell knows once it was given the lines."""
    script = "\n".join(line for line in lines if line.startswith("export")) + "\nenv"
    shell = subprocess.run(["sh", "-c", script], env={}, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in shell.stdout.splitlines())


async def test_a_link_leads_to_the_login_page_and_a_shell_learns_of_it() -> None:
    async with running() as lines, aiohttp.ClientSession() as http:
        async with http.get(found(lines, "sign in")) as response:
            assert response.status == 200
            assert "Sign in" in await response.text()
        config = AuthConfig.from_env(exported(lines))
        assert config.oauth is not None
        assert config.oauth.base_url == found(lines, "Cognito emulator") == config.user_pool_endpoint
        assert config.oauth.redirect_sign_in == ("http://localhost:8000/callback",)
        assert config.oauth.redirect_sign_out == ("http://localhost:8000/",)
        assert "openid" in config.oauth.scopes
        async with AuthClient(config) as auth:
            request = await auth.sign_in_with_redirect()
        async with http.get(request.url) as response:
            assert (response.status, response.url.path) == (200, "/login")


async def test_callbacks_of_ones_own(tmp_path: Path) -> None:
    mine = ["http://localhost:3000/a?b=c&d=e", "myapp://callback", "com.example.app:/callback"]
    roots = "http://localhost:3000/,myapp://callback/,com.example.app:/"
    async with running(data=tmp_path) as lines:
        client = found(lines, "app client")
    for given in (mine, []):
        async with running(data=tmp_path, callback_urls=given) as lines:
            assert found(lines, "app client") == client
            assert exported(lines)["COGNITO_REDIRECT_SIGN_IN"] == ",".join(mine)
            assert exported(lines)["COGNITO_REDIRECT_SIGN_OUT"] == roots


async def test_what_was_added_to_the_app_client_stays(tmp_path: Path) -> None:
    async with running(data=tmp_path):
        pass
    async with CognitoEmulator(data=tmp_path) as emulator:
        pool = emulator.existing_user_pool()
        assert pool is not None
        await pool.add_provider("Google")
        pool.state.clients[pool.client_id].settings["AllowedOAuthScopes"] = ["openid"]
        await emulator.state.changed()
    async with running(data=tmp_path, callback_urls=["http://localhost:3000/"]) as lines:
        assert exported(lines)["COGNITO_REDIRECT_SIGN_IN"] == "http://localhost:3000/"
        assert exported(lines)["COGNITO_OAUTH_SCOPES"] == "openid"
    async with CognitoEmulator(data=tmp_path) as emulator:
        pool = emulator.existing_user_pool()
        assert pool is not None
        settings = pool.state.clients[pool.client_id].settings
        assert settings["SupportedIdentityProviders"] == ["COGNITO", "Google"]


async def test_a_kept_pool_without_a_hosted_ui_gets_one_by_its_callbacks(tmp_path: Path) -> None:
    async with CognitoEmulator(data=tmp_path) as emulator:
        await emulator.create_user_pool()
    async with running(data=tmp_path, callback_urls=["http://localhost:3000/"]) as lines:
        assert found(lines, "sign in").endswith("redirect_uri=http%3A%2F%2Flocalhost%3A3000%2F")
        assert exported(lines)["COGNITO_REDIRECT_SIGN_IN"] == "http://localhost:3000/"


def test_a_url_that_cannot_be_a_callback_is_an_error() -> None:
    lines: list[str] = []
    with pytest.raises(SystemExit) as ended:
        run(port=0, callback_urls=["http://shop.example/callback"], say=lines.append)
    assert ended.value.code == 2
    assert len(lines) == 1
    assert "http://shop.example/callback" in lines[0]


async def test_a_kept_pool_without_a_hosted_ui_has_no_link(tmp_path: Path) -> None:
    async with CognitoEmulator(data=tmp_path) as emulator:
        await emulator.create_user_pool()
    async with running(data=tmp_path) as lines:
        assert not [line for line in lines if line.startswith(("sign in", "export COGNITO_OAUTH"))]
