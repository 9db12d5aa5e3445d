"""One of several processes that share a session on disk. Tests start it and exchange lines with it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from aiocognito import AuthClient, AuthConfig, FileStorage


async def main(job: str, directory: str, now: float, config: dict[str, Any]) -> None:
    storage, began = FileStorage(directory, encryption_key=None), time.monotonic()

    def clock() -> float:
        return now if job == "once" else now + time.monotonic() - began

    async with AuthClient(AuthConfig(**config), storage=storage, clock=clock) as auth:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        if job == "once":
            sessions = await asyncio.gather(*(auth.fetch_auth_session() for _ in range(20)))
            tokens = {s.tokens.access_token.payload["jti"] for s in sessions if s.tokens}
            print(json.dumps(sorted(tokens)), flush=True)
        else:
            while True:
                session = await auth.fetch_auth_session(force_refresh=True)
                print("renewed" if session.tokens else "signed out", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])))
