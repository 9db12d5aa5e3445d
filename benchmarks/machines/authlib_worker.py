"""A process of a service that uses authlib: calls at once, with a token that has expired.

Reads one JSON object from its standard input, and prints one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import warnings
from collections import Counter
from typing import Any

from authlib.deprecate import AuthlibDeprecationWarning

with warnings.catch_warnings():
    # It deprecates httpx in favour of httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Fetch a resource with many concurrent calls, and return what they raised and the token stored last."""
    outcomes: Counter[str] = Counter()
    stored: dict[str, Any] = {"at": 0.0, "token": None}

    async def store(token: dict[str, Any], **_: Any) -> None:
        stored.update(at=time.time(), token=dict(token))

    def client() -> Any:
        return AsyncOAuth2Client(
            job["client_id"],
            token=dict(job["token"]),
            token_endpoint=job["token_endpoint"],
            token_endpoint_auth_method="none",
            update_token=store,
            trust_env=False,
            timeout=60,
        )

    shared = client()

    async def call() -> None:
        own = client() if job["client_per_call"] else shared
        try:
            await own.get(job["resource"])
            outcomes["tokens"] += 1
        except Exception as error:
            outcomes[type(error).__name__] += 1
        if own is not shared:
            await own.aclose()

    await asyncio.sleep(max(0.0, job["start_at"] - time.time()))
    await asyncio.gather(*(call() for _ in range(job["calls"])))
    await shared.aclose()
    return {"outcomes": dict(outcomes), **stored}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(json.load(sys.stdin)))))
