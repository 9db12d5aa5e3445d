"""The URL to which the CSV file of an import is uploaded, with PUT; its signature authorizes the client."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterable
from typing import Final

from .dispatch import Reply, failure
from .import_jobs import UPLOAD_LIFE, ImportJob
from .state import EmulatorState

PATH: Final = "/user-import/{pool}/{job}"
LARGEST: Final = 100_000_000
"""The bytes that a file can have."""


async def receive(
    state: EmulatorState, pool_id: str, job_id: str, signature: str, chunks: AsyncIterable[bytes]
) -> Reply:
    """Store the file of a job.

    Args:
        state: The emulator's state.
        pool_id: The user pool.
        job_id: The job.
        signature: The signature of the URL.
        chunks: The request's body.
    """
    job = _job(state, pool_id, job_id, signature)
    if job is None:
        return failure("AccessDenied", "The URL is not that of a job, or it has expired.", status=403)
    file = bytearray()
    async for chunk in chunks:
        file += chunk
        if len(file) > LARGEST:
            return failure("EntityTooLarge", f"The file has more than {LARGEST} bytes.", status=400)
    job.file = bytes(file)
    await state.changed()
    return Reply(200, {})


def _job(state: EmulatorState, pool_id: str, job_id: str, signature: str) -> ImportJob | None:
    pool = state.pools.get(pool_id)
    job = None if pool is None else pool.import_jobs.get(job_id)
    if job is None or not hmac.compare_digest(job.signature.encode(), signature.encode("utf-8", "replace")):
        return None
    return job if job.status == "Created" and state.clock() < job.created + UPLOAD_LIFE else None
