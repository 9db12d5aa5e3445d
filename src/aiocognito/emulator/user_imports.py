"""Imports of users from a CSV file: its header, and the users that its rows make."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from anyio.lowlevel import cancel_shielded_checkpoint

from . import schema, users
from .errors import ApiError, invalid_parameter
from .import_jobs import ImportJob
from .new_users import draft, require_new
from .pool import UserPool
from .state import EmulatorState
from .users import User

USERNAME: Final = "cognito:username"
MFA_ENABLED: Final = "cognito:mfa_enabled"
_FLAGS: Final = {"true": True, "false": False, "": False}
_AT_ONCE: Final = 200
# Documented (User imports): the two texts, which the pattern of the model does not allow.
_STOPPED: Final = "The Import Job was stopped by the developer."
_TOO_MANY: Final = "Too many users have failed or been skipped during the import."


def header(pool: UserPool) -> list[str]:
    """Return the columns of a pool's CSV file."""
    return [*(name for name in pool.schema if name != "sub"), MFA_ENABLED, USERNAME]


async def complete_due(state: EmulatorState) -> bool:
    """Complete the jobs that were started some time ago; return whether there were any."""
    has_run = False
    for pool_id, job_id in tuple(state.running_imports):
        pool = state.pools.get(pool_id)
        job = None if pool is None else pool.import_jobs.get(job_id)
        if pool is None or job is None or not job.is_running:
            state.running_imports.discard((pool_id, job_id))
        elif job.is_due(state.clock()):
            has_run = True
            await _run(state, pool, job)
    return has_run


def start(state: EmulatorState, pool: UserPool, job: ImportJob) -> None:
    """Start a job: a later request completes it."""
    job.status, job.started = "Pending", state.clock()
    state.running_imports.add((pool.id, job.id))


async def advance(state: EmulatorState, pool: UserPool, job: ImportJob) -> None:
    """Advance a job that is described: from Pending to InProgress, and then to its end."""
    if job.status == "Pending":
        job.status = "InProgress"
    elif job.status == "InProgress":
        await _run(state, pool, job)
    else:
        return
    await state.changed()


def stop(state: EmulatorState, job: ImportJob) -> None:
    """Stop a job. Users that were imported stay."""
    _end(state, job, "Stopped", _STOPPED)


def require_no_running(pool: UserPool) -> None:
    """Refuse to change a user pool while users are imported.

    Raises:
        ApiError: A job is running.
    """
    if any(job.is_running for job in pool.import_jobs.values()):
        raise ApiError("UserImportInProgressException", "Users are being imported into the user pool.")


async def _run(state: EmulatorState, pool: UserPool, job: ImportJob) -> None:
    """Import the users of a job's file, until it is stopped. Another request may do the same meanwhile."""
    job.status = "InProgress"
    rows = _rows(pool, job.file or b"")
    while rows is not None and job.is_running and sum(job.counts.values()) < len(rows):
        number = sum(job.counts.values())
        job.counts[_import_one(state, pool, rows[number])] += 1
        if number % _AT_ONCE == 0:
            # A long file must not keep other requests waiting, and a client that goes away not stop it.
            await cancel_shielded_checkpoint()
    if not job.is_running:
        return
    if rows is None:
        _end(state, job, "Failed", "InvalidFile")
    elif rows and not job.counts["ImportedUsers"]:
        _end(state, job, "Failed", _TOO_MANY)
    else:
        _end(state, job, "Succeeded", None)


def _end(state: EmulatorState, job: ImportJob, status: str, message: str | None) -> None:
    job.status, job.message = status, message
    job.file, job.completed = None, state.clock()


def _rows(pool: UserPool, file: bytes) -> list[dict[str, str]] | None:
    """Return the rows by column; ``None`` for a file that is not CSV, or has not the pool's columns."""
    try:
        found = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    columns = found[0] if found else []
    if sorted(columns) != sorted(header(pool)):
        return None
    padding = [""] * len(columns)
    return [dict(zip(columns, [*row, *padding], strict=False)) for row in found[1:] if any(row)]


def _import_one(state: EmulatorState, pool: UserPool, row: Mapping[str, str]) -> str:
    """Add the user of a row, and return the count that it belongs to."""
    try:
        user = _made(state, pool, row)
        if pool.users.find(row[USERNAME]) is not None:
            return "SkippedUsers"
        require_new(pool, user)
    except ApiError:
        return "FailedUsers"
    if pool.users.conflict(user) is not None:
        return "FailedUsers"
    pool.users.add(user)
    return "ImportedUsers"


# Documented (User imports): a verified address that the pool verifies; the password must be reset.
def _made(state: EmulatorState, pool: UserPool, row: Mapping[str, str]) -> User:
    attributes = {name: row[name] for name in pool.schema if row.get(name)}
    with_mfa = _FLAGS.get(row[MFA_ENABLED].lower())
    if not row[USERNAME] or with_mfa is None or (with_mfa and not attributes.get("phone_number")):
        raise invalid_parameter("The row lacks a value.")
    user = draft(state, pool, row[USERNAME], attributes, admin=True)
    if schema.missing(pool.schema, user.attributes):
        raise invalid_parameter("The row lacks a required attribute.")
    if not any(user.attributes.get(name) and user.verified(name) for name in pool.auto_verified):
        raise invalid_parameter("The row lacks a verified address.")
    user.status = users.RESET_REQUIRED
    if with_mfa:
        user.factors.add("SMS_MFA")
    return user


def described(state: EmulatorState, pool: UserPool, job: ImportJob) -> dict[str, Any]:
    """Return UserImportJobType."""
    path = f"user-import/{pool.id}/{job.id}"
    optional = {
        "StartDate": job.started,
        "CompletionDate": job.completed,
        "CompletionMessage": job.message,
        "PasswordHashingAlgorithm": job.algorithm,
    }
    return {
        "JobName": job.name,
        "JobId": job.id,
        "UserPoolId": pool.id,
        "PreSignedUrl": f"{state.url}/{path}?X-Amz-Signature={job.signature}",
        "CreationDate": job.created,
        "Status": job.status_at(state.clock()),
        "CloudWatchLogsRoleArn": job.role,
        **job.counts,
        **{name: value for name, value in optional.items() if value is not None},
    }
