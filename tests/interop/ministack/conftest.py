"""ministack, a user pool that verifies SRP proofs, run as a separate process.

How to use it:

- `AUTH=true`, or it checks neither codes nor secret hashes nor expiry. Admin calls must then be signed; the
  key `test`/`test` is the root of its default account and may do everything.
- Pools and clients are made with boto3 as on AWS. It keeps `ALLOW_…` flows strictly.
- Messages that Cognito would send lie in `GET /_ministack/ses/messages`, as mails under the account; the
  code is the only run of six digits in `BodyText`. It sends no SMS.
- `sub`, aliases and `UsernameAttributes` resolve as on AWS.
- TOTP is enrolled with AssociateSoftwareToken and VerifySoftwareToken, and asked for once the pool's
  SetUserPoolMfaConfig says OPTIONAL or ON.
"""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from attrs import frozen

from aiocognito import AuthConfig
from helpers.ports import free_port

FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@frozen
class Pool:
    """A user pool of ministack, and an admin's operations on it (`admin` is the conftest's above)."""

    id: str
    config: AuthConfig
    admin: Any
    url: str

    async def on_user(self, operation: str, username: str, /, **arguments: Any) -> Any:
        """Call an operation that names pool and user."""
        return await self.admin(operation, UserPoolId=self.id, Username=username, **arguments)

    async def add_user(self, username: str, password: str, **attributes: str) -> None:
        """A confirmed user with a permanent password."""
        named = [{"Name": name, "Value": value} for name, value in attributes.items()]
        await self.on_user("admin_create_user", username, UserAttributes=named, MessageAction="SUPPRESS")
        await self.on_user("admin_set_user_password", username, Password=password, Permanent=True)

    async def code_mailed_to(self, address: str) -> str:
        """The code in the newest mail to the address."""
        answer = await anyio.to_thread.run_sync(_get_json, f"{self.url}/_ministack/ses/messages")
        mails = [mail for mails in answer["messages"].values() for mail in mails if address in mail["To"]]
        found = re.search(r"\b\d{6}\b", mails[-1]["BodyText"])
        assert found is not None
        return found[0]


def _get_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as response:
        return json.load(response)


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _get_json(f"{url}/_ministack/health")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)  # the start of another process cannot be awaited
        else:
            return
    pytest.fail(f"ministack did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


@pytest.fixture(scope="session")
def ministack(ministack_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running ministack."""
    home = tmp_path_factory.mktemp("ministack")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "STATE_DIR": str(home / "state"),
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # its broker would listen on every interface
        "SFTP_ENABLED": "0",
        "SERVICES": "cognito-idp,cognito-identity,ses,lambda,iam,sts,s3,dynamodb",
        "LOG_LEVEL": "WARNING",
    }
    log = home / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen([ministack_program], env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            _wait_until_healthy(process, url, log)
            yield url
        finally:
            process.terminate()


@pytest.fixture
def make_pool(ministack: str, connect_admin: Callable[[str], Any]) -> Callable[..., Pool]:
    """Make a user pool: `make_pool(secret=False, **CreateUserPool's members)`."""
    admin = connect_admin(ministack)

    def make(*, secret: bool = False, **settings: Any) -> Pool:
        pool_id = admin.client.create_user_pool(PoolName="interop", **settings)["UserPool"]["Id"]
        client = admin.client.create_user_pool_client(
            UserPoolId=pool_id, ClientName="app", GenerateSecret=secret, ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]
        config = AuthConfig(
            user_pool_id=pool_id,
            user_pool_client_id=client["ClientId"],
            user_pool_client_secret=client.get("ClientSecret"),
            user_pool_endpoint=ministack,
        )
        return Pool(id=pool_id, config=config, admin=admin, url=ministack)

    return make


@pytest.fixture(params=[False, True], ids=["public", "secret"])
def pool(request: pytest.FixtureRequest, make_pool: Callable[..., Pool]) -> Pool:
    """A pool whose users verify their e-mail address, its client without and with a secret."""
    return make_pool(secret=request.param, AutoVerifiedAttributes=["email"])
