"""Uses each part of the library once, in a process of its own, and tells what the loop's thread did.

Usage: ``first_use.py URL DIRECTORY``. Prints JSON: what was imported and opened.
"""

import asyncio
import json
import sys
import threading
from contextlib import suppress

seen: dict[str, list[str]] = {"imported": [], "opened": []}
loop_thread = threading.get_ident()
watching = False


def audit(event: str, args: tuple[object, ...]) -> None:
    if watching and threading.get_ident() == loop_thread:
        if event in {"open", "os.listdir", "os.scandir"}:
            seen["opened"].append(str(args[0]))
        elif event == "import":
            seen["imported"].append(str(args[0]))


async def main(url: str, directory: str) -> None:
    global watching
    from aiocognito import AuthClient, AuthConfig, FileStorage, TokenVerifier
    from aiocognito import _srp as srp
    from aiocognito.errors import AuthError

    heavy = {"aiobotocore", "botocore", "aiohttp", "httpx", "jose", "gmpy2", "anyio._backends._asyncio"}
    assert not heavy & set(sys.modules), f"importing loads {heavy & set(sys.modules)}"
    config = AuthConfig(
        user_pool_id="eu-west-1_abc",
        user_pool_client_id="client",
        user_pool_endpoint=url,
        identity_pool_id="eu-west-1:1-2",
        identity_pool_endpoint=url,
        allow_guest_access=True,
        max_attempts=1,
    )
    storage = FileStorage(directory, encryption_key=bytes(32))
    await asyncio.get_running_loop().run_in_executor(None, int)  # the thread pool itself is not watched
    watching = True
    await srp.run(srp.Ephemeral.generate)
    async with AuthClient(config, storage=storage) as auth:
        for call in (
            lambda: auth.sign_in("ana", "secret"),
            lambda: auth.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH"),
            auth.fetch_auth_session,
        ):
            with suppress(AuthError):
                await call()
    async with TokenVerifier.from_config(config, token_use="access") as verifier:
        with suppress(AuthError):
            await verifier.warm_up()
    watching = False


sys.addaudithook(audit)
asyncio.run(main(*sys.argv[1:]))
print(json.dumps(seen))
