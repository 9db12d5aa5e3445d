"""Move signed-in users from another system into sessions: adopt their refresh tokens, at a limited rate.

    python examples/adopt_sessions.py tokens.jsonl --done done.txt --rate 5

Each line of the input is a JSON object: the session key that the user's cookie will have, made by
`SessionManager.new_session_key`, the refresh token of the other system, and in user pools that track devices
the device key, a claim of the old access tokens:

    {"session_key": "…", "refresh_token": "…", "device_key": "…"}

The file of ``--done`` lists the session ids that are done, so that the script can be run again. Neither it
nor the output contains a secret. The user pool is configured by the environment (`AuthConfig.from_env`), the
storage by `make_storage` below.

Where refresh tokens rotate, the other system cannot renew an adopted token: run this when it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from aiocognito import AuthConfig, FileStorage, SessionManager, Storage, errors

ATTEMPTS = 5


def make_storage() -> Storage:
    """Return the storage of the new service: put yours here."""
    key = bytes.fromhex(os.environ["SESSION_ENCRYPTION_KEY"])
    return FileStorage(os.environ.get("SESSION_DIRECTORY", "sessions"), encryption_key=key)


def read(lines: TextIO) -> Iterator[dict[str, str]]:
    """Yield the objects of the input; blank lines are left out.

    Raises:
        SystemExit: A line is not an object with these members. The message has its number, not its text.
    """
    known = {"session_key", "refresh_token", "device_key"}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry: Any = json.loads(line)
        except ValueError:
            entry = None
        if (
            not isinstance(entry, dict)
            or not {"session_key", "refresh_token"} <= entry.keys() <= known
            or not all(isinstance(value, str) for value in entry.values())
        ):
            sys.exit(f"line {number}: must have session_key, refresh_token and, if known, device_key")
        yield entry


async def adopt(sessions: SessionManager, entry: dict[str, str]) -> str:
    """Adopt one token, and return what became of it: ``done``, or the name of an error.

    Errors that pass, such as throttling, are tried again. An outage ends the script.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            await sessions.adopt(
                entry["session_key"],
                refresh_token=entry["refresh_token"],
                device_key=entry.get("device_key"),
            )
            return "done"
        except errors.UserAlreadyAuthenticatedException:
            return "done"  # an earlier run was stopped before it noted that
        except errors.AuthError as error:
            if not error.retryable:
                return error.name
            if attempt == ATTEMPTS:
                raise
        await asyncio.sleep(2 ** (attempt - 1))


async def run(options: argparse.Namespace) -> int:
    """Adopt all tokens that are not done yet, and return the exit code."""
    done = set(options.done.read_text().split()) if options.done.exists() else set()
    counts: Counter[str] = Counter()
    async with SessionManager(AuthConfig.from_env(), storage=make_storage()) as sessions:
        with options.tokens.open() as lines, options.done.open("a") as noted:
            for entry in read(lines):
                session_id = sessions.client(entry["session_key"]).session_id
                if session_id in done:
                    counts["done before"] += 1
                    continue
                pause = asyncio.create_task(asyncio.sleep(1 / options.rate))
                outcome = await adopt(sessions, entry)
                counts[outcome] += 1
                if outcome == "done":
                    print(session_id, file=noted, flush=True)
                else:
                    print(f"{session_id}: {outcome}")
                await pause
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())) or "nothing to do")
    return int(bool(counts.keys() - {"done", "done before"}))


def main() -> int:
    """Read the arguments, and run."""
    parser = argparse.ArgumentParser(description="Adopt the refresh tokens of another system.")
    parser.add_argument("tokens", type=Path, help="the input: one JSON object per line")
    parser.add_argument("--done", type=Path, required=True, help="the file that lists what is done")
    parser.add_argument("--rate", type=float, default=5.0, help="tokens per second, at most")
    options = parser.parse_args()
    if not options.rate > 0:
        parser.error("--rate: must be positive")
    try:
        return asyncio.run(run(options))
    except (errors.NetworkError, errors.ServiceError, errors.StorageError) as error:
        print(f"stopped: {error.name}: {error}; run it again later", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
