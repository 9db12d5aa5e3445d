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


def header(pool: UserPool) -> list[str]:
    """Return the columns of a pool's CSV file."""
    return [*(name for name in pool.schema if name != "sub"), MFA_ENABLED, USERNAME]


async def run(state: EmulatorState, pool: UserPool, job: ImportJob) -> None:
    """Import the users of a job's file.

    Args:
        state: The emulator's state.
        pool: The user pool.
        job: The job, whose file was uploaded.
    """
    job.started, job.status = state.clock(), "InProgress"
    rows = _rows(pool, job.file or b"")
    for number, row in enumerate(rows or ()):
        job.counts[_import_one(state, pool, row)] += 1
        if number % _AT_ONCE == 0:
            # A long file must not keep other requests waiting, and a client that goes away not stop it.
            await cancel_shielded_checkpoint()
    job.file, job.completed = None, state.clock()
    job.status, job.message = ("Failed", "InvalidFile") if rows is None else ("Succeeded", None)


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
