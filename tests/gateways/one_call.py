"""Makes one GetUser in a process of its own, and tells what its event loop's thread did meanwhile.

Usage: ``one_call.py URL``. Prints JSON: what was imported and opened, and where TLS was set up.
"""

import asyncio
import json
import ssl
import sys
import threading
from typing import Any

seen: dict[str, list[str]] = {"imported": [], "opened": [], "tls": []}
loop_thread = threading.get_ident()
watching = False
create_default_context = ssl.create_default_context


def audit(event: str, args: tuple[object, ...]) -> None:
    if watching and threading.get_ident() == loop_thread:
        if event in {"open", "os.listdir", "os.scandir"}:
            seen["opened"].append(str(args[0]))
        elif event == "import":
            seen["imported"].append(str(args[0]))


def watched_context(**kwargs: Any) -> ssl.SSLContext:
    seen["tls"].append("event loop" if threading.get_ident() == loop_thread else "thread")
    return create_default_context(**kwargs)


async def main(url: str) -> None:
    global watching
    from aiocognito import AuthConfig
    from aiocognito._gateways.aws.client import AwsClient

    heavy = {"aiobotocore", "botocore", "aiohttp", "httpx", "jose", "gmpy2"} & set(sys.modules)
    assert not heavy, f"importing loads {heavy}"
    client = AwsClient("cognito-idp", AuthConfig(user_pool_id="eu-west-1_abc", user_pool_endpoint=url))
    await asyncio.to_thread(int)  # the thread pool itself is not what is watched
    watching = True
    await client.call("GetUser", {"AccessToken": "t"})
    await client.aclose()
    watching = False


sys.addaudithook(audit)
ssl.create_default_context = watched_context  # type: ignore[assignment]  # a stand-in
asyncio.run(main(sys.argv[1]))
print(json.dumps(seen))
