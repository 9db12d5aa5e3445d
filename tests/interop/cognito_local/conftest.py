"""cognito-local, another project's user pool, run as a separate process.

It supports neither SRP nor GetTokensFromRefreshToken, and accepts any signature of an admin. It has what
ministack lacks: verification and deletion of attributes, and SELECT_MFA_TYPE. `CODE` is the code of every
message that it pretends to send.
"""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from aiocognito import AuthConfig
from helpers.ports import free_port

CODE = "135790"


@frozen
class Pool:
    """A user pool of cognito-local, and an admin's operations on it."""

    id: str
    config: AuthConfig
    admin: Any

    async def add_user(self, username: str, password: str, **attributes: str) -> None:
        """A confirmed user with a permanent password."""
        named = [{"Name": name, "Value": value} for name, value in attributes.items()]
        user = {"UserPoolId": self.id, "Username": username}
        await self.admin("admin_create_user", **user, UserAttributes=named, MessageAction="SUPPRESS")
        await self.admin("admin_set_user_password", **user, Password=password, Permanent=True)


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=60).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)  # the start of another process cannot be awaited
        else:
            return
    pytest.fail(f"cognito-local did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


@pytest.fixture(scope="session")
def cognito_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running cognito-local."""
    project = Path(__file__).parent
    node = shutil.which("node")
    program = project / "node_modules/cognito-local/lib/bin/start.js"
    if node is None or not program.exists():
        pytest.fail("cognito-local is missing: run `scripts/test`, which installs the peers")
    home = tmp_path_factory.mktemp("cognito-local")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "CODE": CODE,
    }
    log = home / "log"
    url = f"http://127.0.0.1:{port}"
    command = [node, "--no-warnings", str(program)]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=home, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            _wait_until_up(process, url, log)
            yield url
        finally:
            process.terminate()


@pytest.fixture
def code() -> str:
    """Return the code in every message."""
    return CODE


@pytest.fixture
async def pool(cognito_local: str, connect_admin: Callable[[str], Any]) -> Pool:
    """A user pool whose users may have an attribute of the pool's own."""
    admin = connect_admin(cognito_local)
    schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]
    made = await admin(
        "create_user_pool",
        PoolName="interop",
        AutoVerifiedAttributes=["email"],
        UsernameAttributes=["email"],
        Schema=schema,
    )
    pool_id = made["UserPool"]["Id"]
    client = await admin(
        "create_user_pool_client",
        UserPoolId=pool_id,
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    config = AuthConfig(
        user_pool_id=pool_id,
        user_pool_client_id=client["UserPoolClient"]["ClientId"],
        user_pool_endpoint=cognito_local,
    )
    return Pool(id=pool_id, config=config, admin=admin)
